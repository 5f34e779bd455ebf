"""Another step of the program, in which gradients are wrong that are right in the one that was judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from backproof.check.allowances import NEARER, before_bounds
from backproof.check.compare import compare
from backproof.check.judgement import Judgement, under
from backproof.check.metric import nothing_moves
from backproof.check.steps import telling_windows
from backproof.graph import ancestors
from backproof.step import Hypothesis, Window, implied, stated
from backproof.step.update import time_of
from backproof.trace import Trace

LARGE = 4_000  # values of a step of which no other is looked at, once it is known to be wrong
WITHIN = frozenset({"clip", "minimum", "maximum", "where", "sign"})


def counterexample(
    trace: Trace, found: list[Window], best: Judgement, judged: Callable[[Window], Judgement | None]
) -> Judgement | None:
    """Another step, in which gradients are wrong that are right in this one, under the same loss.

    Such as one whose data repeat an index, or one that takes another branch. ``judged`` judges a step anew,
    under whichever loss explains it best.
    """
    if not best.verdict.correct:
        return None
    same = best.step.hypothesis
    for other in telling_windows(trace, found, best.step.window):
        alike = list(under_the_same(trace, other, same))
        if any(each.verdict.correct or nothing_moves(each.verdict) for each in alike):
            continue
        judgement = judged(other)
        if judgement is None:
            continue
        known = judgement.step.hypothesis.declared or not same.declared
        if judgement.verdict.correct and (known or not _wrong_here(alike)):
            continue  # else it is right under a value that nobody calls a loss
        if not _is_of(judgement.step.hypothesis, other):
            continue
        alike = [judgement] if _same(judgement.step.hypothesis, same) else alike
        if alike and alike[0].finite and not _is_bounded(alike[0]):
            return alike[0]
    return None


def where_more_is_wrong(
    trace: Trace, found: list[Window], best: Judgement, judged: Callable[[Window], Judgement | None]
) -> Judgement | None:
    """The judgement of a step in which gradients are wrong beside those of this one, under the same loss.

    As where the data of this one repeat no index, and what is assigned for each should be added up.
    """
    if best.verdict.correct or not any(best.verdict.right) or len(best.step.copies) > LARGE:
        return None
    same = best.step.hypothesis
    if same.stated and same.node not in trace.nodes:
        return None  # a loss that is evaluated elsewhere may be of other data there
    known = _wrong(best)
    for other in telling_windows(trace, found, best.step.window):
        with np.errstate(all="ignore"):  # a wrong program may blow up
            alike = list(under_the_same(trace, other, same))
        if not any(each.finite and known < _wrong(each) for each in alike):
            continue
        each = judged(other)  # what the program does to its gradients is set aside
        if each is None or not each.finite or not _same(each.step.hypothesis, same):
            continue
        if any(each.verdict.right) and known < _wrong(each) and not _is_bounded(each):
            return replace(best, step=each.step, verdict=each.verdict)
    return None


def _wrong(judgement: Judgement) -> set[str]:
    """The names of the parameters whose gradients are wrong."""
    pairs = zip(judgement.step.parameters, judgement.verdict.right, strict=True)
    return {parameter.name for parameter, right in pairs if not right}


def where_more_count(trace: Trace, found: list[Window], best: Judgement) -> Judgement | None:
    """The judgement of a step in which fewer parameters are idle than in this right one, under the same loss.

    As where the first sample is a single word, on which the weights from word to word have no bearing.
    Gradients that are brought within bounds are judged as they are before.
    """
    idle = _idle(best)
    for other in telling_windows(trace, found, best.step.window) if best.verdict.correct and idle else ():
        for each in under_the_same(trace, other, best.step.hypothesis):
            if not each.finite or _idle(each) >= idle:
                continue
            step, verdict = each.step, each.verdict
            if not verdict.correct:
                step, verdict = before_bounds(step, verdict)
            return replace(best, step=step, verdict=verdict)
    return None


def under_the_same(trace: Trace, window: Window, hypothesis: Hypothesis) -> Iterator[Judgement]:
    """The judgements of another step under what is the same loss there, first that of the same expression.

    A name may stand for several values in turn, as for the squared errors of a sample and for their total.
    """
    losses = [*stated(trace, window), *implied(trace, window)]
    same = [h for h in losses if _same(h, hypothesis) and _is_of(h, window)]
    return under(
        trace, window, sorted(same, key=lambda h: (h.row, h.formula) != (hypothesis.row, hypothesis.formula))
    )


def _is_of(hypothesis: Hypothesis, window: Window) -> bool:
    """Is this a loss of a step's own data, and not of those of the step before, computed after its update?"""
    if not hypothesis.stated or not window.parameters:
        return True
    after = min(time_of(change.before) for change in window.parameters)
    return not after < time_of(hypothesis.node) < window.start


def _idle(judgement: Judgement) -> int:
    """On how many parameters does the loss not depend, with the data of this step?"""
    return sum(comparison.zero for comparison in judgement.verdict.comparisons)


def _wrong_here(judgements: Sequence[Judgement]) -> bool:
    """Are gradients wrong under all of these losses, however near to the program's own point?"""
    return not any(
        compare(each.step, spread=spread).correct for each in judgements for spread in (1.0, *NEARER)
    )


def _is_bounded(judgement: Judgement) -> bool:
    """Does anything in the way of a wrong gradient bring it within bounds, which may not be a mistake?

    What is taken of values of the forward pass, as the sign of an error, is a slope and no bound.
    """
    step, verdict = judgement.step, judgement.verdict
    if step.opened:
        return True
    forward = set(ancestors([step.loss]))
    wrong = [d for d, right in zip(step.descents, verdict.right, strict=True) if not right]
    return any(
        n.operation in WITHIN and n not in forward and not forward.issuperset(n.operands)
        for n in ancestors(wrong)
    )


def _same(hypothesis: Hypothesis, other: Hypothesis) -> bool:
    """Is this the same loss in another step, where a branch may write it in another way?"""
    if hypothesis.name != other.name:
        return False
    named = hypothesis.stated and other.stated and hypothesis.name is not None
    return named or hypothesis.formula == other.formula
