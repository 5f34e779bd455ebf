"""The choice of the next correction: the one that helps most, and of those that help alike the likeliest."""

from __future__ import annotations

from collections.abc import Sequence

from backproof.check.place import places
from backproof.check.trial import Bench, Edge
from backproof.faults.correction import Correction
from backproof.faults.corrections import corrections, proposals
from backproof.faults.wrong_scale import after
from backproof.graph import Node, quietly
from backproof.mend.blame import NONE, Blames
from backproof.mend.reach import Reach
from backproof.mend.repair import identity, line_of, overlap
from backproof.mend.tried import Tried, attempt, gain, gained, is_better

DEARER = 0.6  # than the cheapest correction: one that leaves more as it is may cost so much more
ALIKE = 0.06  # between the costs of one correction at several places
CONSTANTS = frozenset({"wrong-scale", "forward-backward-mismatch", "sign-flipped", "extra-factor"})
FACTORS = frozenset({"missing-factor", "extra-factor"})  # which fit anywhere on the way
MOVABLE = CONSTANTS | FACTORS
SHARE = 4  # one in so many corrections is apart from what is right; where more are, little is won by it
ANEW = 1_000_000  # more where the cheapest correction changes what is right


class Choice:
    """The places of a bench, and everything that the faults propose for them.

    ``barred`` are what makes corrections the same that are not to be chosen, ``closed`` lines that are not to
    be edited. ``rule`` names the only fault of statements that is looked for.
    """

    def __init__(self, bench: Bench, rule: str | None = None) -> None:
        self.bench = bench
        self.every = list(places(bench))
        with quietly():
            self.candidates = [c for c in proposals(self.every) if rule in (None, c.rule)]
            if rule is None:
                self.candidates += [c for place in self.every for c in corrections(place)]
        self.reach = Reach(bench)
        self.blames = Blames(bench)
        self.barred = set[tuple[object, ...]]()
        self.closed = set[tuple[str, int]]()

    def best(
        self,
        changes: tuple[tuple[Edge, Node], ...],
        states: tuple[int, ...],
        chosen: list[Tried],
        limit: int,
        among: Sequence[Correction] | None = None,
    ) -> Tried | None:
        """The correction that helps most, of all or ``among`` some; None where none does."""
        candidates = self.candidates if among is None else among
        ranked = sorted(
            (-bound, c.cost, k)
            for k, c in enumerate(candidates)
            if (bound := self.reach.of([p.place for p in c.parts], states))
        )
        best: Tried | None = None
        for negative, cost, k in ranked:
            if best is not None and -negative <= gained(best, states):
                if -negative < gained(best, states):
                    break  # nothing that follows reaches as many parameters
                if cost >= best.correction.cost:
                    continue
            correction = candidates[k]
            if self.bench.work > limit:
                break
            best = self._bettered(best, correction, changes, states, chosen)
        if best is None and chosen and among is None:
            best = self._constant(changes, states, chosen, limit)
        if best is None or among is not None:
            return best
        return self._least_to_blame(best, ranked, changes, states, chosen)

    def apart(self, states: tuple[int, ...]) -> list[Correction]:
        """The corrections that change no parameter that is right, where they are few of all."""
        found = [c for c in self.candidates if self.reach.spares([part.place for part in c.parts], states)]
        return found if len(found) * SHARE <= len(self.candidates) else []

    def open_beside(self, chosen: Sequence[Tried]) -> list[Correction]:
        """The corrections that may be chosen beside others."""
        return [correction for correction in self.candidates if self.is_open(correction, chosen)]

    def is_open(self, correction: Correction, chosen: Sequence[Tried]) -> bool:
        """May a correction be chosen: is it not barred, and does it edit nothing that is edited already?"""
        if any(overlap(correction, old.correction) for old in chosen):
            return False
        if self.closed and line_of(correction) in self.closed:
            return False
        return not self.barred or identity(correction) not in self.barred

    def _constant(
        self,
        changes: tuple[tuple[Edge, Node], ...],
        states: tuple[int, ...],
        chosen: list[Tried],
        limit: int,
    ) -> Tried | None:
        """The constant that helps most, of those that could not be seen behind what is mended already."""
        best: Tried | None = None
        ratios = self.bench.ratios(changes, states)
        for place in self.every:
            if self.bench.work > limit or not self.reach.of([place], states):
                continue
            for correction in after(place, changes, ratios):
                best = self._bettered(best, correction, changes, states, chosen)
        return best

    def _bettered(
        self,
        best: Tried | None,
        correction: Correction,
        changes: tuple[tuple[Edge, Node], ...],
        states: tuple[int, ...],
        chosen: list[Tried],
    ) -> Tried | None:
        """The better of the best so far and a correction, where that may be chosen and helps."""
        tried = attempt(self.bench, correction, changes, states) if self.is_open(correction, chosen) else None
        return tried if tried is not None and (best is None or is_better(tried, best)) else best

    def _least_to_blame(
        self,
        best: Tried,
        ranked: list[tuple[int, float, int]],
        changes: tuple[tuple[Edge, Node], ...],
        states: tuple[int, ...],
        chosen: list[Tried],
    ) -> Tried:
        """Of the corrections that help as much and cost little more, the one that leaves the most as it is.

        A constant that is missing at the end of the chain rule could be put anywhere before it.
        """
        blames = Blames(self.bench, changes, states) if changes else self.blames
        blame, limit = blames.of(best.correction, best.changes, best.states), self.bench.work + ANEW
        cheapest, gain_of_best = best, gained(best, states)
        is_constant = best.correction.rule in CONSTANTS
        if not is_constant and (best.correction.rule not in FACTORS or not blame[1]):
            return best  # nothing that was true is changed
        dearer = DEARER if is_constant and blame[:2] != NONE[:2] else ALIKE
        for negative, cost, k in sorted(ranked, key=lambda entry: entry[1]):
            if cost > cheapest.correction.cost + dearer or self.bench.work > limit:
                break
            correction = self.candidates[k]
            if cost < cheapest.correction.cost or -negative < gain_of_best or correction is best.correction:
                continue
            if not self.is_open(correction, chosen):
                continue
            tried = attempt(self.bench, correction, changes, states)
            if tried is None or gain(tried.states) < gain(cheapest.states):
                continue
            other = blames.of(correction, tried.changes, tried.states)
            if other < blame:
                best, blame = tried, other
        return best
