"""What the faults propose, as far as it changes one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from backproof.check.grades import VANISHES, parallel
from backproof.check.place import Place
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, make
from backproof.faults.missing_term import addends
from backproof.faults.wrong_scale import multiples
from backproof.graph import Node
from backproof.mend.inwards.evaluation import Change, Evaluation, Values

CHANGED = 1e-4  # relative: a constant that is nearer to one changes nothing
HANDED = 30  # values that could be handed to a function instead
SAME = 1e-6  # relative: the constants of one statement at several points


class Options:
    """Corrections by the statements that they change; those of a constant are made as one is needed."""

    def __init__(self, places: Sequence[Place], candidates: Sequence[Correction]) -> None:
        self.corrections = list(candidates)
        self.places = places
        self._uses: dict[Place, dict[Node, list[Edge]]] = {}
        self._by_site = defaultdict[int, list[int]](list)
        for number, correction in enumerate(self.corrections):
            for site in {part.place.site.number for part in correction.parts}:
                self._by_site[site].append(number)
        self._place_of = {place.site.number: place for place in places}
        self._constants: dict[tuple[int, float], list[int]] = {}

    def inside(
        self, here: Evaluation, wanted: Values, given: Sequence[Change]
    ) -> Iterator[tuple[int, list[Change]]]:
        """The corrections that change what a statement gives, each with its changes there; cheapest first."""
        yield from self.written(here)
        for number in self._terms(here, wanted, given):
            yield from self._one(here, number)
        for site in reversed(self._sites(here)):  # the whole of an expression before its parts
            constant = self._constant(here, site, wanted, given)
            for number in self._multiples(site, constant) if constant is not None else ():
                yield from self._one(here, number)

    def written(self, here: Evaluation) -> Iterator[tuple[int, list[Change]]]:
        """Those of them that do not hang on what the statement has to give."""
        numbers = {number for site in self._sites(here) for number in self._by_site[site]}
        for number in sorted(numbers, key=lambda number: self.corrections[number].cost):
            yield from self._one(here, number)

    def _one(self, here: Evaluation, number: int) -> Iterator[tuple[int, list[Change]]]:
        changes = self.changes(here, number)
        if changes:
            yield number, changes

    def _sites(self, here: Evaluation) -> list[int]:
        """The expressions of a statement that something can be written for."""
        return [place.site.number for place in self.places if self._edges(here, place)]

    def _edges(self, here: Evaluation, place: Place) -> list[Edge]:
        """The uses of a place in one evaluation of a statement; its whole value counts as one."""
        if place not in self._uses:
            made = defaultdict[Node, list[Edge]](list)
            for edge in place.edges:
                made[edge.consumer].append(edge)
                if edge.whole:
                    made[edge.operand].append(edge)
            self._uses[place] = dict(made)
        uses = self._uses[place]
        inner = [
            edge
            for node in here.line
            for edge in uses.get(node, ())
            if edge.consumer is node
            and (not edge.whole or edge.operand in here.inside or place.site.statement == here.statement)
        ]
        outer = [edge for edge in uses.get(here.result, ()) if edge.operand is here.result]
        return [*inner, *outer[:1]]

    def changes(self, here: Evaluation, number: int) -> list[Change] | None:
        """What a correction changes in one evaluation of a statement; None where it cannot be."""
        changes = list[Change]()
        for part in self.corrections[number].parts:
            for edge in self._edges(here, part.place):
                node = part.build(edge)
                if node is None:
                    return None
                changes.append((edge, node))
        return changes

    def at_the_only_call(self, correction: Correction) -> list[Correction]:
        """What could be handed instead to a function that a correction changes and only one call uses."""
        place = correction.parts[0].place
        if not place.is_called_once:
            return []
        calls = place.calls
        handed = [c for c in self.corrections if c.parts[0].place.site.parent in calls and c.edits is None]
        return sorted(handed, key=lambda c: c.cost)[:HANDED]

    # ------------------------------------------------------------------ constants
    def _constant(self, here: Evaluation, site: int, wanted: Values, given: Sequence[Change]) -> float | None:
        """The number by which an expression has to be multiplied, so that the statement gives what is wanted.

        Nearly all that a backward pass writes is linear in its factors: so two values of the statement tell.
        """
        doubled = [
            (edge, node)
            for edge in self._edges(here, self._place_of[site])
            if (node := make("multiply", edge.operand, 2.0)) is not None
        ]
        constants = list[float]()
        for point, each in enumerate(wanted):
            single, double = here.value(given, point), here.value([*given, *doubled], point)
            if single is None or double is None or not np.shape(single) == np.shape(double) == np.shape(each):
                return None
            owed = np.asarray(double, dtype=float) - single
            share = parallel(each - np.asarray(single, dtype=float) + owed, owed)
            if share is None or not 0 < share < VANISHES or abs(share - 1) < CHANGED:
                return None
            constants.append(share)
        return constants[0] if max(constants) - min(constants) <= SAME * max(constants) else None

    def _terms(self, here: Evaluation, wanted: Values, given: Sequence[Change]) -> list[int]:
        """What could be added to all that a statement gives."""
        place = self._place_of.get(here.result.origin.site)
        values = [here.value(given, point) for point in range(len(wanted))]
        if place is None or any(np.shape(v) != np.shape(w) for v, w in zip(values, wanted, strict=True)):
            return []
        begun = len(self.corrections)
        rest = [np.asarray(w - v, dtype=float) for v, w in zip(values, wanted, strict=True)]
        instead = {edge.operand: node for edge, node in given}
        self.corrections += addends(place, here.result, rest, instead)
        return list(range(begun, len(self.corrections)))

    def _multiples(self, site: int, constant: float) -> list[int]:
        key = site, round(constant, 9)
        if key not in self._constants:
            begun = len(self.corrections)
            self.corrections += multiples(self._place_of[site], (constant,))
            self._constants[key] = list(range(begun, len(self.corrections)))
        return self._constants[key]
