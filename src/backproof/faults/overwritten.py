"""An array of the forward pass was changed in place before the backward pass has read it.

## What it does
Finds a read in the backward pass that gets another value than the forward pass has used, because an
in-place operation (`-=`, `a[i] = v`, `out=`) or a second name for the same array has changed it. Also an
array that was made once and stored in several places.

## Why is this wrong?
`h = z` does not copy: both names are one array. What the formula says is right, and what it reads is not;
so staring at the formula does not help.

## Example
```python
z = x @ W
h = np.tanh(z, out=z)
loss = 0.5 * np.sum((h - t) ** 2)

dW = x.T @ ((h - t) * (1 - np.tanh(z) ** 2))
```

## Use instead
```python
z = x @ W
h = np.tanh(z)
loss = 0.5 * np.sum((h - t) ** 2)

dW = x.T @ ((h - t) * (1 - np.tanh(z) ** 2))
```

## How the derivation goes
For h = tanh(z) and L = ½Σ(h − t)²,

    ∂L/∂z = (h − t) ⊙ (1 − tanh²(z)),

with the z of the forward pass. In the Example z holds tanh of it by then, and the slope is computed at h: 1
− tanh²(h), which is too large wherever the unit is saturated. Written with what is left, 1 − h², it would
be right in both programs.

Which values the backward pass needs is known from the operations: a product needs both operands, tanh its
input or its result, a sum nothing but the shape. Everything else may be overwritten.

## Fix safety
The operation is made to give a new array (`np.tanh(z)`, `a = a - b`, `.copy()`), which costs its memory.
Verified at fresh points and by a run.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP304",
    name="overwritten",
    group="update",
    summary="A value that the backward pass needs was overwritten in place.",
)
