"""Mistakes in what nothing reads any more, since another mistake ignores it.

A backward function that leaves out the gradient that it is handed makes idle all that has computed that one,
with the mistakes in it: they show only together with what reads it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from backproof.check.place import places
from backproof.check.trial import Bench, Edge
from backproof.faults.correction import Correction
from backproof.faults.corrections import corrections
from backproof.graph import Node, ancestors, quietly
from backproof.mend.tried import Tried, attempt, is_better, kept

MOST = 40  # corrections that read idle values, the cheapest first
Change = tuple[Edge, Node]


class Behind:
    """The corrections of the idle values of one step."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    @cached_property
    def _corrections(self) -> list[tuple[Correction, frozenset[Node]]]:
        """All of them, each with the values that it changes."""
        with quietly():
            found = [c for place in places(self.bench, self.bench.idle) for c in corrections(place)]
        return [(c, frozenset(e.consumer for part in c.parts for e in part.place.edges)) for c in found]

    def read_by(self, changes: Iterable[Change]) -> set[Node]:
        """The idle values that some changes are computed from."""
        if not self.bench.idle:
            return set()
        read = {node for node in self.bench.read(changes) - self.bench.main if node.operands}
        return set(ancestors(read)) - self.bench.main - self.bench.forward if read else set()

    def search(
        self, before: Sequence[Change], openers: Iterable[Correction], states: tuple[int, ...], limit: int
    ) -> list[Tried]:
        """The correction of an idle value that helps most, behind the one of the ``openers`` that reads it.

        Without openers behind the changes ``before``. None where none helps.
        """
        if not self.bench.idle:
            return []
        best: list[Tried] = []
        ways = [(), *((tried,) for tried in self._reading(openers, states))]
        for way in ways:
            changes = (*before, *(change for tried in way for change in tried.changes))
            read = self.read_by(changes)
            if not read:
                continue
            for correction, changed in self._corrections:
                if self.bench.work > limit:
                    return best
                tried = attempt(self.bench, correction, changes, states) if changed & read else None
                if tried is not None and (not best or is_better(tried, best[-1])):
                    best = [*way, tried]
        return best

    def _reading(self, openers: Iterable[Correction], states: tuple[int, ...]) -> list[Tried]:
        """Those of the openers that read idle values."""
        found: list[Tried] = []
        for correction in sorted(openers, key=lambda c: c.cost):
            new = kept(self.bench, correction)
            if new is not None and self.read_by(new):
                found.append(Tried(correction, tuple(new), states))
            if len(found) == MOST:
                break
        return found
