"""What every round of a loop does alike: one round as the pattern, and what differs in the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backproof.derive.rounds import Loop
from backproof.graph import Node, ancestors, leaf, unnamed

FEWEST = 3  # rounds that are worth a loop


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Repeated:
    """A loop of a forward pass as one round that stands for all.

    ``pattern`` is the position of that round, ``positions`` those of all, in order. ``nodes`` are the
    values of the pattern, operands first. ``matched`` gives for each of them its fellow in each round, a leaf
    of data where that round begins with data. ``carried`` are values of the pattern that the next round
    reads, with what the first round reads in their place, None where it begins with what is computed from
    that; ``before`` gives for what the pattern reads from the round before the value that it is carried by.
    ``varying`` are values from outside that differ from round to round, in the order of rounds, ``fixed``
    those that are the same; ``handed`` are values that are read behind the loop in every round, and
    ``last`` those that are only read of the last.
    """

    loop: Loop
    pattern: int
    positions: tuple[int, ...]
    nodes: tuple[Node, ...]
    matched: Mapping[Node, tuple[Node, ...]]
    carried: Mapping[Node, Node | None]
    before: Mapping[Node, Node]
    varying: Mapping[Node, tuple[Node | None, ...]]
    fixed: tuple[Node, ...]
    handed: tuple[Node, ...]
    last: tuple[Node, ...]

    def number(self, position: int) -> int:
        """What the loop counts a round as."""
        return self.loop.rounds[position].number


def repeated(loop: Loop, loss: Node, moving: set[Node], recorded: Mapping[Node, Node]) -> Repeated | None:
    """One round that stands for all of a loop; None where they do not do the same.

    ``recorded`` are the nodes of the trace behind the leaves of the graph.
    """
    order = ancestors([loss])
    rounds: list[list[Node]] = [[] for _ in loop.rounds]
    where: dict[Node, int] = {}
    for node in order:
        position = loop.of(node) if node in moving else None
        if position is not None:
            rounds[position].append(node)
            where[node] = position
    filled = [k for k, nodes in enumerate(rounds) if nodes]
    if len(filled) < FEWEST or filled != list(range(filled[0], filled[-1] + 1)):
        return None
    pattern = filled[-2]
    keys = {k: _keys(rounds[k]) for k in filled}
    if any(found is None for found in keys.values()):
        return None
    return _Matcher(loop, loss, order, filled, pattern, rounds, where, keys, recorded).result()


def _keys(nodes: Sequence[Node]) -> dict[tuple[int, str, int], Node]:
    """The values of a round by their place in the source, and how often that was reached."""
    found: dict[tuple[int, str, int], Node] = {}
    counts: dict[tuple[int, str], int] = {}
    for node in sorted(nodes, key=lambda n: n.origin.time):
        place = (node.origin.site, node.operation)
        counts[place] = counts.get(place, 0) + 1
        found[(*place, counts[place])] = node
    return found


class _Matcher:
    """Holds every round against the pattern."""

    def __init__(
        self,
        loop: Loop,
        loss: Node,
        order: Sequence[Node],
        filled: Sequence[int],
        pattern: int,
        rounds: Sequence[Sequence[Node]],
        where: Mapping[Node, int],
        keys: Mapping[int, Mapping[tuple[int, str, int], Node]],
        recorded: Mapping[Node, Node],
    ) -> None:
        self.recorded = recorded
        self.loop, self.loss, self.order, self.where = loop, loss, order, where
        self.filled, self.pattern = list(filled), pattern
        self.nodes = tuple(rounds[pattern])
        self.rounds = rounds
        by_key = {node: key for key, node in keys[pattern].items()}
        self.fellows = {n: {k: keys[k].get(by_key[n]) for k in filled} for n in self.nodes}
        self.key_of = {k: set(keys[k]) for k in filled}
        self.carried: dict[Node, Node] = {}
        self.before: dict[Node, Node] = {}
        self.varying: dict[Node, dict[int, Node]] = {}
        self.fixed: dict[Node, None] = {}
        self.short: dict[Node, dict[int, Node]] = {}

    def result(self) -> Repeated | None:
        own = {self.fellows[n][self.pattern - 1]: n for n in self.nodes}
        for k in self.filled:
            if not self.key_of[k] <= self.key_of[self.pattern]:
                return None
        for k in self.filled:
            for node in self.nodes:
                fellow = self.fellows[node][k]
                if fellow is not None and not self._alike(node, fellow, k, own):
                    return None
        return self._made()

    def _alike(self, node: Node, fellow: Node, k: int, own: Mapping[Node | None, Node]) -> bool:
        """Does a value of round ``k`` come about as that of the pattern does?"""
        if len(node.operands) != len(fellow.operands) or not _same(node.attributes, fellow.attributes):
            return False
        return all(self._fits(o, f, k, own) for o, f in zip(node.operands, fellow.operands, strict=True))

    def _fits(self, operand: Node, fellow: Node, k: int, own: Mapping[Node | None, Node]) -> bool:
        position = self.where.get(operand)
        if position == self.pattern:
            expected = self.fellows[operand][k]
            return fellow is expected if expected is not None else self._cut(operand, fellow, k)
        if position == self.pattern - 1:
            source = own.get(operand)
            if source is None:
                return False
            if self.before.setdefault(operand, source) is not source:
                return False
            if k == self.filled[0]:
                if fellow in self.where:
                    return False
                return self.carried.setdefault(source, fellow) is fellow
            expected = self.fellows[source][k - 1]
            return fellow is expected if expected is not None else self._cut(source, fellow, k - 1)
        if position is not None or fellow in self.where:
            return False
        if operand.operation == "constant" and fellow.operation == "constant" and not np.ndim(operand.value):
            return bool(np.array_equal(operand.value, fellow.value))
        known = self.varying.setdefault(operand, {})
        return known.setdefault(k, fellow) is fellow

    def _cut(self, operand: Node, fellow: Node, k: int) -> bool:
        """A round that begins with data in the place of what depends on parameters in the others."""
        if fellow.operands or fellow in self.where or np.shape(fellow.value) != np.shape(operand.value):
            return False
        return self.short.setdefault(operand, {}).setdefault(k, fellow) is fellow

    def _begun(self, operand: Node, fellow: Node) -> None:
        """See what a round that begins with data computed that from: the state before the first round."""
        waiting = [(operand, self.recorded.get(fellow, fellow))]
        while waiting:
            here, there = waiting.pop()
            there = unnamed(there)
            if here in self.before:
                self.carried.setdefault(self.before[here], leaf(there.value))
            elif here in self.varying:
                self.varying[here].setdefault(self.filled[0], leaf(there.value))
            elif here.operation == there.operation and len(here.operands) == len(there.operands):
                waiting += zip(here.operands, there.operands, strict=True)

    def _made(self) -> Repeated | None:
        for operand, short in self.short.items():
            if self.filled[0] in short:
                self._begun(operand, short[self.filled[0]])
        matched: dict[Node, tuple[Node, ...]] = {}
        for node in self.nodes:
            short = self.short.get(node, {})
            found = [self.fellows[node][k] or short.get(k) for k in self.filled]
            matched[node] = tuple(f if f is not None else node for f in found)
        varying: dict[Node, tuple[Node | None, ...]] = {}
        for operand, fellows in self.varying.items():
            if all(fellow is operand for fellow in fellows.values()):
                self.fixed[operand] = None
            else:
                varying[operand] = tuple(fellows.get(k) for k in self.filled)
        carried: dict[Node, Node | None] = {s: self.carried.get(s) for s in self.before.values()}
        back = {fellow: (n, k) for n in self.nodes for k, fellow in self.fellows[n].items() if fellow}
        read: dict[Node, set[int]] = {}
        for user in self.order:
            for operand in user.operands:
                if operand in back and user not in self.where:
                    node, k = back[operand]
                    read.setdefault(node, set()).add(k)
        if self.loss in back:
            node, k = back[self.loss]
            read.setdefault(node, set()).add(k)
        last = tuple(n for n in self.nodes if read.get(n) == {self.filled[-1]})
        handed = tuple(n for n in self.nodes if n in read and n not in last)
        if any(read[n] != set(self.filled) for n in handed):
            return None
        return Repeated(
            self.loop, self.pattern, tuple(self.filled), self.nodes, matched, carried, self.before,
            varying, tuple(self.fixed), handed, last,
        )  # fmt: skip


def _same(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    if one.keys() != other.keys():
        return False
    return all(_equal(value, other[name]) for name, value in one.items())


def _equal(one: object, other: object) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(_equal(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(np.asarray(one), np.asarray(other))
    return type(one) is type(other) and one == other
