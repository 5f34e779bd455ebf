"""Search for the smallest set of corrections that makes every gradient true on the graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from backproof.check.grades import RIGHT
from backproof.check.place import Place, places
from backproof.check.scoring import score
from backproof.check.trial import Bench, Edge
from backproof.faults.correction import Correction
from backproof.faults.corrections import corrections, proposals
from backproof.faults.wrong_scale import after
from backproof.graph import Node
from backproof.mend.behind import Behind
from backproof.mend.blame import NONE, Blames
from backproof.mend.derived import Deriver
from backproof.mend.inwards import from_updates
from backproof.mend.progress import Progress
from backproof.mend.reach import Reach
from backproof.mend.tried import Tried, attempt, built, gain, gained, is_better
from backproof.source import Span

MOST = 8  # corrections in one program
HINTS = 2  # corrections that some rounds of a statement want, to begin with
AHEAD = 2  # corrections before one that helps no gradient by itself
FURTHER = 800_000  # work to look ahead
BEAM, WIDE = 4, 40  # corrections that are gone on from, and among which others are looked for first
MANY = 2  # corrections; where more are needed, the first may have done no more than to turn a sign about
OTHERWISE = 3  # other repairs, where the mended program does not do what the graph does
WORK = 2_000_000  # of a search, as the bench counts it: some seconds
TOTAL = 1.6  # times that, for all ways to search together
LEAST = 2  # that part of it is left to go on from a correction that helps
DEARER = 0.6  # than the cheapest correction: one that leaves more as it is may cost so much more
ALIKE = 0.06  # between the costs of one correction at several places
MORE = 2  # characters that another place for a correction may take
CONSTANTS = frozenset({"wrong-scale", "forward-backward-mismatch", "sign-flipped", "extra-factor"})
FACTORS = frozenset({"missing-factor", "extra-factor"})  # which fit anywhere on the way
ANEW = 1_000_000  # more where the cheapest correction changes what is right
LONG = 400  # values of a backward pass
INWARDS = 2_000_000  # to go through the statements from the updates inwards
FEW = 2  # corrections of statements by themselves: with more, a constant may be split between two
DERIVING = 1_000_000  # more for the true values that are tried where no correction helps, each time


@dataclass(frozen=True, slots=True, eq=False)
class Repair:
    """The corrections chosen, in the order of choice, and the states of the parameters after each."""

    steps: tuple[Tried, ...]
    complete: bool
    states: tuple[int, ...]

    @property
    def written(self) -> bool:
        """Is known of every correction how it is written?"""
        return all(tried.correction.edits != () for tried in self.steps)


def search(bench: Bench, work: int = WORK, rule: str | None = None) -> Repair:
    """Choose corrections one after the other, each the one that helps most, until every gradient is right.

    Where one correction does, that is all. Else each statement is looked at by itself, from the updates
    inwards; and where that does not explain everything, what helps is added up. A correction helps when it
    brings a parameter nearer to the truth (from wrong, to parallel, to right) and none further away; of those
    that help alike the cheapest is taken. Where that takes many, or leads nowhere, the line of the first is
    left as it is, and what helps without it is looked for. ``rule`` names the only fault of statements that
    is looked for.
    """
    searching, fresh = _Search(bench, rule), Repair((), False, bench.initial)
    inwards, until = None, bench.work + int(TOTAL * work)
    if rule is None and len(bench.main) > LONG:  # then it is dear to try each correction on the whole step
        inwards = searching.inwards(work)
        if inwards.complete and _is_placed(inwards):
            return searching.placed(inwards)
    found = searching.first(work)
    if found.complete:
        return found
    if inwards is None:
        inwards = searching.inwards(work) if rule is None else fresh
    if inwards.complete and len(inwards.steps) <= FEW:
        return searching.placed(inwards)
    hinted = fresh if inwards.complete else searching.from_hints(work // LEAST)
    if hinted.complete and len(hinted.steps) <= FEW:
        return hinted
    left = max(until - bench.work, work // LEAST if found.steps else 0)
    found = searching.run(found, min(work, left), derive=False)
    if found.steps and (len(found.steps) > MANY or not found.complete):
        searching.closed = {searching.line_of(found.steps[0].correction)}
        other = searching.run(fresh, min(work // 4, until - bench.work), derive=False)
        found = min(found, other, key=_left)
    rivals = [inwards, found] if inwards.complete else [found, inwards]
    return searching.placed(min([*rivals, *([hinted] if hinted.complete else [])], key=_left))


def located(bench: Bench, repair: Repair, work: int = WORK) -> Repair:
    """Go on where no named correction helps: by the true value of the expression that goes wrong first.

    That explains any difference, so it is for programs that are surely wrong. What it leaves complete is
    not called so.
    """
    return _Search(bench).run(repair, work, derive=True)


def alternatives(bench: Bench, repair: Repair) -> Iterator[Repair]:
    """Search for other complete repairs, without what one consists of: at the points it looked as right.

    Of several corrections each in turn is left out; a single one with all that took its place before.
    """
    fresh, steps = Repair((), False, bench.initial), repair.steps
    searching = _Search(bench)
    for k in range(OTHERWISE):
        if len(repair.steps) == 1:
            searching.barred.update(_key(tried.correction) for tried in steps)
        elif k < len(repair.steps):
            searching.barred = {_key(repair.steps[-1 - k].correction)}
        else:
            return
        found = searching.run(fresh, WORK, derive=False)
        if found.complete:
            steps = found.steps
            yield found
        elif len(repair.steps) == 1:
            return


def _key(correction: Correction) -> tuple[object, ...]:
    """What makes it the same correction when it is proposed again."""
    site = correction.site
    return correction.rule, site.file, site.span, tuple((p.text, p.place.site.span) for p in correction.parts)


class _Search:
    """The places of a bench, and everything that the faults propose for them.

    ``barred`` are keys of corrections that are not to be chosen, ``closed`` lines that are not to be edited.
    """

    def __init__(self, bench: Bench, rule: str | None = None) -> None:
        self.bench = bench
        self.every = list(places(bench))
        with np.errstate(all="ignore"):
            self.candidates = [c for c in proposals(self.every) if rule in (None, c.rule)]
            if rule is None:
                self.candidates += [c for place in self.every for c in corrections(place)]
        self.reach = Reach(bench)
        self.blames = Blames(bench)
        self.behind = Behind(bench)
        self.progress: Progress | None = None
        # a loss that explains nothing as the step stands could be made to fit anything
        self.known_loss = bench.step.hypothesis.stated or RIGHT in bench.initial
        self.hints: tuple[Correction, ...] = ()  # what the statements by themselves want in some rounds
        self.barred = set[tuple[object, ...]]()
        self.closed = set[tuple[str, int]]()

    def first(self, work: int) -> Repair:
        """The one correction that helps most, if one does."""
        initial = self.bench.initial
        with np.errstate(all="ignore"):
            best = self.named((), initial, [], self.bench.work + work)
        if best is None:
            return Repair((), all(s == RIGHT for s in initial), initial)
        return Repair((best,), all(s == RIGHT for s in best.states), best.states)

    def inwards(self, work: int) -> Repair:
        """The repair of the statements that are wrong in themselves, seen from the updates."""
        work = min(INWARDS, work)
        steps: tuple[Tried, ...] = ()
        if self.known_loss:
            steps, self.hints = from_updates(self.bench, self.every, self.candidates, work)
        states = steps[-1].states if steps else self.bench.initial
        return Repair(steps, all(s == RIGHT for s in states), states)

    def placed(self, repair: Repair) -> Repair:
        """The repair with each constant and factor where the least is to blame, given the other corrections.

        From the updates inwards the first statement is taken for wrong that could be.
        """
        steps = list(repair.steps)
        for k, own in enumerate(steps if repair.complete and len(steps) > 1 else ()):
            if own.correction.rule not in CONSTANTS | FACTORS:
                continue
            others = [*steps[:k], *steps[k + 1 :]]
            changes = [change for old in others for change in old.changes]
            with np.errstate(all="ignore"):
                states = score(self.bench, changes, self.bench.initial) or self.bench.initial
                best = self.named(tuple(changes), states, others, self.bench.work + ANEW)
            if best is None or best.states != repair.states:
                continue
            longer = _written(best.correction) > _written(own.correction) + MORE
            if best.correction.rule != own.correction.rule or not longer:
                steps[k] = best
        return Repair(tuple(steps), repair.complete, repair.states)

    def from_hints(self, work: int) -> Repair:
        """A complete repair that begins with what some rounds of a statement want; or none."""
        for hint in self.hints[:HINTS]:
            changes = built(hint)
            begun = Tried(hint, tuple(changes or ()), self.bench.initial)
            found = self.run(Repair((begun,), False, self.bench.initial), work // HINTS, derive=False)
            if found.complete:
                return found
        return Repair((), False, self.bench.initial)

    def run(self, repair: Repair, work: int, derive: bool) -> Repair:
        """Add corrections to those of a repair."""
        with np.errstate(all="ignore"):
            return self._run(repair, work, derive)

    def _run(
        self, repair: Repair, work: int, derive: bool, among: Sequence[Correction] | None = None
    ) -> Repair:
        limit = self.bench.work + work
        chosen, states = list(repair.steps), repair.states
        deriver: Deriver | None = None
        known = not derive  # a repair to go on from is one that no named correction helps
        while len(chosen) < MOST and any(s != RIGHT for s in states):
            changes = tuple(change for old in chosen for change in old.changes)
            best = self.named(changes, states, chosen, limit, among) if known else None
            if best is None and derive:
                deriver = deriver or Deriver(self.bench, self.every, self.reach)
                taken = [old.correction for old in chosen]
                found = deriver.best(changes, states, taken, self.bench.work + DERIVING)
                best, known = Tried(*found) if found is not None else None, True
            if best is None and not derive and among is None and self.known_loss:
                hidden = self._behind(chosen, states, limit)
                chosen, best = [*chosen, *hidden[:-1]], hidden[-1] if hidden else None
            if best is None and not derive and among is None and len(chosen) < AHEAD and self.known_loss:
                further = self._looking_ahead(Repair(tuple(chosen), False, states), limit)
                if further is not None:
                    return further
            if best is None:
                break
            chosen.append(best)
            states = best.states
        complete = all(s == RIGHT for s in states) and not any(old.correction.derived for old in chosen)
        return Repair(tuple(chosen), complete, states)

    def named(
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

    def _behind(self, chosen: list[Tried], states: tuple[int, ...], limit: int) -> list[Tried]:
        """A correction of what nothing reads, behind those chosen, or behind one more that reads it."""
        before = tuple(change for old in chosen for change in old.changes)
        openers = (
            [] if self.behind.read_by(before) else [c for c in self.candidates if self._is_open(c, chosen)]
        )
        return self.behind.search(before, openers, states, min(limit, self.bench.work + FURTHER))

    def _looking_ahead(self, repair: Repair, limit: int) -> Repair | None:
        """The smallest complete repair that goes on with a correction which helps no gradient alone.

        What has to go with it is looked for among those first that promise something themselves.
        """
        promising = self._promising(repair, min(limit, self.bench.work + FURTHER))
        likely = [tried.correction for tried in promising[:WIDE]]
        for among, work in ((likely, FURTHER), (None, FURTHER // BEAM)):
            found: list[Repair] = []
            for first in promising[:BEAM]:
                begun = Repair((*repair.steps, first), False, repair.states)
                rest = self._run(begun, min(work, limit - self.bench.work), False, among)
                if rest.complete:
                    found.append(rest)
            if found:
                return min(found, key=_size)
        return None

    def _promising(self, repair: Repair, limit: int) -> list[Tried]:
        """The corrections that bring the step nearest to the truth, though no gradient is right by them."""
        self.progress = self.progress or Progress(self.bench)
        usable: list[Tried] = []
        for correction in sorted(self.candidates, key=lambda c: c.cost):
            reached = self.reach.of([part.place for part in correction.parts], repair.states)
            new = built(correction) if reached and self._is_open(correction, list(repair.steps)) else None
            if new is not None:
                usable.append(Tried(correction, tuple(new), repair.states))
        before = tuple(change for old in repair.steps for change in old.changes)
        ways = [tried.changes for tried in usable]
        return [usable[k] for k in self.progress.nearest(before, ways, repair.states, limit)]

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
        tried = (
            attempt(self.bench, correction, changes, states) if self._is_open(correction, chosen) else None
        )
        return tried if tried is not None and (best is None or is_better(tried, best)) else best

    def _is_open(self, correction: Correction, chosen: list[Tried]) -> bool:
        """May a correction be chosen: is it not barred, and does it edit nothing that is edited already?"""
        if any(overlap(correction, old.correction) for old in chosen):
            return False
        if self.closed and self.line_of(correction) in self.closed:
            return False
        return not self.barred or _key(correction) not in self.barred

    @staticmethod
    def line_of(correction: Correction) -> tuple[str, int]:
        """The line of a correction's first edit."""
        site = correction.parts[0].place.site
        return site.file, site.span.row

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
            if not self._is_open(correction, chosen):
                continue
            tried = attempt(self.bench, correction, changes, states)
            if tried is None or gain(tried.states) < gain(cheapest.states):
                continue
            other = blames.of(correction, tried.changes, tried.states)
            if other < blame:
                best, blame = tried, other
        return best


