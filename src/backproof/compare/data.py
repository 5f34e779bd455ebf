"""The data of a training: all samples, how they were drawn, what the targets are made of, their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from backproof.compare.network import Network, Port
from backproof.compare.seen import SHAPED, UNCOMPUTED, Seen
from backproof.graph import OPERATIONS, Node, ancestors
from backproof.health.samples import Choice, chosen_rows
from backproof.step.drawing import Law, law_of
from backproof.step.update import time_of

Array = np.ndarray[Any, Any]
MOST = 5_000  # samples that are gathered


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Source:
    """Where the samples of a port come from.

    ``values`` are all samples, shape ``(count, width)``; ``complete`` says that there are no others.
    ``choices`` are the nodes that take a sample out of an array; ``items`` the samples where each is a value
    of its own. ``anew`` says that the samples are drawn in each step.
    """

    port: Port
    values: Array
    complete: bool
    choices: tuple[Choice, ...] = ()
    items: tuple[Node, ...] = ()
    anew: bool = False

    @property
    def holder(self) -> Node:
        """The node whose law is that of the samples."""
        node = self.port.node
        while node.operation in SHAPED or (node.operation == "stack" and len(node.operands) == 1):
            if not node.operands:
                break
            node = node.operands[0]
        if len(self.choices) == 1 and node is self.choices[0].node:
            return node.operands[0]
        return self.port.node


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """All samples of a training, as far as they are known."""

    seen: Seen
    network: Network

    @cached_property
    def inputs(self) -> tuple[Source, ...]:
        """Where the inputs come from."""
        return self._sources[: len(self.network.inputs)]

    @cached_property
    def targets(self) -> tuple[Source, ...]:
        """Where the targets come from."""
        return self._sources[len(self.network.inputs) :]

    @cached_property
    def _sources(self) -> tuple[Source, ...]:
        ports = (*self.network.inputs, *self.network.targets)
        found = [source(self.seen, port) for port in ports]
        if any(each.complete for each in found) or any(each.anew for each in found):
            return tuple(found)
        rows = [each.values for each in found]
        if len({len(r) for r in rows}) != 1:
            return tuple(found)
        count = _period(np.concatenate(rows, axis=1))
        return (
            tuple(replace(s, values=s.values[:count], complete=True) for s in found)
            if count
            else tuple(found)
        )

    def values(self, sources: Sequence[Source]) -> Array | None:
        """The samples of several ports side by side, ``(count, width)``; None where they do not match."""
        counts = {len(each.values) for each in sources}
        if len(counts) != 1:
            return None
        return np.concatenate([each.values for each in sources], axis=1)

    @cached_property
    def laws(self) -> list[Law | None]:
        """The law that each number of an input was drawn by."""
        trace, found = self.seen.step.trace, list[Law | None]()
        for each in self.inputs:
            law = law_of(trace, each.holder)
            if law is not None and law.kind == "constant" and np.ptp(each.values) > 0:
                law = None  # that of one sample
            found += [law] * each.values.shape[1]
        return found

    @cached_property
    def count(self) -> int | None:
        """How many samples there are."""
        sources = (*self.inputs, *self.targets)
        counts = {len(each.values) for each in sources}
        known = all(each.complete for each in sources) and len(counts) == 1
        return counts.pop() if known else None

    @property
    def anew(self) -> bool:
        """Is every sample drawn when it is learned?"""
        return any(each.anew for each in self.inputs)

    def relation(self, samples: Array) -> Array | None:
        """The targets that the program would make of other inputs; None where it makes them otherwise."""
        if not self.targets:
            return None
        try:
            return self._related(samples)
        except UNCOMPUTED:
            return None

    def _related(self, samples: Array) -> Array | None:
        trace, found = self.seen.step.trace, []
        for sample in samples:
            table: dict[Node, Any] = {}
            place = 0
            for each in self.inputs:
                _fill(each, sample[place : place + each.port.width], table)
                place += each.port.width
            ends = [each.port.node for each in self.targets]
            line = ancestors(ends, stop=table.__contains__)
            if any(n in trace.random and n not in table for n in line) or not all(
                _reaches(end, table) for end in ends
            ):
                return None
            with np.errstate(all="ignore"):
                for node in line:
                    if node not in table and any(o in table for o in node.operands):
                        operands = [table.get(o, o.value) for o in node.operands]
                        table[node] = OPERATIONS[node.operation].value(*operands, **node.attributes)
            found.append(np.concatenate([each.port.first(table[each.port.node]) for each in self.targets]))
        return np.array(found)

    @cached_property
    def order(self) -> str | None:
        """How samples are learned: ``all``, ``in turn``, ``random``, ``anew``; None where it is not known."""
        if self.anew:
            return "anew"
        values = self.values((*self.inputs, *self.targets))
        if self.count is None or values is None:
            return None
        if self.network.batch >= self.count or self.count == 1:
            return "all"
        return _order(self._positions(values), self.count, self._shuffled)

    def _positions(self, values: Array) -> list[Array] | None:
        """The numbers of the samples of each step."""
        places: dict[bytes, int] = {}
        for k, row in enumerate(values):
            places.setdefault(row.tobytes(), k)
        found = []
        ports = (*self.network.inputs, *self.network.targets)
        for table in self.seen.series:
            rows = [port.rows(table.get(port.node, port.node.value)) for port in ports]
            if len({len(r) for r in rows}) != 1:
                return None
            numbers = [places.get(row.tobytes()) for row in np.concatenate(rows, axis=1)]
            if any(n is None for n in numbers):
                return None
            found.append(np.array(numbers))
        return found

    @cached_property
    def _shuffled(self) -> bool:
        """Was the array that the samples are taken from brought into another order?"""
        trace = self.seen.step.trace
        for each in self.inputs:
            for choice in each.choices:
                pool = choice.node.operands[0]
                site = (
                    trace.sites[pool.origin.site]
                    if pool.origin is not None and pool.origin.site >= 0
                    else None
                )
                index = pool.attributes.get("index")
                permuted = pool.operation == "index" and isinstance(index, np.ndarray) and index.ndim == 1
                if permuted or (site is not None and ("shuffle" in site.text or "permut" in site.text)):
                    return True
        return False


def _order(positions: list[Array] | None, count: int, shuffled: bool) -> str | None:
    if positions is None or len(positions) < 4:
        return None
    line = np.concatenate(positions)
    batch = len(positions[0])
    following = (np.diff(line) == 1) | ((line[1:] == 0) & (line[:-1] >= count - 2 * batch))
    if np.all(following):
        return "random" if shuffled else "in turn"
    if len(set(np.diff(line).tolist())) == 1 or len(set(line.tolist())) < 3:
        return None
    return "random"


def source(seen: Seen, port: Port) -> Source:
    """Find all samples of a port."""
    base, first = port.node, seen.judgement.windows[0].start
    same = all(np.array_equal(v, base.value) for v in seen.values(base))
    if port.held > 1 and (same if len(seen.series) > 1 else time_of(base) < first):
        return Source(port, port.rows(base.value), True)
    if seen.drawn(base):
        return Source(port, _known(seen, port), False, anew=True)
    choices = _choices(seen, base, first)
    if choices:
        values = _gathered(port, choices)
        if values is not None:
            return Source(port, values, len(values) < MOST, tuple(choices))
    items = _items(seen, base, first)
    if len(items) > 1 and all(any(np.array_equal(i.value, v) for i in items) for v in seen.values(base)):
        return Source(
            port, np.array([np.ravel(i.value) for i in items], dtype=float), True, items=tuple(items)
        )
    return Source(port, _known(seen, port), False)


def _known(seen: Seen, port: Port) -> Array:
    """The samples of all steps that were seen."""
    return np.concatenate([port.rows(value) for value in seen.values(port.node)])


def _period(rows: Array) -> int | None:
    """After how many samples they come again in the same order; None where they do not."""
    for count in range(1, len(rows) // 2 + 1):
        if np.array_equal(rows[count:], rows[:-count]):
            return count
    return None


def _root(node: Node) -> Node:
    while node.operation in SHAPED and node.operands:
        node = node.operands[0]
    return node


def _choices(seen: Seen, base: Node, first: int) -> list[Choice]:
    """The nodes by which a sample was taken out of arrays; none where they do not take the same rows."""
    inside = time_of(base) >= first
    changing = {n for table in seen.series for n in table}
    taken = [
        choice
        for node in ancestors([base])
        if node in changing
        and node.operation == "index"
        and node.operands[0] not in changing
        and (choice := chosen_rows(node, time_of(node))) is not None
    ]
    if taken:
        return taken if len({(c.count, c.rows) for c in taken}) == 1 else []
    found: dict[Node, Choice] = {}
    for node in ancestors([base], stop=lambda n: inside and chosen_rows(n, first) is not None):
        if not inside and node.operation == "index" and _root(node.operands[0]).operation == "index":
            continue  # a part of a part
        choice = chosen_rows(node, first if inside else time_of(node))
        if choice is not None:
            found[node] = choice
    kinds = {(c.count, c.rows) for c in found.values()}
    return list(found.values()) if len(kinds) == 1 else []


def _gathered(port: Port, choices: Sequence[Choice]) -> Array | None:
    """All samples: what is made of every row of the arrays as it is made of those of the step."""
    count, size = choices[0].count, len(choices[0].rows)
    line = ancestors([port.node], stop={c.node for c in choices}.__contains__)
    found = list[Array]()
    for start in range(0, min(count, MOST), size):
        start = min(start, count - size)
        table = {c.node: c.of(np.arange(start, start + size)) for c in choices}
        try:
            with np.errstate(all="ignore"):
                for node in line:
                    if node not in table and any(o in table for o in node.operands):
                        operands = [table.get(o, o.value) for o in node.operands]
                        table[node] = OPERATIONS[node.operation].value(*operands, **node.attributes)
            rows = port.rows(table[port.node])
        except UNCOMPUTED:
            return None
        found.append(rows[-(count - len(found) * size) :] if count - len(found) * size < size else rows)
    values = np.concatenate(found)
    return values[:MOST]


def _items(seen: Seen, base: Node, first: int) -> list[Node]:
    """The values that were made as a sample was, at the same place, before the training."""
    if base.origin is None or time_of(base) >= first:
        return []
    mark = (base.origin.site, base.origin.frame, base.operation, np.shape(base.value))
    return [
        n
        for n in seen.step.trace.nodes
        if n.origin is not None
        and time_of(n) < first
        and (n.origin.site, n.origin.frame, n.operation, np.shape(n.value)) == mark
    ]


def _fill(each: Source, sample: Array, table: dict[Node, Any]) -> None:
    """Put one sample in the place of all that an input is taken from."""
    for choice in each.choices:
        pool = choice.node.operands[0]
        array = np.array(table.get(pool, pool.value), dtype=float)
        index = choice.node.attributes["index"]
        parts = list(index) if choice.position is not None else [index]
        parts[choice.position or 0] = slice(None)
        view = array[tuple(parts)]
        axis = sum(not isinstance(p, int | np.integer) for p in parts[: choice.position or 0])
        rows = np.moveaxis(view, axis, 0)
        rows[...] = np.reshape(sample, rows.shape[1:])
        table[pool] = array
    if not each.choices:
        table[each.port.node] = each.port.filled(sample)


def _reaches(end: Node, table: dict[Node, Any]) -> bool:
    return any(n in table for n in ancestors([end], stop=table.__contains__))
