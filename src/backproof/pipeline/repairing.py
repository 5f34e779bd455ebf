"""The repair of a step that is wrong: under which of its losses, at which scale, in which view of it."""

from __future__ import annotations

from dataclasses import replace

from backproof.check.data import written_out
from backproof.check.grades import RIGHT
from backproof.check.judgement import Judgement
from backproof.check.scales import rescaled
from backproof.check.trial import Bench
from backproof.diagnosis.conviction import convincing
from backproof.mend import WORK, Repair, Tried, forward_axis, located, search
from backproof.mend.ties import (
    at_stated_rate,
    borrows_rate,
    gives_up_rate,
    is_at_its_rate,
    is_constant,
    is_off_by_a_constant,
    is_slower,
    is_tied,
    unhurried,
    without_constants,
)

AS_BY_AN_AXIS = {"wrong-scale", "upstream-ignored"}  # what a softmax over the wrong axis looks like as well
SEVERAL = 3  # corrections, which one might do for
LETTER = 2  # characters of a name that may stand in anything
MUCH = 2 * WORK  # so much is enough for a step in which nothing was found
OTHERWISE = WORK // 3  # to search again in the same step, seen otherwise


def repaired(judgement: Judgement) -> tuple[Judgement, Repair]:
    """Search for a repair; of losses that explain as much, take the one that needs the fewest corrections.

    Of several with as many, one with which the program is surely wrong.
    """
    rivals = (judgement, *judgement.rivals)  # the squared loss, which most programs descend, comes first
    benches = [Bench.of(j.step, j.verdict) for j in rivals]
    found = [(j, search(bench), k) for k, (j, bench) in enumerate(zip(rivals, benches, strict=True))]
    fewest = min((_badness(other, k)[:2] for _, other, k in found))
    found = [entry for entry in found if _badness(entry[1], 0)[:2] == fewest]
    sure = [entry for entry in found if len(found) > 1 and convincing(*entry[:2])]
    judgement, repair, _ = min(sure or found, key=lambda entry: _badness(entry[1], entry[2]))
    judgement, repair = _at_other_scales(judgement, repair)
    if sum(bench.work for bench in benches) < MUCH:
        judgement, repair = _written_out(judgement, repair)
    judgement, repair = _with_cheaper_constants(judgement, repair)
    judgement, repair = _at_its_rate(judgement, repair)
    repair = _by_one(judgement, repair)
    explained_by = {tried.correction.rule for tried in repair.steps}
    doubtful = not (repair.complete and convincing(judgement, repair)) or not explained_by.isdisjoint(
        AS_BY_AN_AXIS
    )
    if judgement.step.hypothesis.stated and doubtful:  # a softmax of the whole batch is the batch's size off
        axis = forward_axis(Bench.of(judgement.step, judgement.verdict))
        if axis is not None:
            states = (RIGHT,) * len(judgement.step.parameters)
            repair = Repair((Tried(axis, (), states),), True, states)
    return judgement, repair


def _by_one(judgement: Judgement, repair: Repair) -> Repair:
    """The repair by one true value that can be written, where else so many corrections would be made.

    Or where of two the one puts back what the other takes away.
    """
    if len(repair.steps) < SEVERAL and not _puts_back(repair):
        return repair
    bench = Bench.of(judgement.step, judgement.verdict)
    found = located(bench, Repair((), False, bench.initial))
    right = all(state == RIGHT for state in found.states)
    return found if len(found.steps) == 1 and right and found.written else repair


def _puts_back(repair: Repair) -> bool:
    """Does a correction write what another one has replaced?"""
    corrections = [tried.correction for tried in repair.steps]
    return any(
        a.site.text in (b.expected or "") and a.site.text not in b.site.text and len(a.site.text) > LETTER
        for a in corrections
        for b in corrections
        if a is not b
    )


def _written_out(judgement: Judgement, repair: Repair) -> tuple[Judgement, Repair]:
    """Search in what the backward pass makes of data alone as well, where that makes more gradients right."""
    step = None if repair.complete else written_out(judgement.step)
    if step is None:
        return judgement, repair
    other = search(Bench.of(step, judgement.verdict), OTHERWISE)
    more = other.complete or other.states.count(RIGHT) > repair.states.count(RIGHT)
    return (replace(judgement, step=step), other) if more else (judgement, repair)


def _at_other_scales(judgement: Judgement, repair: Repair) -> tuple[Judgement, Repair]:
    """Take the scale of fewer gradients for the right one, where then fewer corrections do.

    Or that of as many, where their steps are the smaller ones; or that of the stated loss at the rate that
    the program writes, where one constant explains the others as well.
    """
    first, tied = judgement.verdict, is_tied(judgement.verdict, repair)
    stated = judgement.step.hypothesis.stated
    off = stated and is_off_by_a_constant(judgement.verdict, repair)
    doubtful = tied or off or not repair.complete or len(repair.steps) > 1
    for verdict in rescaled(judgement.step, first) if doubtful else ():
        other = search(Bench.of(judgement.step, verdict), OTHERWISE)
        fewer = _badness(other, 0)[:2] < _badness(repair, 0)[:2]
        likelier = tied and (is_slower(verdict, first) or borrows_rate(repair))
        better = (likelier and is_constant(other) and not borrows_rate(other)) or (
            is_at_its_rate(verdict)
            and not is_at_its_rate(first)
            and (
                (off and any(verdict.right) and len(other.steps) == 1)
                or (stated and gives_up_rate(repair, verdict))
            )
        )
        if other.complete and (fewer or better):
            judgement, repair = replace(judgement, verdict=verdict), other
    return judgement, repair


def _with_cheaper_constants(judgement: Judgement, repair: Repair) -> tuple[Judgement, Repair]:
    """Take the scale of a gradient behind another mistake for the right one, where less is changed then."""
    for verdict in without_constants(judgement, repair):
        now, borrowed = judgement.verdict, borrows_rate(repair)
        if not borrowed and now.scales and is_slower(now, verdict) and sum(verdict.right) <= sum(now.right):
            continue  # no more gradients have it, and what goes too far lacks the divisor of the others
        other = search(Bench.of(judgement.step, verdict), OTHERWISE)
        worse = borrows_rate(other), _badness(other, 0)
        if worse < (borrowed, _badness(repair, 0)):
            judgement, repair = replace(judgement, verdict=verdict), other
    return judgement, repair


def _at_its_rate(judgement: Judgement, repair: Repair) -> tuple[Judgement, Repair]:
    """Give an update its rate that lacks it, where as many corrections do, and take it from no other.

    Or of two constants take the one for right with which the gradients of a stated loss have its rate.
    """
    if not repair.complete or len(repair.steps) < 2:
        return judgement, repair
    verdict = unhurried(judgement, repair) or at_stated_rate(judgement, repair)
    if verdict is None:
        return judgement, repair
    other = search(Bench.of(judgement.step, verdict, firm=True), OTHERWISE)
    if other.complete and len(other.steps) <= len(repair.steps):
        return replace(judgement, verdict=verdict), other
    return judgement, repair


def _badness(repair: Repair, position: int) -> tuple[bool, int, float]:
    cost = sum(tried.correction.cost for tried in repair.steps)
    return (not repair.complete, len(repair.steps), cost + 0.5 * position)
