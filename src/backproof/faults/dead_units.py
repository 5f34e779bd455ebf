"""Rectified units that are off for all of the data: their value, slope and gradients are zero.

## What it does
Finds units of ReLU-like layers that are inactive for every sample that was seen, over several steps.

## Why is this wrong?
The gradient is right: a unit that is never on has no influence, and so no gradient. But nothing that
training does can turn it on again, so the layer has lost it. A single step with too large a rate can do
this to a whole layer.

## Example
```python
b1 = np.full(5, -10.0)
for step in range(300):
    h = np.maximum(0, x @ W1 + b1)
    error = h @ W2 - t
    loss = 0.5 * np.sum(error**2)
    d_h = error @ W2.T * (h > 0)
    W2 -= 0.02 * h.T @ error
    W1 -= 0.02 * x.T @ d_h
    b1 -= 0.02 * d_h.sum(axis=0)
```

## Use instead
```python
b1 = np.zeros(5)
for step in range(300):
    h = np.maximum(0, x @ W1 + b1)
    error = h @ W2 - t
    loss = 0.5 * np.sum(error**2)
    d_h = error @ W2.T * (h > 0)
    W2 -= 0.02 * h.T @ error
    W1 -= 0.02 * x.T @ d_h
    b1 -= 0.02 * d_h.sum(axis=0)
```

## How the derivation goes
For h = max(0, z) the slope is [z > 0]. If z_ij < 0 for every sample i, then for unit j

    ∂L/∂W2_j· = Σ_i h_ij e_i = 0,        ∂L/∂W1_·j = Σ_i x_i · 0 = 0,        ∂L/∂b1_j = 0,

and the unit's parameters are a fixed point of every optimiser that only uses the gradient. A leaky slope a
> 0 on the negative side makes them a · Σ…, small but not zero.

## Fix safety
No edit is offered. Biases that start at zero or slightly above, a smaller rate, or a leaky activation help;
each of them changes the model or the run, which is your choice.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP504",
    name="dead-units",
    group="health",
    summary="Units that are zero for every sample get no gradient and never come back.",
)
