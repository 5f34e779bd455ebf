"""Arrays whose every entry is written anew, as a buffer for the errors of a sample is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache

import numpy as np

from backproof.graph import Node

LARGEST = 512  # entries of an array that is looked at so


def written_anew(node: Node, before: Node) -> list[Node] | None:
    """What the entries of an array were set to, if that is every one of them since it was ``before``.

    Nothing is left then of what the array held. Of one that had every entry written before as well, that
    may be a part of a round. None else: the rows that a loop over time fills are each written once.
    """
    if node.operation != "index_update" or not 1 < np.size(node.value) <= LARGEST:
        return None
    found = _covering(node, before)
    return _covering(node) if found is None and _is_covered(before) else found


def versions(node: Node, known: Collection[Node] = ()) -> Iterator[Node]:
    """An array, and what it was before each entry that was written, as far back as none is ``known``.

    >>> from backproof.graph import apply, leaf
    >>> x = leaf([1.0, 2.0, 3.0], "x")
    >>> y = apply("index_update", apply("index_update", x, 5.0, index=0), 6.0, index=2)
    >>> [list(map(float, array.value)) for array in versions(y)]
    [[5.0, 2.0, 6.0], [5.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    """
    while node not in known:
        yield node
        if node.operation not in ("index_update", "identity"):
            return
        node = node.operands[0]


@lru_cache(1024)
def _is_covered(array: Node) -> bool:
    """Was every entry of an array written since it was made?"""
    return np.size(array.value) <= LARGEST and _covering(array) is not None


def _covering(node: Node, until: Node | None = None) -> list[Node] | None:
    """What was written to every entry since ``until``, or ever; None where some were not written."""
    left, written = np.ones(np.shape(node.value), dtype=bool), list[Node]()
    while node is not until and node.operation in ("index_update", "identity") and len(written) <= left.size:
        if node.operation == "index_update":
            written.append(node.operands[1])
            left[node.attributes["index"]] = False
            if not left.any():
                return written
        node = node.operands[0]
    return None
