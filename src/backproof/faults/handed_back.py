"""What a layer hands back to the one before it: an adjoint times its weights, turned."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Build, Edge
from backproof.faults.correction import make
from backproof.graph import Node, unnamed


def handed_back(place: Place, edge: Edge) -> Iterator[tuple[str, Build]]:
    """What a layer hands back to its input: an adjoint times its weights turned, for rows or for columns."""
    bench = place.scenery.bench
    leaves = frozenset(bench.step.leaves)
    adjoints = {
        name: node
        for name in place.names
        if (node := place.value(name, edge)) is not None and node.operands
        if node in bench.main and node not in bench.forward
    }
    for weight in dict.fromkeys([*place.names, *place.scenery.forward_weights]):
        w = place.value(weight, edge)
        if w is None or unnamed(w) not in leaves or np.ndim(w.value) != 2:
            continue
        rows, columns = np.shape(w.value)
        for adjoint, node in adjoints.items():
            shape = np.shape(node.value)
            if shape and shape[-1] == columns and (*shape[:-1], rows) == place.shape:
                yield f"{adjoint} @ {weight}.T", matrix_product(place, adjoint, weight, (False, True))
            if shape and shape[0] == rows and (columns, *shape[1:]) == place.shape:
                yield f"{weight}.T @ {adjoint}", matrix_product(place, weight, adjoint, (True, False))


def matrix_product(place: Place, left: str, right: str, turned: tuple[bool, bool]) -> Build:
    """The product of what two names hold, each ``turned`` or not."""

    def build(edge: Edge) -> Node | None:
        values = (place.value(left, edge), place.value(right, edge))
        x, y = (make("transpose", v, axes=None) if t else v for v, t in zip(values, turned, strict=True))
        return make("matmul", x, y)

    return build
