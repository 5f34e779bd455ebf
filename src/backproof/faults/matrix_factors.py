"""A matrix of data that the forward pass has beside a value, and that its derivative still has to have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Build, Edge
from backproof.faults.correction import Correction, Part, bracketed, make
from backproof.graph import Node, unnamed

COST = 1.5


def matrix_factors(place: Place) -> Iterator[Correction]:
    """The ``K`` of ``beta @ K @ beta``, where the backward pass has ``beta`` for ``K @ beta``."""
    edge = place.edges[0]
    for name, method in _matrices(place, edge):
        for text, build in _products(place, name, method):
            new = build(edge)
            if new is None or np.shape(new.value) != place.shape:
                continue
            inside = place.parent is not None and place.parent.kind == "BinOp" and not method
            why = f"the chain rule has one more factor here: `{name}`"
            part = Part(place, f"({text})" if inside else text, build)
            yield Correction("missing-factor", (part,), COST + place.foreign(name), why, expected=text)


def _matrices(place: Place, edge: Edge) -> Iterator[tuple[str, bool]]:
    """The names of square matrices of data by which the forward pass multiplies, where a value of it is read.

    Each with whether it does so by a method: ``K.dot(beta)``.
    """
    known, bench = place.scenery.forward_matrices, place.scenery.bench
    if not known or not place.shape or unnamed(edge.operand) not in bench.forward:
        return
    for name in place.names:
        node = place.value(name, edge)
        if node is None or node.operands or np.ndim(node.value) != 2:
            continue
        method = next(
            (called for matrix, called in known.items() if np.array_equal(matrix.value, node.value)), None
        )
        if method is not None:
            yield name, method


def _products(place: Place, name: str, method: bool) -> Iterator[tuple[str, Build]]:
    """The matrix before what is read, and behind it."""

    def before(edge: Edge) -> Node | None:
        return make("matmul", place.value(name, edge), edge.operand)

    def behind(edge: Edge) -> Node | None:
        return make("matmul", edge.operand, place.value(name, edge))

    own = bracketed(place.text, 6)
    yield f"{name}.dot({place.text})" if method else f"{name} @ {own}", before
    yield f"{bracketed(place.text, 9)}.dot({name})" if method else f"{own} @ {name}", behind
