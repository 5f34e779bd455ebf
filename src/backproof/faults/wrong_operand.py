"""The formula has the right form, and one of its names is the wrong one.

## What it does
Finds an expression that becomes right when one name in it is replaced by another of the program: another
layer's activation, the input for the hidden value, the target for the error, `W1` for `W2`.

## Why is this wrong?
Where two values have the same shape NumPy cannot notice, and the product is a matrix of plausible numbers
that is the gradient of nothing. Square hidden layers make this easy to write and hard to see.

## Example
```python
h1 = np.tanh(x @ W1)
h2 = np.tanh(h1 @ U)
out = h2 @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d2 = (out - t) @ W2.T * (1 - h2**2)
dU = h2.T @ d2
```

## Use instead
```python
h1 = np.tanh(x @ W1)
h2 = np.tanh(h1 @ U)
out = h2 @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d2 = (out - t) @ W2.T * (1 - h2**2)
dU = h1.T @ d2
```

## How the derivation goes
A product of matrices has two operands, and the gradient of each is made with the other one. For z = h1 U,

    ∂L/∂U  = h1ᵀ · ∂L/∂z        (the layer's input)
    ∂L/∂h1 = ∂L/∂z · Uᵀ         (the layer's own weight)

So the weight's gradient is always the layer's *input* against the adjoint of its *output before the
activation*. The Example takes the activation h2 instead, which is behind the product, not in front of it.
Since U is square, the shapes agree.

## Fix safety
One name is replaced. When several names would do equally well for this data, the edit is offered only if
they also agree at fresh points. Verified there.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP107",
    name="wrong-operand",
    group="factor",
    summary="Another variable stands where the right one should.",
)
