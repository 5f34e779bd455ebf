"""The true values of one step by their shapes: adjoints, parts of them, and slopes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backproof.check.catalogue import Catalogue, Entry
from backproof.graph import Node
from backproof.mend.derived.substitution import Values
from backproof.mend.inwards.evaluation import is_same

FAR = 10**6
DIGITS = 8  # by which values are told apart
NEAR, TINY = 1e-6, 1e-300  # relative, and not: how far the sizes of what is the same may be apart


class Truths:
    """Leaves that stand for true values, and which of them a value is."""

    def __init__(self, catalogue: Catalogue, scales: Sequence[float], own: Sequence[float]) -> None:
        self.catalogue, self.scales, self.own = catalogue, tuple(scales), tuple(own)
        self.values = Values(catalogue, {})
        self.leaves = frozenset(catalogue.bench.step.leaves)
        self._shaped: dict[tuple[int, ...], list[tuple[Node, Entry, float]]] = {}
        self._different: dict[tuple[int, ...], list[tuple[Node, Entry, float]]] = {}
        self._right: dict[Node, bool] = {}
        self._sizes: dict[tuple[int, ...], Any] = {}
        self._far: dict[Node, dict[Node, int]] = {}

    def shaped(self, shape: tuple[int, ...]) -> list[tuple[Node, Entry, float]]:
        """All that have a shape: each a leaf with its values, the entry that it stands for, and its scale."""
        if shape not in self._shaped:
            self._shaped[shape] = [
                (self.values.leaf(entry, scale), entry, scale)
                for entry in self.catalogue.shaped.get(shape, ())
                for scale in self._scales(entry)
            ]
        return self._shaped[shape]

    def _scales(self, entry: Entry) -> tuple[float, ...]:
        """The constants in front of an entry: that of a parameter may be a change of it already."""
        if entry.kind == "local":
            return (1.0,)
        own = self.own if entry.of in self.leaves else ()
        return tuple(dict.fromkeys((*self.scales, *own)))

    def behind(self, wanted: Sequence[Any], shape: tuple[int, ...]) -> list[tuple[Node, Entry, float]]:
        """All of a shape that differ, those first that the derivation computes a value from.

        The nearest in the forward pass come first.
        """
        called = self.called(wanted)
        every = self.different(shape)
        if called is None:
            return every
        far = self._distances(called[1].of)
        return sorted(every, key=lambda each: far.get(each[1].through or each[1].of, FAR))

    def different(self, shape: tuple[int, ...]) -> list[tuple[Node, Entry, float]]:
        """One of all that have the same values, best the adjoint of what a whole statement gives."""
        if shape not in self._different:
            chosen: dict[tuple[bytes, ...], tuple[Node, Entry, float]] = {}
            for each in sorted(self.shaped(shape), key=lambda each: not self.is_whole(each[1])):
                chosen.setdefault(self._digits(each[0]), each)
            self._different[shape] = list(chosen.values())
        return self._different[shape]

    def _digits(self, true: Node) -> tuple[bytes, ...]:
        """The leading digits of a value at each point."""
        values = [np.asarray(table[true], dtype=float) for table in self.catalogue.bench.base]
        sizes = [float(np.max(np.abs(v), initial=0.0)) or 1.0 for v in values]
        return tuple(
            (np.round(v / size, DIGITS) + 0.0).tobytes() + f"{size:.{DIGITS}e}".encode()
            for v, size in zip(values, sizes, strict=True)
        )

    def is_whole(self, entry: Entry) -> bool:
        """Is this the adjoint of what a statement of the forward pass gives, or of a parameter?"""
        origin: Any = entry.of.origin
        if origin is None or origin.site < 0 or not entry.of.operands:
            return True
        site = self.catalogue.bench.step.trace.sites[origin.site]
        return site.statement is None or site.parent in (None, site.statement)

    def _distances(self, start: Node) -> dict[Node, int]:
        """How many operations of the forward pass lie between a value and what is computed from it."""
        if start not in self._far:
            found, layer = {start: 0}, [start]
            bench = self.catalogue.bench
            while layer:
                users = [u for n in layer for u in bench.consumers.get(n, ()) if u in bench.forward]
                layer = [u for u in dict.fromkeys(users) if u not in found]
                found.update((u, found[min(u.operands, key=lambda o: found.get(o, FAR))] + 1) for u in layer)
            self._far[start] = found
        return self._far[start]

    def called(self, wanted: Sequence[Any]) -> tuple[Node, Entry, float] | None:
        """The true value that has these values at the points; the first where several have.

        Best a whole adjoint: what comes of that of a shared bias by one of its uses is that of the sum too.
        """
        first: tuple[Node, Entry, float] | None = None
        for each in self.alike(wanted):
            if each[1].kind == "adjoint":
                return each
            first = first or each
        return first

    def alike(self, wanted: Sequence[Any]) -> Iterator[tuple[Node, Entry, float]]:
        """All true values that have these values at the points."""
        tables, shape = self.catalogue.bench.base, np.shape(wanted[0])
        every, size = self.shaped(shape), float(np.linalg.norm(np.ravel(wanted[0])))
        if shape not in self._sizes:
            self._sizes[shape] = np.array([np.linalg.norm(np.ravel(tables[0][true])) for true, _, _ in every])
        near = np.abs(self._sizes[shape] - size) <= NEAR * size + TINY  # what is the same is as large
        for each in (every[k] for k in np.flatnonzero(near).tolist()):
            if all(is_same(table[each[0]], value) for table, value in zip(tables, wanted, strict=True)):
                yield each

    def holds(self, node: Node) -> bool:
        """Is a value of the backward pass one of them?"""
        if node not in self._right:
            tables = self.catalogue.bench.base
            self._right[node] = next(self.alike([table[node] for table in tables]), None) is not None
        return self._right[node]
