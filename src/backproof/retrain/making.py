"""The nodes of a step from what several steps have in common: what it reads, and what it makes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.graph import Node, apply, as_number, constant, leaf
from backproof.retrain.aligned import Entry, RetrainError
from backproof.retrain.losses import Loss
from backproof.retrain.recurrence import Recurrence
from backproof.retrain.samples import Samples
from backproof.retrain.streamed import Stream
from backproof.retrain.tables import Table
from backproof.step.change import root

Array = NDArray[np.float64]
WRITTEN = 4096  # numbers of a constant array that stands in the code; larger ones are read from memory


class Maker:
    """Makes nodes of entries: each sort of what a step begins with becomes what the kernel reads.

    The step is made as that at the place ``at`` among those that were seen, which stands for its kind.
    """

    def __init__(self, found: Recurrence, samples: Samples, rates: list[Entry], at: int) -> None:
        self.found = found
        self.at = at
        self.nodes: dict[Entry, Node] = {}
        self.held: list[Node] = []
        self.numbers: list[Node] = []
        self.rate = leaf(np.float64(rates[0].value) if rates else np.float64(1.0), "rate")
        for each in found.carried:
            value = np.asarray(each.before.value, dtype=np.float64)
            self.nodes[each.before] = leaf(value, each.name)
        for entry in rates:
            self.nodes[entry] = self.rate
        self.x = leaf(np.ones(1), "x")
        self.y = leaf(np.ones(1), "y")
        count = max(samples.count, 1)
        self.data = [np.zeros((count, 1)), np.zeros((count, 1))]
        seen = list(samples.rows[at] if samples.rows else (0,))
        self.batch = len(seen)
        if self.batch > 1:
            self.x, self.y = leaf(np.ones((self.batch, 1)), "x"), leaf(np.ones((self.batch, 1)), "y")
        kinds = _alike(samples.tables)
        self.stream: Stream | None = None
        if found.draws:
            self._streamed(kinds, seen)
            return
        leaves = []
        for number, group in enumerate((kinds[:1], kinds[1:])):
            if not group:
                break
            rows = [alike[0].rows for alike in group]
            self.data[number] = rows[0] if len(rows) == 1 else np.concatenate(rows, axis=1)
            taken = self.data[number][seen]
            leaves.append(leaf(taken if self.batch > 1 else taken[0], "data"))
            self._gathered(leaves[-1], group)
        self.x, self.y = [*leaves, *(self.x, self.y)[len(leaves) :]]

    def _gathered(self, whole: Node, group: list[list[Table]]) -> None:
        """Let the step read tables side by side from the rows that the kernel gathers."""
        begin = 0
        for alike in group:
            width = alike[0].rows.shape[1]
            index = (slice(None), slice(begin, begin + width))[self.batch == 1 :]
            row = whole if len(group) == 1 else apply("index", whole, index=index)
            begin += width
            for table in alike:
                self.nodes[table.entry] = _placed(row, table, np.shape(table.entry.nodes[self.at].value))

    def _streamed(self, kinds: list[list[Table]], seen: list[int]) -> None:
        """Let the step read all that differs from step to step from rows of their own."""
        every = self.found.aligned.kinds
        shapes = {entry: np.shape(entry.nodes[self.at].value) for entry in self.found.draws}
        rows = self.batch
        if not kinds:  # one for each sample of a full batch
            rows = max((shape[0] for shape in shapes.values() if len(shape) == 2), default=1)
        turns = {entry: len(shape) == 2 and shape[0] != rows for entry, shape in shapes.items()}
        drawn = {
            k: np.concatenate([_in_rows(e.nodes[k].value, rows, turn) for e, turn in turns.items()], axis=1)
            for k, kind in enumerate(every)
            if kind == every[self.at]
        }
        tables = tuple(alike[0].rows for alike in kinds)
        laws = [
            (law, int(np.prod(shapes[entry], dtype=int)) // rows) for entry, law in self.found.draws.items()
        ]
        self.stream = stream = Stream(tables, rows, tuple(laws), drawn)
        whole = np.concatenate([*(table[seen] for table in tables), drawn[self.at % len(every)]], axis=1)
        self.x = leaf(whole if rows > 1 else whole[0], "data")
        self.y = leaf(np.ones((rows, 1)) if rows > 1 else np.ones(1), "y")
        self.data = [np.zeros((1, stream.width)), np.zeros((1, 1))]
        begin = 0
        for alike in kinds:
            row = self._columns(begin, begin + alike[0].rows.shape[1], rows)
            begin += alike[0].rows.shape[1]
            for table in alike:
                self.nodes[table.entry] = _placed(row, table, np.shape(table.entry.nodes[self.at].value))
        for (entry, turn), (_, size) in zip(turns.items(), laws, strict=True):
            part = self._columns(begin, begin + size, rows)
            begin += size
            part = apply("transpose", part, axes=None) if turn else part
            same = np.shape(part.value) == shapes[entry]
            self.nodes[entry] = part if same else apply("reshape", part, shape=shapes[entry])

    def _columns(self, begin: int, end: int, rows: int) -> Node:
        columns = slice(begin, end)
        return apply("index", self.x, index=(slice(None), columns) if rows > 1 else (columns,))

    def _constant(self, entry: Entry) -> Node:
        own = entry.nodes[self.at].value
        value = np.asarray(own)
        if value.size <= WRITTEN or value.dtype.kind not in "biuf":
            return constant(own if np.ndim(own) == 0 else value, entry.name)
        held = leaf(np.asarray(value, dtype=np.float64), entry.name or "data")
        self.held.append(held)
        return held

    def node(self, result: Entry) -> Node:
        """The node of an entry."""
        stack = [result]
        while stack:
            entry = stack[-1]
            if entry in self.nodes:
                stack.pop()
                continue
            if entry in self.found.laws:
                if not self.numbers:
                    self.numbers.append(leaf(np.zeros(()), "step"))
                self.nodes[entry] = self.found.laws[entry].node(self.numbers[0])
                continue
            waiting = [operand for operand in entry.operands if operand not in self.nodes]
            if waiting:
                stack += waiting
                continue
            if not entry.operands:
                self.nodes[entry] = self._constant(entry)
                continue
            operands = [self.nodes[operand] for operand in entry.operands]
            if entry in self.found.picks:
                pick = self.found.picks[entry]
                self.nodes[entry] = pick.made(entry.operation, operands, self.nodes[pick.mask])
                continue
            attributes = _wide(entry.attributes(self.at))
            self.nodes[entry] = apply(entry.operation, *operands, name=entry.name, **attributes)
        return self.nodes[result]

    def loss(self, loss: Loss) -> Node | None:
        """The loss of one step, a number, from the nodes of the trace that it is made of.

        A total of earlier steps that it is added to does not count. None where it is known only of a step of
        another kind.
        """
        if loss.entry is not None:
            return _shared(self.node(loss.entry), loss)
        kinds = self.found.aligned.kinds
        if len(set(kinds)) > 1 and kinds[self.at] != loss.kind:
            return None
        copies: dict[Node, Node] = {}
        for each in loss.line():
            entry = loss.known.get(root(each, 0))
            if entry is not None:
                copies[each] = self.node(entry)
            elif each.operation == "identity" and each.operands[0] in copies:
                copies[each] = copies[each.operands[0]]
            elif each.operands and not loss.is_older(each):
                given = [copies[operand] for operand in each.operands]
                if each in loss.picks:
                    pick = loss.picks[each]
                    copies[each] = pick.made(each.operation, given, self.nodes[pick.mask])
                    continue
                copies[each] = apply(each.operation, *given, name=each.name, **_wide(each.attributes))
            else:
                total = loss.is_total(each)
                value = np.zeros_like(np.asarray(each.value, dtype=np.float64)) if total else each.value
                copies[each] = constant(value, each.name)
        return _shared(copies[loss.node], loss)


def _shared(node: Node, loss: Loss) -> Node:
    scalar = as_number(node)
    return scalar if loss.share == 1.0 else apply("multiply", scalar, loss.share)


def _wide(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes with float64 for every floating type."""
    return {
        name: np.float64 if name == "dtype" and np.dtype(value).kind == "f" else value
        for name, value in attributes.items()
    }


