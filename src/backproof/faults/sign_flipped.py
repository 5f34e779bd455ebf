"""A term of the backward pass, or the update, has the opposite sign, so the step climbs the loss.

## What it does
Finds a gradient, or one summand of it, that is the true one times −1, once the sign of the update is taken
into account. `target - output` with `+=` is right; so is `output - target` with `-=`.

## Why is this wrong?
A step of gradient descent goes against the gradient. With one sign too many or too few it goes along it,
and the loss grows with every step; or, when only some parameters are concerned, part of the network works
against the rest. Often the loss curve still falls for a while, because the other parameters make up for it.

## Example
```python
h = np.tanh(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = t - out
d_h = d_out @ W2.T * (1 - h**2)
W2 -= lr * h.T @ d_out
W1 -= lr * x.T @ d_h
```

## Use instead
```python
h = np.tanh(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
d_h = d_out @ W2.T * (1 - h**2)
W2 -= lr * h.T @ d_out
W1 -= lr * x.T @ d_h
```

## How the derivation goes
The loss is L = ½Σ(out − t)², and its derivative by the output is

    ∂L/∂out = ½ · 2(out − t) · ∂(out − t)/∂out = out − t.

The last factor is +1. Had the loss been written (t − out)², it would be −1, and the product (t − out)·(−1)
the same: the square does not care which way round the difference is taken, its derivative does not either.
From there

    ∂L/∂W2 = hᵀ · ∂L/∂out,        W2 ← W2 − lr · ∂L/∂W2.

Textbooks that write δ = t − out add it: W2 ← W2 + lr · hᵀδ. Both are right; half of each is not.

## Fix safety
The operands of the difference are swapped, or the sign of the update is changed: whichever mends every
gradient with the fewest edits. It is verified at fresh points before it is offered. A swap changes what
else reads the same name.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP101",
    name="sign-flipped",
    group="factor",
    summary="A term, or the whole update, has the opposite sign.",
)
