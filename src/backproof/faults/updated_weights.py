"""A weight is updated first, and the adjoint of the layer before it is then computed with the new weight.

## What it does
Finds a read of a parameter in the backward pass that comes after the update of that parameter in the same
step.

## Why is this wrong?
The gradient belongs to one point: the parameters that the forward pass has used. With a weight that has
moved in the meantime, the other gradients are those of no loss at all. The error is of the size of the
learning rate, so small rates hide it, and a check of the gradients with the update switched off never sees
it.

## Example
```python
h = np.tanh(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
W2 -= lr * h.T @ d_out
d_h = d_out @ W2.T * (1 - h**2)
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
At the point W of the forward pass ∂L/∂h = ∂L/∂out · W2ᵀ. The Example has W2 − lr·hᵀ∂L/∂out in place of W2,
and so computes

    ∂L/∂out · W2ᵀ − lr · ∂L/∂out · ∂L/∂outᵀ · h,

whose second summand is the mistake: proportional to the rate, and quadratic in the error, so it is largest
at the start.

Updating in the same loop that goes back through the layers is safe only when the adjoint is carried on
*before* the weight is touched.

## Fix safety
The statements are reordered: first all gradients, then all updates. Only statements between which nothing
else reads or writes the names are moved; the mended program is run to verify it.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP301",
    name="updated-weights",
    group="update",
    summary="The backward pass reads a weight after its update in the same step.",
)