def _alike(tables: Sequence[Table]) -> list[list[Table]]:
    """Tables with the same rows together, as they may be read transposed as well; the largest first.

    The kernel gathers rows of two arrays: the largest is one of them alone, so that its products are BLAS's.
    """
    kinds: dict[bytes, list[Table]] = {}
    for table in tables:
        digest = hashlib.blake2b(np.ascontiguousarray(table.rows).data).digest()
        kinds.setdefault(digest, []).append(table)
    return sorted(kinds.values(), key=lambda alike: -alike[0].rows.shape[1])


def _in_rows(value: Any, rows: int, turn: bool) -> Array:
    """What a step has drawn as rows, one for each sample.

    Raises
    ------
    RetrainError
        When it is not drawn sample by sample.
    """
    array = np.asarray(value, dtype=np.float64)
    if array.size % rows or (rows > 1 and array.shape[1 if turn else 0 : 2 if turn else 1] != (rows,)):
        raise RetrainError("The program draws random numbers in every step, but not for every sample alike.")
    return (array.T if turn else array).reshape(rows, -1)


def _placed(row: Node, table: Table, shape: tuple[int, ...]) -> Node:
    """The value of a step from the rows that it gathers."""
    if table.place is not None:
        row = apply("index", row, index=(table.place,))
    if table.axis not in (None, 0) and np.shape(row.value)[-1] > 1:
        row = apply("transpose", row, axes=None)
    return row if np.shape(row.value) == shape else apply("reshape", row, shape=shape)
