"""Values among which it is asked very often whether one is the same as another, but for rounding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from backproof.check.catalogue import SAME
from backproof.graph import Node
from backproof.mend.inwards.evaluation import is_same

LEAST = 1e-300  # of the size of a value
ROOM = 2  # times what is the same: of these each is looked at as a whole


class Alike:
    """Nodes by their shapes, with their values at every point.

    Two values that are the same begin with the same number, which is compared for all nodes at once.
    """

    def __init__(self, nodes: Iterable[Node], tables: Sequence[Mapping[Node, Any]]) -> None:
        self.tables = tables
        self.shaped = defaultdict[tuple[int, ...], list[Node]](list)
        for node in nodes:
            self.shaped[np.shape(node.value)].append(node)
        self.begins: dict[tuple[int, ...], Any] = {}  # first numbers, and how near another has to be

    def holds(self, values: Sequence[Any]) -> bool:
        """Is there a node that has these values, one at each point?"""
        return any(
            all(is_same(value, table[node]) for value, table in zip(values, self.tables, strict=True))
            for node in self._likely(values[0])
        )

    def _likely(self, value: Any) -> list[Node]:
        shape = np.shape(value)
        nodes = self.shaped.get(shape, [])
        if not nodes or np.asarray(value).dtype.kind not in "biuf" or not np.size(value):
            return nodes
        with np.errstate(all="ignore"):
            if shape not in self.begins:
                self.begins[shape] = np.array([_beginning(self.tables[0][node]) for node in nodes]).T
            first, near = self.begins[shape]
            apart = np.abs(first - float(np.ravel(value)[0])) > near
        return [nodes[k] for k in np.flatnonzero(~apart).tolist()]


def _beginning(value: Any) -> tuple[float, float]:
    """The first number of a value, and how far from it that of the same value may be at most.

    Not a number where nothing is known: then nothing is apart from it.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or not array.size or not np.all(np.isfinite(array)):
        return np.nan, np.nan
    size = float(np.linalg.norm(np.ravel(np.asarray(array, dtype=float))))
    return float(np.ravel(array)[0]), ROOM * SAME * max(size, LEAST)
