"""The inputs are far from zero, large, or on scales that differ by orders of magnitude.

## What it does
Measures mean and spread of each input over the data, and reports those for which no one learning rate suits
all weights, or with which the first layer starts saturated.

## Why is this wrong?
The gradients are right, and gradient descent with them is slow: a rate that is small enough for the large
input is far too small for the others.

## Example
```python
wide = x * [1.0, 30.0, 1000.0] + 500
rate = 1 / np.linalg.norm(np.c_[wide, np.ones(n)], 2) ** 2
for step in range(500):
    error = wide @ W + b - t
    loss = 0.5 * np.sum(error**2)
    W -= rate * wide.T @ error
    b -= rate * error.sum(axis=0)
```

## Use instead
```python
wide = x * [1.0, 30.0, 1000.0] + 500
scaled = (wide - wide.mean(axis=0)) / wide.std(axis=0)
rate = 1 / np.linalg.norm(np.c_[scaled, np.ones(n)], 2) ** 2
for step in range(500):
    error = scaled @ W + b - t
    loss = 0.5 * np.sum(error**2)
    W -= rate * scaled.T @ error
    b -= rate * error.sum(axis=0)
```

## How the derivation goes
For out = xW + b and the squared error the Hessian is XᵀX with X = [x, 1]. Along its eigenvectors the
distance from the minimum is multiplied by 1 − lr·λ in each step. The largest eigenvalue bounds the rate, lr
< 2/λ_max, and the smallest then decides about the time: about

    λ_max / λ_min

steps for each factor of e. A single input with the mean μ and the spread s beside a bias has the Hessian
N·[[μ² + s², μ], [μ, 1]], whose ratio is about μ⁴/s²: for μ = 500 and s = 1 some 6·10¹⁰. Standardised inputs
make it the condition number of their correlations, a small number.

## Fix safety
No edit is offered. Standardise with mean and spread of the *training* data, and keep the two for what comes
later.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP506",
    name="unscaled-input",
    group="health",
    summary="Inputs of large or very different sizes make the loss a narrow valley.",
)
