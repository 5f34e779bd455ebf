"""A constant, mask, branch or dropout acts in the forward pass and not, or differently, in the backward pass.

## What it does
Finds an adjoint that becomes right when the same constant, mask or branch is applied that the forward pass
has applied: a dropout mask, a leaky slope, a temperature, a clipping, a padding, a scale such as 1/√d.

## Why is this wrong?
The two passes describe two different networks. Units that were switched off get gradients for what they did
not do; a constant that is only in one pass makes one layer learn at another rate than the others.

## Example
```python
h = np.tanh(x @ W1)
kept = h * mask / 0.8
out = kept @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
dW2 = kept.T @ d_out
dW1 = x.T @ (d_out @ W2.T * (1 - h**2))
```

## Use instead
```python
h = np.tanh(x @ W1)
kept = h * mask / 0.8
out = kept @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
dW2 = kept.T @ d_out
dW1 = x.T @ (d_out @ W2.T * mask / 0.8 * (1 - h**2))
```

## How the derivation goes
Dropout multiplies by a mask m of zeros and ones and by 1/q, q being the share that is kept: k = h ⊙ m/q. It
is linear in h, and its local derivative is the same factor:

    ∂L/∂h = ∂L/∂k ⊙ m/q.

Where m = 0 nothing of h reaches the loss, so no gradient comes back. In general: an operation that the
forward pass performs has its vjp in the backward pass with the *same* mask, drawn once; a mask that is
drawn anew is another one.

## Fix safety
The forward pass is taken as the specification and the backward pass mended, with the forward pass's own
names. Verified at fresh points and fresh masks.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP402",
    name="forward-backward-mismatch",
    group="consistency",
    summary="Something of the forward pass is not mirrored in the backward pass.",
)
