"""How far a change goes: which of the parameters that are not right depend on a place."""

from __future__ import annotations

from collections.abc import Iterable

from backproof.check.grades import RIGHT
from backproof.check.place import Place
from backproof.check.trial import Bench


class Reach:
    """How many parameters that are not right a change at some places can change."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.lines: dict[tuple[int, ...], frozenset[int]] = {}

    def of(self, places: Iterable[Place], states: tuple[int, ...]) -> int:
        """The number, for the present states."""
        return sum(states[k] != RIGHT for k in self._reached(places))

    def spares(self, places: Iterable[Place], states: tuple[int, ...]) -> bool:
        """Does a change at some places change no parameter that is right?"""
        return all(states[k] != RIGHT for k in self._reached(places))

    def _reached(self, places: Iterable[Place]) -> frozenset[int]:
        places = list(places)
        key = tuple(sorted({place.site.number for place in places}))
        if key not in self.lines:
            line = set(self.bench.affected([edge.consumer for place in places for edge in place.edges]))
            self.lines[key] = frozenset(k for k, d in enumerate(self.bench.step.descents) if d in line)
        return self.lines[key]
