"""What a right backward pass computes: the adjoints of the forward values, and the factors between them.

It says of a value of the hand-written backward pass which of these it is, if any, and offers those that might
belong at a place whose value is none of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from backproof.check.trial import Bench
from backproof.graph import Node, adjoints, ancestors, apply, constant, evaluate
from backproof.graph.adjoint import contribution
from backproof.graph.compositions import compositions, functions, hidden, quotients
from backproof.step.cut import dependent
from backproof.step.update import time_of

MOST = 4000  # forward values; a longer step is not catalogued
SAME = 1e-7
ROUGHLY = 1e-9  # of the square of a norm: a first look, since a difference of squares is rounded
Kind = Literal["adjoint", "path", "local"]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One true value: ``node``, computed from the forward pass and the loss.

    An ``adjoint`` is that of ``of``. A ``path`` is the part of it that comes through one use of ``of``, by
    ``through``. A ``local`` is the derivative of ``through``, an elementwise function, by its argument
    ``of``, or of a quotient by what is below its bar.
    """

    kind: Kind
    node: Node
    of: Node
    through: Node | None = None

    @property
    def key(self) -> tuple[str, int, int]:
        """What entries made by the same expressions in several rounds or calls have in common."""
        return (self.kind, _site(self.of), -1 if self.through is None else _site(self.through))

    @property
    def time(self) -> int:
        """When the forward pass came by."""
        return time_of(self.through if self.through is not None else self.of)


