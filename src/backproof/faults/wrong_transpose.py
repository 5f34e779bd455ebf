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

import ast
from collections.abc import Iterator
from itertools import combinations, permutations

from backproof.check.place import Place
from backproof.check.reading import parsed
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, bracketed, make
from backproof.faults.reversed_sums import reversed_sums
from backproof.faults.rule import Rule
from backproof.graph import Node

LONGEST = 4  # indices of a term of an einsum, whose orders are all tried
MOST_AXES = 4  # of an array of which two are exchanged

RULE = Rule(
    code="BP201",
    name="wrong-transpose",
    group="shape",
    summary="A transpose is missing, superfluous or on the wrong operand.",
    because="Backwards the sum runs over the other index.",
)


def corrections(place: Place) -> Iterator[Correction]:
    """Put a transpose, or take one away; turn a product, a term of an ``einsum`` or cumulative sums round."""
    yield from _of_einsum(place)
    yield from reversed_sums(place)
    yield from _of_equal_axes(place)
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


def _of_equal_axes(place: Place) -> Iterator[Correction]:
    """Exchange two axes of one length, as the channels of the kernels of a convolution.

    Of an array that is read by its indices, these would be exchanged.
    """
    rank, parent = len(place.shape), place.site.parent
    if parent is not None and place.trace.sites[parent].kind == "Subscript":
        return
    for one, other in combinations(range(rank), 2) if 2 < rank <= MOST_AXES else ():
        if place.shape[one] != place.shape[other] or place.shape[one] == 1:
            continue
        order = list(range(rank))
        order[one], order[other] = other, one

        def build(edge: Edge, order: tuple[int, ...] = tuple(order)) -> Node | None:
            return make("transpose", edge.operand, axes=order)

        text, cost = f"{bracketed(place.text, 9)}.swapaxes({one}, {other})", 1.25
        why = f"the axes {one} and {other} of `{place.text}` have to be exchanged here"
        if (inner := _superfluous(place, order)) is not None:
            text, cost, why = inner, 1.15, f"`{place.text}` exchanges two axes that stand right"
        yield Correction("wrong-transpose", (Part(place, text, build),), cost, why, expected=text)


def _superfluous(place: Place, order: list[int]) -> str | None:
    """What a place exchanges two axes of; None where it does anything else."""
    node = place.edges[0].operand
    if node.operation != "transpose" or list(node.attributes["axes"] or ()) != order or node.origin is None:
        return None
    inner = node.origin.operand_sites[0] if node.origin.site == place.site.number else None
    return place.trace.sites[inner].text if inner is not None and inner >= 0 else None


def _of_einsum(place: Place) -> Iterator[Correction]:
    """Let one operand of an ``einsum``, or its result, have its axes in another order."""
    call = parsed(place.text)
    if not isinstance(call, ast.Call) or any(edge.operand.operation != "einsum" for edge in place.edges):
        return
    given = call.args[0] if call.args else None
    if not isinstance(given, ast.Constant) or not isinstance(given.value, str):
        return
    literal = ast.get_source_segment(place.text, given) or ""
    for turned in turned_terms(given.value):

        def build(edge: Edge, turned: str = turned) -> Node | None:
            return make("einsum", *edge.operand.operands, subscripts=turned)

        text = place.text.replace(literal, literal[0] + turned + literal[-1], 1)
        why = f"`{given.value}` sums over the wrong index, or has two in each other's place"
        yield Correction("wrong-transpose", (Part(place, text, build),), 1.2, why, expected=text)


def turned_terms(subscripts: str) -> Iterator[str]:
    """The subscripts of an ``einsum`` with the indices of one of its terms in another order.

    >>> list(turned_terms("bi,ij->bj"))
    ['ib,ij->bj', 'bi,ji->bj', 'bi,ij->jb']
    """
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = [*inputs.split(","), output]
    if not arrow or any(len(term) > LONGEST or "." in term for term in terms):
        return
    for number, term in enumerate(terms):
        for order in permutations(term):
            if (turned := "".join(order)) != term:
                changed = [*terms[:number], turned, *terms[number + 1 :]]
                yield f"{','.join(changed[:-1])}->{changed[-1]}"
