"""Parts of a parameter that every step sets to zero, so that what it makes of them is lost.

The row of a word that only fills up is zero from the beginning, and stays so: that is meant. One that began
with numbers as the others did may be the wrong one, or the gradient's row may have been meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Node
from backproof.step.change import root
from backproof.step.update import THROUGH

OFTEN = 2  # times that one statement is seen: what is set once may be meant to begin so


def zeroed(judgement: Judgement) -> tuple[str, ...]:
    """The names of parameters of which the source sets a part to zero that was not so when they began."""
    first: dict[Any, Node] = {}
    for window in judgement.windows:
        for change in window.parameters:
            first.setdefault(change.place, change.before)
    found: dict[str, None] = {}
    for parameter in judgement.step.parameters:
        for change in parameter.changes:
            began = np.asarray(first.get(change.place, change.before).value)
            for index in _zeros(change.stores[-1].after, root(change.after, 0)):
                if np.shape(began) == np.shape(change.before.value) and _is_lost(began, index):
                    found[parameter.name] = None
    found.update(dict.fromkeys(_ahead(judgement)))
    return tuple(found)


def _ahead(judgement: Judgement) -> Iterator[str]:
    """The names of parameters of which a part that began with numbers is set to zero in every round.

    It may stand above the first update, where steps begin.
    """
    for parameter in judgement.step.parameters:
        places = {store.place for change in parameter.changes for store in change.stores}
        written = [s for s in judgement.step.trace.stores if s.place in places]
        rounds = Counter(store.site for store in written)
        pairs = [
            (store.after, np.asarray(store.before.value))
            for store in written
            if store.before is not None and rounds[store.site] >= OFTEN
        ]
        began = pairs[0][1] if pairs else np.zeros(0)
        for after, before in pairs:
            index = after.attributes.get("index")
            if after.operation != "index_update" or not _is_zero(after.operands[1]):
                continue
            if np.shape(before) == np.shape(began) and _is_written(index) and _is_lost(began, index):
                yield parameter.name


def _zeros(node: Node, stepped: Node) -> Iterator[Any]:
    """The indices, numbers and slices, at which zeros of the source were put behind a step."""
    while node is not stepped and node.operands:
        if node.operation == "index_update":
            index = node.attributes["index"]
            if _is_zero(node.operands[1]) and _is_written(index):
                yield index
        elif node.operation not in THROUGH:
            return
        node = node.operands[0]


def _is_zero(node: Node) -> bool:
    """Is this a zero of the source, or something times that?"""
    if node.operation == "multiply":
        return any(_is_zero(operand) for operand in node.operands)
    while node.operation == "identity":
        node = node.operands[0]
    return node.operation == "constant" and np.size(node.value) == 1 and not np.any(node.value)


def _is_written(index: Any) -> bool:
    """Is an index made of numbers and slices, and no mask or list of places that was computed?"""
    parts = index if isinstance(index, tuple) else (index,)
    return all(isinstance(part, (int, np.integer, slice)) for part in parts)


def _is_lost(began: np.ndarray, index: Any) -> bool:
    """Were there numbers at first, or nothing but zeros in the whole parameter?"""
    return bool(np.any(began[index])) or not np.any(began)
