"""The output activation cannot reach the targets, so the loss has a floor that no training gets under.

## What it does
Compares the range of the targets with that of the output's activation: targets of 10 for a sigmoid,
negative ones for a ReLU, labels of −1 for a probability.

## Why is this wrong?
The gradients are right, and lead the output to its limit, where its slope vanishes: the weights grow
without end, and the loss stops at the distance between the limit and the targets.

## Example
```python
high = 10 * t
for step in range(2000):
    out = sigmoid(x @ W + b)
    error = out - high
    loss = 0.5 * np.mean(error**2)
    delta = error * out * (1 - out) / n
    W -= 0.5 * x.T @ delta
    b -= 0.5 * delta.sum(axis=0)
```

## Use instead
```python
high = 10 * t
for step in range(2000):
    out = x @ W + b
    error = out - high
    loss = 0.5 * np.mean(error**2)
    delta = error / n
    W -= 0.5 * x.T @ delta
    b -= 0.5 * delta.sum(axis=0)
```

## How the derivation goes
With out = σ(z) < 1 and a target t > 1,

    ∂L/∂z = (out − t) · out(1 − out) < 0        for every z,

so gradient descent raises z for ever, and the loss falls towards its infimum ½(1 − t)², which is not
attained. For t = 10 that is 40.5, however large the network is.

Regression wants an output without an activation. Where the activation is wanted, bring the targets into its
range, (t − min)/(max − min), and undo it on what the network predicts.

## Fix safety
No edit is offered, since both ways change what the network computes.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP505",
    name="target-out-of-range",
    group="health",
    summary="The targets lie outside what the output can be.",
)
