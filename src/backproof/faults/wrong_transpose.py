"""A matrix is multiplied as it stands where its transpose belongs, or the other way round.

## What it does
Finds a product of matrices that becomes right when one of its operands is transposed.

## Why is this wrong?
With layers of different sizes NumPy refuses the product. With a square weight, a batch as large as the
layer, or a single number it does not, and the adjoint is carried to the wrong units: each gets the blame of
another.

## Example
```python
h1 = np.tanh(x @ W1)
h2 = np.tanh(h1 @ U)
loss = 0.5 * np.sum((h2 @ W2 - t) ** 2)

d2 = (h2 @ W2 - t) @ W2.T * (1 - h2**2)
d1 = d2 @ U * (1 - h1**2)
dW1 = x.T @ d1
```

## Use instead
```python
h1 = np.tanh(x @ W1)
h2 = np.tanh(h1 @ U)
loss = 0.5 * np.sum((h2 @ W2 - t) ** 2)

d2 = (h2 @ W2 - t) @ W2.T * (1 - h2**2)
d1 = d2 @ U.T * (1 - h1**2)
dW1 = x.T @ d1
```

## How the derivation goes
In indices z_ik = Σ_j h_ij U_jk. The value h_ij reaches every z_ik with the weight U_jk, so

    ∂L/∂h_ij = Σ_k ∂L/∂z_ik U_jk = (∂L/∂z · Uᵀ)_ij
    ∂L/∂U_jk = Σ_i h_ij ∂L/∂z_ik = (hᵀ · ∂L/∂z)_jk.

The sum runs over the *second* index of U, the one that the forward product left over; that is what the
transpose says. A rule of thumb: the shapes of ∂L/∂z and of the result fix the order and the transposes, as
long as no two sizes are equal. Where two are, go back to the indices.

For vectors, `np.outer(h, d)` takes the place of hᵀ · d: the transpose of a vector is itself, and `h.T @ d`
a number.

## Fix safety
`.T` is put in or taken out, or `np.dot` becomes `np.outer`. Verified at fresh points, with asymmetric
matrices.
"""

from __future__ import annotations

from collections.abc import Iterator

from backproof.check.place import Place
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, bracketed, make
from backproof.faults.rule import Rule
from backproof.graph import Node

RULE = Rule(
    code="BP201",
    name="wrong-transpose",
    group="shape",
    summary="A transpose is missing, superfluous or on the wrong operand.",
    because="Back through a product the sum runs over the other index.",
)


def corrections(place: Place) -> Iterator[Correction]:
    """Put a transpose, or take one away; turn a product round."""
    if len(place.shape) != 2:
        return
    if place.text.endswith(".T") and place.site.kind == "Attribute":
        text = place.text[:-2]
        why = f"`{place.text}` is transposed once too often"
    else:
        text = bracketed(place.text, 9) + ".T"
        why = f"`{place.text}` has to be transposed here"

    def build(edge: Edge) -> Node | None:
        return make("transpose", edge.operand, axes=None)

    square = place.shape[0] == place.shape[1]
    yield Correction(
        "wrong-transpose", (Part(place, text, build),), 1.1 if square else 1.2, why, expected=text
    )
