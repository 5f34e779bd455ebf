"""Parts of arrays that are updated part by part: a part is of the version in which it was last written.

``w[3]`` is what it was before ``w[5]`` was updated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from backproof.graph import Node

WRITES = frozenset({"index_update", "index_add"})
MOST = 200  # writes between a value and the part that is read


class Parts:
    """What values are computed from, where ``wholes`` are arrays whose parts are updated one by one.

    Nothing is looked for behind these.
    """

    def __init__(self, wholes: Collection[Node]) -> None:
        self.wholes = wholes
        self._known: dict[Node, Sequence[Node]] = {}

    def operands(self, node: Node) -> Sequence[Node]:
        """What a node is computed from; a part of an array from the version in which it was written."""
        if node.operation != "index" or node.operands[0] in self.wholes:
            return node.operands
        if node not in self._known:
            self._known[node] = self._written(node)
        return self._known[node]

    def _written(self, node: Node) -> Sequence[Node]:
        """The version of a whole that an index reads, or the operands as they are."""
        index, source = node.attributes["index"], node.operands[0]
        versions = list[Node]()
        while source not in self.wholes and len(versions) < MOST:
            if source.operation in WRITES:
                versions.append(source)
            elif source.operation != "identity":
                return node.operands
            source = source.operands[0]
        if source not in self.wholes or not versions:
            return node.operands
        covers = _covers(index, np.shape(source.value))
        for version in versions:
            if covers(version.attributes["index"]):
                return (version,)
        return (source,)


def _covers(index: Any, shape: tuple[int, ...]) -> Callable[[Any], bool]:
    """Tell whether another index of an array has elements in common with this one."""
    elements = np.zeros(shape, dtype=bool)
    elements[index] = True
    return lambda other: bool(np.any(elements[other]))
