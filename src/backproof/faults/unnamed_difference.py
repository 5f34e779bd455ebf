"""From this expression on the backward pass is wrong, and none of the known faults describes how.

## What it does
Marks the first expression of the backward pass whose operands are all right and whose value is not, and
says what it should be equal to.

## Why is this wrong?
Up to here every value is an adjoint or a local derivative of your forward pass; this one is neither, and
the gradients that are computed from it are not the gradients of the loss. A name is given to a fault only
when undoing the named mistake reproduces the true gradient; here no single one did. Often two mistakes meet
in one expression.

## Example
```python
error = x @ W - t
loss = 0.25 * np.sum(error**4)

d_error = error**2 * np.abs(error) + error
dW = x.T @ d_error
```

## Use instead
```python
error = x @ W - t
loss = 0.25 * np.sum(error**4)

d_error = error**3
dW = x.T @ d_error
```

## How the derivation goes
What the expression should be equal to follows from the forward pass alone. Here L = ¼Σe⁴, so

    ∂L/∂e = ¼ · 4e³ = e³.

To find your own mistake, write the derivative of each operation of the forward pass beside the line that
has to compute it, from the loss backwards, and compare with the expected value that the report prints.

## Fix safety
An edit is offered only where the derived expression can be spelled in names that your program has, and it
is verified like every other. Read it before you apply it: with no name, there is no story that explains it.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP003",
    name="unnamed-difference",
    group="general",
    summary="The gradient differs from the true one here, in a way that has no name.",
)
