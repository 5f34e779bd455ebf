"""One of the local derivatives between the loss and a parameter is not multiplied in.

## What it does
Finds an adjoint that becomes right when it is multiplied by a local derivative of the forward pass: the
slope of a hidden or of the output activation, a weight on the way, the input, a constant of a rescaling.

## Why is this wrong?
The chain rule has one factor for each operation on the path. Without one of them the gradient is that of a
network in which the operation was replaced by the identity: saturated units get updates as large as the
others.

## Example
```python
h = sigmoid(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
d_h = d_out @ W2.T
W2 -= lr * h.T @ d_out
W1 -= lr * x.T @ d_h
```

## Use instead
```python
h = sigmoid(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
d_h = d_out @ W2.T * h * (1 - h)
W2 -= lr * h.T @ d_out
W1 -= lr * x.T @ d_h
```

## How the derivation goes
Follow the path from the loss down to W1, operation by operation, with z = x W1, h = σ(z), out = h W2:

    ∂L/∂out = out − t
    ∂L/∂h   = ∂L/∂out · W2ᵀ
    ∂L/∂z   = ∂L/∂h ⊙ h ⊙ (1 − h)          ← the activation's own factor
    ∂L/∂W1  = xᵀ · ∂L/∂z

Count them: three operations lie between W1 and out (a product, the sigmoid, a product), so three local
derivatives have to stand in the gradient. The Example has two.

The factor of the output activation is rightly absent for sigmoid with cross-entropy and for softmax with
cross-entropy, where it cancels; see `extra-factor`.

## Fix safety
The factor is multiplied in where the others stand, in the names of your program. Verified at fresh points.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP104",
    name="missing-factor",
    group="factor",
    summary="A factor of the chain rule is absent.",
)
