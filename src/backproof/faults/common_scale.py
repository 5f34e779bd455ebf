"""Every gradient has the right direction, and all are too long or too short by the same factor.

## What it does
Reports that the applied gradients of all parameters are c times the true ones with one positive c, such as
2 or the size of the batch.

## Why is this wrong?
It is not. A step with the gradients c·g and the rate lr is the step with the gradients g and the rate c·lr:
both programs walk the same path. It is worth knowing when you compare your rate with somebody else's, when
you change the size of the batch, and when you add a term to the loss, whose gradient then needs the same
factor.

## Example
```python
error = x @ W + b - t
loss = 0.5 * np.sum(error**2)

dW = x.T @ (2 * error)
db = np.sum(2 * error, axis=0)
```

## Use instead
```python
error = x @ W + b - t
loss = 0.5 * np.sum(error**2)

dW = x.T @ error
db = np.sum(error, axis=0)
```

## How the derivation goes
With e = xW + b − t and L = ½Σe² the adjoint of e is

    ∂L/∂e = ½ · 2e = e,

so the 2 belongs to a loss without the ½. It sits in the one adjoint through which every gradient passes,
and therefore multiplies all of them alike. Were it in `dW` alone, the two parameters would move at
different rates along no gradient of any loss: that is `wrong-scale`.

With momentum or weight decay the same holds as long as c multiplies everything that is added up. Adam
divides the factor out again.

## Fix safety
No edit is offered, since nothing is wrong. Changing the factor and the rate together leaves training as it
was.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP002",
    name="common-scale",
    group="general",
    summary="All gradients are the true ones times one constant, which the learning rate absorbs.",
)