@dataclass(eq=False, repr=False)
class Catalogue:
    """The entries of one step, with their values at the points of its bench."""

    bench: Bench
    entries: list[Entry] = field(default_factory=list)
    tables: list[Mapping[Node, Any]] = field(default_factory=list)
    adjoint_of: dict[Node, Entry] = field(default_factory=dict)
    locals_at: dict[Node, list[Entry]] = field(default_factory=dict)
    shaped: dict[tuple[int, ...], list[Entry]] = field(default_factory=dict)
    stacked: dict[tuple[int, ...], list[tuple[Any, Any]]] = field(default_factory=dict)
    known: dict[Node, tuple[tuple[Entry, float], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, bench: Bench) -> Catalogue:
        """Catalogue a step; leave it empty where the step is too long."""
        catalogue = cls(bench)
        step = bench.step
        order = ancestors([step.loss])
        leaves = set(step.leaves)
        moving = dependent(order, leaves.intersection(order))
        forward = [n for n in order if n in moving]
        if len(forward) > MOST:
            return catalogue
        with np.errstate(all="ignore"):
            catalogue.entries = list(_entries(step.loss, forward))
        for entry in catalogue.entries:
            if entry.kind == "adjoint":
                catalogue.adjoint_of[entry.of] = entry
            elif entry.kind == "local":
                for node in (entry.of, entry.through):
                    if node is not None:
                        catalogue.locals_at.setdefault(node, []).append(entry)
            catalogue.shaped.setdefault(np.shape(entry.node.value), []).append(entry)
        nodes = [entry.node for entry in catalogue.entries]
        catalogue.tables = [evaluate(nodes, {**step.state, **point}) for point in bench.points]
        return catalogue

    def value(self, entry: Entry, point: int) -> Any:
        """The value of an entry at a point."""
        return self.tables[point][entry.node]

    def match(self, node: Node) -> tuple[Entry, float] | None:
        """The entry that a value of the backward pass is, and the constant that it is multiplied by."""
        return next(iter(self.matches(node)), None)

    def matches(self, node: Node) -> tuple[tuple[Entry, float], ...]:
        """All entries that a value is, each times a constant: a sum and its mean have parallel adjoints."""
        if node not in self.known:
            self.known[node] = tuple(self._matched(node))
        return self.known[node]

    def _matched(self, node: Node) -> Iterator[tuple[Entry, float]]:
        if node.operands and node in self.bench.base[0]:
            yield from self.recognised([table[node] for table in self.bench.base])

    def recognised(self, values: Sequence[Any]) -> Iterator[tuple[Entry, float]]:
        """All entries that a value, given at every point, is times a constant."""
        shape = np.shape(values[0])
        entries = [e for e in self.shaped.get(shape, ()) if e.kind != "local"]
        if not entries:
            return
        if shape not in self.stacked:
            stacks = [
                np.stack([np.ravel(np.asarray(t[e.node], dtype=float)) for e in entries]) for t in self.tables
            ]
            self.stacked[shape] = [(stack, np.einsum("ij,ij->i", stack, stack)) for stack in stacks]
        scales: Any = None
        for (stack, size), each in zip(self.stacked[shape], values, strict=True):
            value = np.ravel(np.asarray(each, dtype=float))
            norm = float(np.linalg.norm(value))
            with np.errstate(all="ignore"):
                c = (stack @ value) / size
                # few are parallel, and the others need no difference of arrays
                fits = (size > 0) & (norm > 0) & (np.abs(c * c * size - norm * norm) <= ROUGHLY * norm * norm)
                if scales is not None:
                    fits &= np.abs(scales - c) <= SAME * np.abs(c)
                for k in np.flatnonzero(fits).tolist() if len(value) > 1 else ():  # all numbers are parallel
                    fits[k] = np.linalg.norm(value - c[k] * stack[k]) <= SAME * norm
            if not fits.any():
                return
            scales = np.where(fits, c, np.nan)
        for k in np.flatnonzero(np.isfinite(scales)).tolist():
            yield entries[k], float(scales[k])

    def compact(self, entry: Entry) -> Node:
        """An entry as a textbook writes it: softmax, normalisations and activations differentiated whole."""
        whole = self._whole
        if entry.kind == "adjoint":
            of = entry.of
            while of not in whole and of in self._handed_on:
                of = self._handed_on[of]
            return whole.get(of, entry.node)
        if entry.kind == "path" and entry.through is not None and entry.through in whole:
            path = contribution(whole[entry.through], entry.through, entry.of)
            return entry.node if path is None else path
        return entry.node

    def is_adjoint(self, node: Node) -> bool:
        """Is a node of a compact entry an adjoint itself?"""
        return node in self._whole_nodes

    @cached_property
    def _handed_on(self) -> dict[Node, Node]:
        """The values that only get a name, as what a function returns, and that name."""
        users: dict[Node, list[Node]] = defaultdict(list)
        for node in (*self.adjoint_of, self.bench.step.loss):
            for operand in node.operands:
                users[operand].append(node)
        return {of: by[0] for of, by in users.items() if len(by) == 1 and by[0].operation == "identity"}

    @cached_property
    def _whole_nodes(self) -> frozenset[Node]:
        return frozenset(self._whole.values())

    @cached_property
    def _whole(self) -> dict[Node, Node]:
        """The adjoints of the values that no composition hides, where they equal the entries."""
        bench = self.bench
        loss, wanted = bench.step.loss, list(self.adjoint_of)
        found = compositions(ancestors([loss]), set(wanted), bench.base)
        inside = hidden(found.values())
        whole = adjoints(loss, [n for n in wanted if n not in inside], found)
        points = [{**bench.step.state, **point} for point in bench.points]
        tables = [evaluate(whole.values(), point) for point in points]
        return {
            of: node
            for of, node in whole.items()
            if all(
                np.allclose(new[node], old[self.adjoint_of[of].node], rtol=1e-6, atol=0)
                for new, old in zip(tables, self.tables, strict=True)
            )
        }

    def scales(self, nodes: Iterable[Node]) -> tuple[float, ...]:
        """The constants by which right values of the backward pass differ from adjoints, commonest first."""
        counts: dict[float, int] = defaultdict(int)
        for node in nodes:
            match = self.match(node)
            if match is not None:
                near = next((c for c in counts if abs(c - match[1]) <= SAME * abs(c)), match[1])
                counts[near] += 1
        common = sorted(counts, key=lambda c: -counts[c])[:3]
        return tuple(dict.fromkeys([*common, 1.0]))


def _entries(loss: Node, forward: Sequence[Node]) -> Iterator[Entry]:
    """Differentiate the loss by every forward value, and each value by its operands."""
    moving = set(forward)
    adjoint = adjoints(loss, forward)
    users: dict[Node, list[Node]] = defaultdict(list)
    for node in forward:
        for operand in set(node.operands) & moving:
            users[operand].append(node)
    for node in forward:
        if node is loss:
            continue
        yield Entry("adjoint", adjoint[node], node)
        if len(users[node]) > 1:
            for user in users[node]:
                path = contribution(adjoint[user], user, node)
                if path is not None:
                    yield Entry("path", path, node, user)
    for inner, outer in (*functions(forward), *quotients(forward)):
        yield Entry("local", _derivative(inner, outer), inner, outer)


def _derivative(inner: Node, outer: Node) -> Node:
    """Differentiate an elementwise function of one value by it: the cotangent of ones."""
    found = {outer: constant(np.ones(np.shape(outer.value)))}
    line = ancestors([outer], lambda node: node is inner)
    active = dependent(line, [inner])
    for node in reversed(line):
        if node is inner or node not in active or node not in found:
            continue
        path = {o: contribution(found[node], node, o) for o in set(node.operands) & active}
        for operand, term in path.items():
            if term is not None:
                found[operand] = apply("add", found[operand], term) if operand in found else term
    return found.get(inner, constant(np.zeros(np.shape(inner.value))))


def _site(node: Node) -> int:
    origin: Any = node.origin
    return -1 if origin is None else int(origin.site)
