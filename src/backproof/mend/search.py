"""Search for the smallest set of corrections that makes every gradient true on the graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial

from backproof.check.grades import RIGHT
from backproof.check.scoring import score
from backproof.check.trial import Bench
from backproof.faults.correction import Correction
from backproof.graph import quietly
from backproof.mend.behind import Behind
from backproof.mend.choice import MOVABLE, Choice
from backproof.mend.derived import Deriver
from backproof.mend.inwards import from_updates
from backproof.mend.outwards import from_loss
from backproof.mend.progress import Progress
from backproof.mend.repair import Repair, identity, line_of, remainder, size
from backproof.mend.through_time import through_time
from backproof.mend.ties import are_constants
from backproof.mend.tried import Tried, built, kept

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
MORE = 2  # characters that another place for a correction may take
SHORT = 100_000  # to look for what reaches few gradients, where a step is long: one correction, or two
LONG = 400  # values of a backward pass
INWARDS = 2_000_000  # to go through the statements from the updates inwards
FEW = 2  # corrections of statements by themselves: with more, a constant may be split between two
PLACING = 1_000_000  # to look for a better place of one correction
DERIVING = 1_000_000  # more for the true values that are tried where no correction helps, each time


def search(bench: Bench, work: int = WORK, rule: str | None = None) -> Repair:
    """Choose corrections one after the other, each the one that helps most, until every gradient is right.

    Where one correction does, that is all; in a long step only where it is soon found. Else each statement is
    looked at by itself, from the updates inwards and from the loss outwards; and where that does not explain
    everything, what helps is added up. A correction helps when it brings a parameter nearer to the truth
    (from wrong, to parallel, to right) and none further away; of those that help alike the cheapest is taken.
    Where that takes many, or leads nowhere, the line of the first is left as it is, and what helps without it
    is looked for. ``rule`` names the only fault of statements that is looked for.
    """
    searching, fresh = _Search(bench, rule), Repair((), False, bench.initial)
    inwards, outwards, begun = fresh, fresh, bench.work
    until = begun + int(TOTAL * work)
    long = rule is None and len(bench.main) > LONG
    if long:  # then it is dear to try each correction on the whole step
        found = searching.first(min(SHORT, work))
        if found.complete and bench.work - begun < min(SHORT, work):
            return found
        apart = searching.apart(min(SHORT, work))
        if apart.complete:
            return searching.placed(apart)
        outwards = searching.outwards(work // LEAST)
        until += bench.work - begun
        if not outwards.complete:
            inwards = searching.inwards(work)
        if inwards.complete and _is_placed(inwards):
            return searching.placed(inwards)
    found = searching.first(work // LEAST if outwards.complete else work)
    if found.complete:
        return found
    if rule is None and (carried := searching.through_time()) is not None:
        return carried
    if rule is None and not long:
        inwards = searching.inwards(work)
    if inwards.complete and len(inwards.steps) <= FEW:
        return searching.placed(inwards)
    if rule is None and not long and not inwards.complete:
        begun = bench.work
        outwards = searching.outwards(work // LEAST)
        until += bench.work - begun
    if outwards.complete:
        return searching.placed(outwards)
    hinted = fresh if inwards.complete else searching.from_hints(work // LEAST)
    if hinted.complete and len(hinted.steps) <= FEW:
        return hinted
    left = max(until - bench.work, work // LEAST if found.steps else 0)
    found = searching.run(found, min(work, left), derive=False)
    if found.steps and (len(found.steps) > MANY or not found.complete):
        searching.choice.closed = {line_of(found.steps[0].correction)}
        other = searching.run(fresh, min(work // 4, until - bench.work), derive=False)
        found = min(found, other, key=remainder)
    rivals = [inwards, found] if inwards.complete else [found, inwards]
    return searching.placed(min([*rivals, *([hinted] if hinted.complete else [])], key=remainder))


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
            searching.choice.barred.update(identity(tried.correction) for tried in steps)
        elif k < len(repair.steps):
            searching.choice.barred = {identity(repair.steps[-1 - k].correction)}
        else:
            return
        found = searching.run(fresh, WORK, derive=False)
        if found.complete:
            steps = found.steps
            yield found
        elif len(repair.steps) == 1:
            return


class _Search:
    """The ways to search in one step, over one choice of corrections."""

    def __init__(self, bench: Bench, rule: str | None = None) -> None:
        self.bench = bench
        self.choice = Choice(bench, rule)
        self.behind = Behind(bench)
        self.progress: Progress | None = None
        # a loss that explains nothing as the step stands could be made to fit anything
        self.known_loss = bench.step.hypothesis.stated or RIGHT in bench.initial
        self.hints: tuple[Correction, ...] = ()  # what the statements by themselves want in some rounds

    def first(self, work: int) -> Repair:
        """The one correction that helps most, if one does."""
        initial = self.bench.initial
        with quietly():
            best = self.choice.best((), initial, [], self.bench.work + work)
        if best is None:
            return Repair((), all(s == RIGHT for s in initial), initial)
        return Repair((best,), all(s == RIGHT for s in best.states), best.states)

    def apart(self, work: int) -> Repair:
        """A complete repair by few corrections where no gradient that is right is computed; or none.

        What is wrong on the way to gradients that are right would make them wrong as well.
        """
        fresh, initial = Repair((), False, self.bench.initial), self.bench.initial
        among = self.choice.apart(initial) if self.known_loss and RIGHT in initial else []
        found = self.run(fresh, work, derive=False, among=among) if among else fresh
        return found if found.complete and len(found.steps) <= FEW else fresh

    def through_time(self) -> Repair | None:
        """The repair by what comes back through the states of a recurrent network; None where it is none."""
        with quietly():
            tried = through_time(self.bench, self.choice.every) if self.known_loss else None
        return None if tried is None else Repair((tried,), True, tried.states)

    def inwards(self, work: int) -> Repair:
        """The repair of the statements that are wrong in themselves, seen from the updates."""
        work = min(INWARDS, work)
        steps: tuple[Tried, ...] = ()
        if self.known_loss:
            steps, self.hints = from_updates(self.bench, self.choice.every, self.choice.candidates, work)
        states = steps[-1].states if steps else self.bench.initial
        return Repair(steps, all(s == RIGHT for s in states), states)

    def placed(self, repair: Repair) -> Repair:
        """The repair with each constant and factor where the least is to blame, given the other corrections.

        From the updates inwards the first statement is taken for wrong that could be.
        """
        steps = list(repair.steps)
        for k, own in enumerate(steps if repair.complete and len(steps) > 1 else ()):
            if own.correction.rule not in MOVABLE:
                continue
            others = [*steps[:k], *steps[k + 1 :]]
            changes = [change for old in others for change in old.changes]
            with quietly():
                states = score(self.bench, changes, self.bench.initial) or self.bench.initial
                best = self.choice.best(tuple(changes), states, others, self.bench.work + PLACING)
            if best is None or best.states != repair.states:
                continue
            longer = _written(best.correction) > _written(own.correction) + MORE
            turned = best.correction.parts[0].span is not None and best.correction.cost < own.correction.cost
            if best.correction.rule != own.correction.rule or turned or not longer:
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

    def outwards(self, work: int) -> Repair:
        """A complete repair by few corrections, begun with what makes the first statements true; or none."""
        fresh = Repair((), False, self.bench.initial)
        if not self.known_loss:
            return fresh
        for chain in from_loss(self.bench, self.choice.every, self.choice.candidates, work):
            begun = tuple(Tried(c, tuple(built(c) or ()), self.bench.initial) for c in chain)
            changes = [change for tried in begun for change in tried.changes]
            states = score(self.bench, changes, self.bench.initial) or self.bench.initial
            begun = (*begun[:-1], replace(begun[-1], states=states))
            rest = self.run(Repair(begun, False, states), work // LEAST, derive=False)
            if rest.complete and len(rest.steps) <= FEW and not are_constants(rest):
                return rest
        return fresh

    def run(
        self, repair: Repair, work: int, derive: bool, among: Sequence[Correction] | None = None
    ) -> Repair:
        """Add corrections to those of a repair, of all or ``among`` some."""
        with quietly():
            return self._run(repair, work, derive, among)

    def _run(
        self, repair: Repair, work: int, derive: bool, among: Sequence[Correction] | None = None
    ) -> Repair:
        limit = self.bench.work + work
        chosen, states = list(repair.steps), repair.states
        deriver: Deriver | None = None
        known = not derive  # a repair to go on from is one that no named correction helps
        while len(chosen) < MOST and any(s != RIGHT for s in states):
            changes = tuple(change for old in chosen for change in old.changes)
            best = self.choice.best(changes, states, chosen, limit, among) if known else None
            if best is None and derive:
                deriver = deriver or Deriver(self.bench, self.choice.every, self.choice.reach)
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

    def _behind(self, chosen: list[Tried], states: tuple[int, ...], limit: int) -> list[Tried]:
        """A correction of what nothing reads, behind those chosen, or behind one more that reads it."""
        before = tuple(change for old in chosen for change in old.changes)
        openers = (
            []
            if self.behind.read_by(before)
            else [c for c in self.choice.candidates if self.choice.is_open(c, chosen)]
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
                return min(found, key=size)
        return None

    def _promising(self, repair: Repair, limit: int) -> list[Tried]:
        """The corrections that bring the step nearest to the truth, though no gradient is right by them."""
        self.progress = self.progress or Progress(self.bench)
        usable = [
            correction
            for correction in sorted(self.choice.candidates, key=lambda c: c.cost)
            if self.choice.reach.of([part.place for part in correction.parts], repair.states)
            and self.choice.is_open(correction, repair.steps)
        ]
        before = tuple(change for old in repair.steps for change in old.changes)
        ways = [
            cache(partial(kept, self.bench, correction)) for correction in usable
        ]  # most are beyond the limit
        nearest = self.progress.nearest(before, ways, repair.states, limit)
        return [Tried(usable[k], tuple(ways[k]() or ()), repair.states) for k in nearest]


def _written(correction: Correction) -> int:
    """How many characters more are written than stood there."""
    return len(correction.expected or "") - len(correction.site.text)


def _is_placed(repair: Repair) -> bool:
    """Could what it writes stand nowhere else, as a constant or a factor could?"""
    return len(repair.steps) != 1 or repair.steps[0].correction.rule not in MOVABLE
