"""A value was broadcast in the forward pass, and its gradient is not summed over the axis along which it was.

## What it does
Finds a gradient that becomes right when it is summed over an axis: a bias whose gradient still has the
batch in it, or only one row of it; a number that was added to a whole matrix; a row that was multiplied to
each sample.

## Why is this wrong?
A bias is used once for each sample, so its gradient is the sum of what it does to each of them. Without the
sum NumPy often broadcasts again without a word: after `b = b - lr * d` the bias has a row for each sample,
and the network has quietly got more parameters. Or one row stands for all, and the bias learns from one
sample only.

## Example
```python
out = x @ W + b
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
W = W - lr * x.T @ d_out
b = b - lr * d_out
```

## Use instead
```python
out = x @ W + b
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
W = W - lr * x.T @ d_out
b = b - lr * d_out.sum(axis=0)
```

## How the derivation goes
In indices out_ij = Σ_k x_ik W_kj + b_j: the bias b_j is in every row i. Its derivative adds them up,

    ∂L/∂b_j = Σ_i ∂L/∂out_ij · ∂out_ij/∂b_j = Σ_i ∂L/∂out_ij.

To broadcast is to multiply by a matrix of ones, and its vjp is to sum over the same axes. The rule:
**whatever the forward pass repeats, the backward pass sums**, until the gradient has the shape of the
value. An axis of length 1 is kept with `keepdims=True`.

## Fix safety
A `.sum(axis=…)` is put in, with `keepdims` where the parameter has that axis. The sum, not the mean: a mean
hides a 1/N. Verified at fresh points and with a batch of more than one sample.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Build, Edge
from backproof.faults.correction import Correction, Part, bracketed, called, make
from backproof.faults.rule import Rule
from backproof.graph import Node

RULE = Rule(
    code="BP202",
    name="missing-sum",
    group="shape",
    summary="A broadcast axis is not summed in the backward pass.",
)


def corrections(place: Place) -> Iterator[Correction]:
    """Sum over an axis, or over one that only its first entry was taken of."""
    dimensions = len(place.shape)
    for axis in range(dimensions):
        for keep in (False, True):
            yield _summed(place, place.text, axis, keep, lambda edge: edge.operand, 1.3)
    if dimensions > 1:
        yield _summed(place, place.text, None, False, lambda edge: edge.operand, 1.4)
    if place.site.kind == "Subscript" and place.edges[0].operand.operation == "index" and place.children:
        whole = place.children[0].text

        def base(edge: Edge) -> Node | None:
            return edge.operand.operands[0] if edge.operand.operation == "index" else None

        for axis in range(np.ndim(place.edges[0].operand.operands[0].value)):
            yield _summed(place, whole, axis, False, base, 1.2)


def _summed(place: Place, text: str, axis: int | None, keep: bool, value: Build, cost: float) -> Correction:
    named = any(f"{called(place, 'sum')}(" in file for file in place.trace.files.values())
    inner = ", ".join(([f"axis={axis}"] if axis is not None else []) + (["keepdims=True"] if keep else []))
    if named:
        new = f"{called(place, 'sum')}({text}{', ' + inner if inner else ''})"
    else:
        new = f"{bracketed(text, 9)}.sum({inner})"

    def build(edge: Edge) -> Node | None:
        return make("sum", value(edge), axis=axis, keepdims=keep)

    over = "all axes" if axis is None else f"axis {axis}"
    why = f"the value is broadcast over {over} in the forward pass, so its gradient is a sum over it"
    return Correction("missing-sum", (Part(place, new, build),), cost + 0.02 * keep, why, expected=new)
