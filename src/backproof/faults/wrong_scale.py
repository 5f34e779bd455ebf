"""Some of the gradients are the true ones times a constant, and the others are not, or by another constant.

## What it does
Finds parameters whose applied gradient is c times the true one, with a c that is not common to all: 1/N on
the weights and not on the biases, 1/N twice on one layer, a 2 that only one of them has.

## Why is this wrong?
A common constant is absorbed by the learning rate (`common-scale`). Different ones are not: the parameters
move along something that is no gradient of the loss. With 1/N missing on the biases they learn N times as
fast as the weights, and diverge at a rate at which the weights crawl; and the balance changes with the size
of the batch.

## Example
```python
error = x @ W + b - t
loss = 0.5 * np.sum(error**2) / n

dW = x.T @ error / n
db = error.sum(axis=0)
W -= lr * dW
b -= lr * db
```

## Use instead
```python
error = x @ W + b - t
loss = 0.5 * np.sum(error**2) / n

dW = x.T @ error / n
db = error.sum(axis=0) / n
W -= lr * dW
b -= lr * db
```

## How the derivation goes
With e = xW + b − t and L = (1/2n)Σe², every gradient passes through the same adjoint

    ∂L/∂e = e/n,

and from it ∂L/∂W = xᵀ · e/n and ∂L/∂b = Σ over the batch of e/n. The 1/n belongs to both, and once to each.
The safest place for it is that adjoint: `d_out = error / n`, from which everything else follows without a
constant.

## Fix safety
The constant is put in or taken out at the place where it mends all gradients with the fewest edits. The
factor is written as your program writes it (`/ n`, not `/ 7`), and verified at fresh points and at another
size of the batch.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP108",
    name="wrong-scale",
    group="factor",
    summary="A constant factor is wrong for some parameters but not for all.",
)
