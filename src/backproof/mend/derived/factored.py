"""Compare a value with the two factors of the adjoint that belongs there: the adjoint behind, and a slope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backproof.check.catalogue import Catalogue, Entry
from backproof.check.place import Place
from backproof.mend.derived.relation import common_scale, same

EVERY = 1200  # entries that are looked at


def lacks_adjoint(catalogue: Catalogue, found: Sequence[Any], wanted: Sequence[Any]) -> bool:
    """Is what belongs there what stands there times the adjoint of something behind, which is ignored?

    Or with it as a product of matrices cannot be: elementwise, up to one constant.
    """
    pairs = _first(catalogue, found, wanted)
    for entry in _of_shape(catalogue, "adjoint", np.shape(pairs[0][0])):
        products = [
            (f * np.asarray(table[entry.node]), w)
            for (f, w), table in zip(pairs, catalogue.tables, strict=False)
        ]
        if common_scale(products):
            return True
    return False


def wrong_slope(
    catalogue: Catalogue, place: Place, found: Sequence[Any], wanted: Sequence[Any]
) -> tuple[int, Entry] | None:
    """The factor of a product that another derivative of an activation has to stand for, and that one."""
    if place.site.detail != "*" or len(place.site.children) != 2:
        return None
    pairs, bench = _first(catalogue, found, wanted), catalogue.bench
    for number in (0, 1):
        child = place.child(number, place.edges[0])
        if child is None or np.shape(child.value) != np.shape(pairs[0][0]):
            continue
        if not all(child in table for table in bench.base):
            continue
        own = [np.asarray(table[child], dtype=float) for table in bench.base]
        for entry in _of_shape(catalogue, "local", np.shape(child.value)):
            slopes = [np.asarray(table[entry.node], dtype=float) for table in catalogue.tables]
            if all(same(f * s, w * o) for (f, w), s, o in zip(pairs, slopes, own, strict=False)):
                return number, entry
    return None


def _first(catalogue: Catalogue, found: Sequence[Any], wanted: Sequence[Any]) -> list[tuple[Any, Any]]:
    """The values of the first evaluation of the place, at every point."""
    pairs = list(zip(found, wanted, strict=True))[: len(catalogue.bench.base)]
    return [(np.asarray(f, dtype=float), np.asarray(w, dtype=float)) for f, w in pairs]


def _of_shape(catalogue: Catalogue, kind: str, shape: tuple[int, ...]) -> Iterator[Entry]:
    seen = 0
    for entry in catalogue.entries:
        if entry.kind == kind and np.shape(catalogue.tables[0][entry.node]) == shape and seen < EVERY:
            seen += 1
            yield entry
