"""Arrays whose every entry is written anew, as a buffer for the errors of a sample is."""

from __future__ import annotations

import numpy as np

from backproof.graph import Node

LARGEST = 4_096  # entries of an array that is looked at so


def written_anew(node: Node) -> list[Node] | None:
    """What the entries of an array were set to one after the other, if that is every one; else None.

    Nothing is left then of what the array held before.
    """
    size = np.size(node.value)
    if node.operation != "index_update" or not 1 < size <= LARGEST:
        return None
    left, written = np.ones(np.shape(node.value), dtype=bool), list[Node]()
    while node.operation in ("index_update", "identity") and len(written) <= size:
        if node.operation == "index_update":
            written.append(node.operands[1])
            left[node.attributes["index"]] = False
            if not left.any():
                return written
        node = node.operands[0]
    return None
