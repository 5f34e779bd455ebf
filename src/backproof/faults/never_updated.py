"""The gradient of a parameter is computed and never reaches it.

## What it does
Finds a parameter that the loss depends on, whose gradient is computed and right, and which is the same
after the step as before. Also a first layer that the loop over the layers leaves out.

## Why is this wrong?
The parameter stays as it was initialised. The others train around it and the loss falls, only less far. In
Python the usual reason is that `p = p - lr * g` inside a function or a loop gives the *local* name a new
array and leaves the original alone, while `p -= lr * g` changes the array itself.

## Example
```python
def update(parameters, gradients):
    for p, g in zip(parameters, gradients):
        p = p - lr * g


error = x @ W + b - t
loss = 0.5 * np.sum(error**2)
update([W, b], [x.T @ error, error.sum(axis=0)])
```

## Use instead
```python
def update(parameters, gradients):
    for p, g in zip(parameters, gradients):
        p -= lr * g


error = x @ W + b - t
loss = 0.5 * np.sum(error**2)
update([W, b], [x.T @ error, error.sum(axis=0)])
```

## How the derivation goes
There is nothing wrong with the derivatives: with e = xW + b − t, ∂L/∂W = xᵀe and ∂L/∂b = Σe. What is
missing is the last line of the algorithm, for each parameter p:

    p ← p − lr · ∂L/∂p.

The arrow means that the *next forward pass* reads the new value. A name that ends with its function cannot
do that; nor can a copy, a slice of fancy indices, or an item of a list that was rebuilt.

## Fix safety
`p = p - …` becomes `p -= …`, or the missing update is written like those beside it. An in-place update of
an array that other names share changes those too, so the mended program is run to verify it. Frozen
parameters are a choice: suppress the rule where one is meant.
"""

from __future__ import annotations

from backproof.faults.rule import Rule
from backproof.source import Edit
from backproof.trace import Site, Trace

RULE = Rule(
    code="BP305",
    name="never-updated",
    group="update",
    summary="A parameter has a gradient but no update, or its gradient is dropped.",
)


def in_place(trace: Trace, statement: Site) -> tuple[Edit, ...]:
    """``w -= step`` for ``w = w - step``: the array itself changes, not the name alone.

    No edit where it is not that.
    """
    value = next(
        (
            s
            for s in trace.sites
            if s.statement == statement.number and s.parent is None and s.kind == "BinOp"
        ),
        None,
    )
    if statement.kind != "Assign" or value is None or value.detail not in ("+", "-"):
        return ()
    left, right = (trace.sites[number] for number in value.children[:2])
    if left.text != value.target:
        return ()
    return (Edit(statement.span, f"{left.text} {value.detail}= {right.text}"),)
