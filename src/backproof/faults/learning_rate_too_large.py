"""Each step overshoots the minimum by more than it was away from it, so the loss grows.

## What it does
Compares the learning rate with the curvature of the loss along the gradient, and reports a rate at which a
small step would lower the loss and the program's own step raises it, again and again.

## Why is this wrong?
The gradient is a promise about small steps only. It is no fault of the derivation, so it is a warning; but
looking for one when the rate is to blame costs days.

## Example
```python
rate = 1.0
for step in range(50):
    error = x @ W - t
    loss = 0.5 * np.sum(error**2)
    W -= rate * x.T @ error
```

## Use instead
```python
rate = 1 / np.linalg.norm(x, 2) ** 2
for step in range(50):
    error = x @ W - t
    loss = 0.5 * np.sum(error**2)
    W -= rate * x.T @ error
```

## How the derivation goes
Near a minimum L(w) ≈ L* + ½ λ (w − w*)² along a direction of curvature λ. One step takes

    w − w*  →  (1 − lr · λ)(w − w*),

which shrinks exactly when |1 − lr·λ| < 1, that is when

    lr < 2/λ.

For a linear layer with the squared error λ is the largest eigenvalue of xᵀx, the square of the spectral
norm of x. It grows with the size of the inputs and, for a summed loss, with the number of samples: a rate
that was fine for a mean loss is N times too large for a sum.

## Fix safety
No edit is offered: the report names a rate at which the measured curvature allows the step. Momentum, batch
size and schedule matter too.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP501",
    name="learning-rate-too-large",
    group="health",
    summary="The gradients are right, and the steps along them too long.",
)
