"""Where an activation's derivative belongs stands that of another function, or a wrong formula.

## What it does
Finds a factor of the backward pass that takes the place of a local derivative and is not its value at any
of the points in question: the sigmoid's slope behind a tanh, ReLU's own value in place of its 0 and 1, 1 −
a for 1 − a².

## Why is this wrong?
The chain rule multiplies by the slope of the function that the forward pass used. Another function's slope
is often of the same sign and size, so training goes on, slower and to a worse end, or only from some
initialisations.

## Example
```python
h = np.tanh(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_h = (out - t) @ W2.T
dW1 = x.T @ (d_h * h * (1 - h))
```

## Use instead
```python
h = np.tanh(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_h = (out - t) @ W2.T
dW1 = x.T @ (d_h * (1 - h**2))
```

## How the derivation goes
Write a for the activation's value. The slopes that are worth knowing, each in terms of z and of a:

    sigmoid     σ′(z) = σ(z)(1 − σ(z))         = a(1 − a)
    tanh        1 − tanh²(z)                   = 1 − a²
    ReLU        1 where z > 0, else 0          = 1 where a > 0, else 0
    leaky ReLU  1 where z > 0, else the slope  = the same of a, for a positive slope
    softplus    σ(z)                           = 1 − e⁻ᵃ
    identity    1

Here a = tanh(z), so ∂L/∂z = ∂L/∂a · (1 − a²). At a = −½ the slope is ¾, and the sigmoid's formula gives −¾:
even the sign is lost for negative activations.

## Fix safety
The factor is replaced by the derived one, spelled with the names that your program has. Verified at fresh
points, on both sides of any kink.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP103",
    name="wrong-activation-derivative",
    group="factor",
    summary="The derivative of another function, or a wrong formula for this one.",
)
