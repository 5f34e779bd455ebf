"""What a step takes of its data: the rows of a batch, or one sample, of what is evaluated whole elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import Any

import numpy as np

from backproof.graph import Node, constant
from backproof.step.change import root


class Taken:
    """The selections that a step makes from arrays of data, by the array."""

    def __init__(self, made: Iterable[Node], computed: Callable[[Node], bool]) -> None:
        self.parts: dict[Node, Node | None] = {}
        self.rows: dict[int, Any] = {}  # by the length of the whole
        self.counting = True
        for node in made:
            if node.operation != "index" or computed(node.operands[0]):
                continue
            whole, rows = root(node.operands[0], 0), _rows(node.attributes["index"])
            if rows is None:
                continue
            other = self.parts.setdefault(whole, node)
            if other is not node and (other is None or not np.array_equal(other.value, node.value)):
                self.parts[whole] = None  # it is not known which
            if isinstance(rows, np.ndarray):
                self.rows.setdefault(len(whole.value), rows)
        # what more is taken from is data itself, as the rows of a table that say which class is which
        data = {
            whole for whole, part in self.parts.items() if part is not None and root(part, 0) in self.parts
        }
        self.parts = {whole: part for whole, part in self.parts.items() if whole not in data}

    def here(self, node: Node) -> Node:
        """What the step has in the place of an array of data, or of another part of it."""
        whole = root(node, 0)
        if (
            whole not in self.parts
            and whole.operation == "index"
            and _rows(whole.attributes["index"]) is not None
        ):
            whole = root(whole.operands[0], 0)
        part = self.parts.get(whole)
        return node if part is None else part

    def counted(self, node: Node) -> Node:
        """The number of samples that the step takes, or twice that, in the place of the number of all."""
        number = node.value
        if not self.counting or node.operands or not isinstance(number, int) or isinstance(number, bool):
            return node
        for times in (1, 2):
            rows = None if number % times else self.rows.get(number // times)
            if rows is not None:
                return constant(times * len(rows))
        return node

    def uncounted(self) -> Taken:
        """The same with the numbers of samples as they are written."""
        other = copy(self)
        other.counting = False
        return other

    def attributes(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes of an operation with what is as long as the whole data cut to the step's rows."""
        return {name: self._cut(value) for name, value in given.items()}

    def _cut(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self._cut(part) for part in value)
        if isinstance(value, np.ndarray) and value.ndim and (rows := self.rows.get(len(value))) is not None:
            counted = value.ndim == 1 and np.array_equal(value, np.arange(len(value)))
            return np.arange(len(rows)) if counted else value[rows]
        return value


def _rows(index: Any) -> Any:
    """The rows that a subscript takes, as numbers or as one number; None where it takes anything else."""
    if isinstance(index, tuple):
        whole = all(isinstance(part, slice) and part == slice(None) for part in index[1:])
        index = index[0] if index and whole else None
    if isinstance(index, int | np.integer) and not isinstance(index, bool):
        return int(index)
    return index if isinstance(index, np.ndarray) and index.ndim == 1 and index.dtype.kind in "iu" else None