def _written(correction: Correction) -> int:
    """How many characters more are written than stood there."""
    return len(correction.expected or "") - len(correction.site.text)


def _is_placed(repair: Repair) -> bool:
    """Could what it writes stand nowhere else, as a constant or a factor could?"""
    return len(repair.steps) != 1 or repair.steps[0].correction.rule not in CONSTANTS | FACTORS


def _left(repair: Repair) -> tuple[bool, int, int]:
    """How much a repair leaves wrong, and how much it takes."""
    return not repair.complete, -repair.states.count(RIGHT), len(repair.steps)


def _size(repair: Repair) -> tuple[int, float]:
    return len(repair.steps), sum(tried.correction.cost for tried in repair.steps)


def overlap(a: Correction, b: Correction) -> bool:
    """Do two corrections edit the same text?"""
    first = [(p.place.site.file, p.span or p.place.site.span) for p in a.parts]
    second = [(p.place.site.file, p.span or p.place.site.span) for p in b.parts]
    return any(f == g and _cross(x, y) for f, x in first for g, y in second)


def _cross(a: Span, b: Span) -> bool:
    return (a.row, a.column) < (b.end_row, b.end_column) and (b.row, b.column) < (a.end_row, a.end_column)


__all__ = ["Place", "Repair", "Tried", "alternatives", "located", "overlap", "search"]
