"""Most units of a layer are far out on the flat part of their activation: hardly any gradient passes.

## What it does
Measures the slopes of the activations over the data, and reports a layer through which almost nothing of
the gradient gets, because sigmoid or tanh are at their limits.

## Why is this wrong?
The gradient is right, and right is nearly zero. The layers below stand still however long the training goes
on. Large initial weights, inputs of large numbers and large rates all lead there.

## Example
```python
random = np.random.default_rng(1)
W1 = 40 * random.standard_normal((3, 5))
for step in range(300):
    h = np.tanh(x @ W1)
    error = h @ W2 - t
    loss = 0.5 * np.sum(error**2)
    d_h = error @ W2.T * (1 - h**2)
    W1 -= 0.05 * x.T @ d_h
```

## Use instead
```python
random = np.random.default_rng(1)
W1 = random.standard_normal((3, 5)) / np.sqrt(3)
for step in range(300):
    h = np.tanh(x @ W1)
    error = h @ W2 - t
    loss = 0.5 * np.sum(error**2)
    d_h = error @ W2.T * (1 - h**2)
    W1 -= 0.05 * x.T @ d_h
```

## How the derivation goes
For large |z| the slopes fall off exponentially:

    tanh′(z) = 1 − tanh²(z) ≈ 4 e^(−2|z|),        σ′(z) = σ(z)(1 − σ(z)) ≈ e^(−|z|).

At |z| = 5 they are 1.8e-4 and 6.6e-3. The gradient of the weights below has this as a factor, so it is a
thousand times smaller than where the unit works. With n inputs of size one and weights of spread s, z has a
spread of s√n: to keep it near one, s has to be about 1/√n.

## Fix safety
No edit is offered. Smaller initial weights, standardised inputs or a smaller rate help; the what-if of
`train` shows which.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP503",
    name="saturated",
    group="health",
    summary="The activations sit where their slope is almost zero.",
)
