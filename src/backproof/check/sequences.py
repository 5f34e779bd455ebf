"""Arrays that are gone through along an axis, as sequences are: each part of them is taken in its turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from backproof.graph import Node, unnamed
from backproof.step.update import THROUGH

EVERYTHING = slice(None)


def taken_in_turn(values: Iterable[Node]) -> Iterator[Node]:
    """Give the arrays every part of which along one axis is among some values, as ``x[:, t]`` for each t.

    >>> from backproof.graph import apply, leaf
    >>> x = leaf(np.zeros((2, 3)), "x")
    >>> parts = [apply("index", x, index=(slice(None), t)) for t in range(3)]
    >>> [array.name for array in taken_in_turn(parts)], list(taken_in_turn(parts[1:]))
    (['x'], [])
    """
    taken: dict[tuple[Node, int], set[int]] = defaultdict(set)
    for value in values:
        node = value
        while node.operands and node.operation in THROUGH:
            node = node.operands[0]
        if node.operation != "index":
            continue
        index, array = node.attributes["index"], node.operands[0]
        parts = index if isinstance(index, tuple) else (index,)
        chosen = [k for k, part in enumerate(parts) if not (isinstance(part, slice) and part == EVERYTHING)]
        if len(chosen) == 1 and isinstance(number := parts[chosen[0]], int | np.integer):
            taken[array, chosen[0]].add(int(number) % np.shape(array.value)[chosen[0]])
    for (array, axis), numbers in taken.items():
        if axis and len(numbers) == np.shape(array.value)[axis]:
            yield unnamed(array)
