"""Several who are trained, each under a loss of its own: side by side, in turn, or one against the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from backproof.check.judgement import Judgement, under
from backproof.check.unreached import climbers, steps_of
from backproof.graph import adjoints, ancestors
from backproof.step import TrainingStep, Window, implied
from backproof.step.change import root
from backproof.step.turns import within
from backproof.trace import Trace

JudgedAlone = Callable[[list[Window]], Judgement | None]  # the steps of one of them, judged by themselves


def side_by_side(groups: list[list[Window]], judged_alone: JudgedAlone) -> Judgement | None:
    """Judge parameters that are trained side by side or in turn, each under its own loss: the first wrong.

    None where there is but one group, or where none of them is right: then it is one step after all.
    """
    found = [judged_alone(group) for group in groups]
    judged = [judgement for judgement in found if judgement is not None]
    if not judged or len(judged) < len(found) or not any(each.verdict.correct for each in judged):
        return None
    first, *others = judged
    wrong = next((each for each in judged if not each.verdict.correct), None)
    return wrong or replace(first, beside=tuple(others))


def turn_by_turn(found: list[Window], window: Window, judged_alone: JudgedAlone) -> Judgement | None:
    """Judge the turns of a step, each under a loss that is computed anew from what the turns before made.

    None where there is but one, or where a loss is not computed anew: then updated weights were read.
    """
    parts = within(window)
    if len(parts) == 1:
        return None
    sizes = [len(part.parameters) for part in parts]
    every = [turn for step in found if (turn := within(step)) and [len(t.parameters) for t in turn] == sizes]
    judged = [judged_alone(list(group)) for group in zip(*every, strict=True)]
    stated_each = [each for each in judged if each is not None and each.step.hypothesis.declared]
    if len(stated_each) < len(judged):
        return None  # what has no loss of its own is a state that the step hands on
    first, *others = stated_each
    if not all(_is_computed_anew(each, parts[k]) for k, each in enumerate(others)):
        return None
    wrong = next((each for each in (first, *others) if not each.verdict.correct), None)
    if wrong is None:
        return replace(first, beside=tuple(others))
    return wrong if any(each.verdict.correct for each in (first, *others)) else None


def against(
    trace: Trace, found: list[Window], best: Judgement, judged_alone: JudgedAlone
) -> Judgement | None:
    """Judge parameters that go up what the others go down, by a loss of their own which they go down.

    So does a generator that is updated beside the discriminator that it is to deceive. None where no such
    loss explains all of them, or the loss of the others not all of those.
    """
    climbing = climbers(best) if best.step.hypothesis.stated else ()
    if not climbing:
        return None
    windows = steps_of([best.step.window], climbing)
    tried = (each for w in windows for each in under(trace, w, implied(trace, w, literal=True)))
    own = next((each for each in tried if each.verdict.correct), None)
    if own is None:
        return None
    own = replace(own, windows=tuple(steps_of(found, climbing)))
    rest = [c for c in best.step.window.parameters if c not in climbing]
    first = judged_alone(steps_of(found, rest))
    if first is None or not first.verdict.correct or not first.step.hypothesis.declared:
        return None
    begun = {first.step.copies.get(node) for node in own.step.hypothesis.differences}
    if not begun.isdisjoint(ancestors(first.step.descents)) or not _is_opposed(first.step, own.step):
        return None
    return replace(first, beside=(own,))


def _is_opposed(first: TrainingStep, other: TrainingStep) -> bool:
    """Does one loss want every output of the other to grow that the other wants to fall, where it counts it?

    What two losses want alike is one loss's, and a wrong gradient beside a right one.
    """
    for output in other.hypothesis.outputs:
        sides = [(step.loss, step.copies.get(output)) for step in (first, other)]
        slopes = [adjoints(loss, [node])[node].value for loss, node in sides if node is not None]
        if len(slopes) == 2 and np.any(np.asarray(slopes[0]) * np.asarray(slopes[1]) > 0):
            return False
    return True


def _is_computed_anew(judgement: Judgement, former: Window) -> bool:
    """Is the loss of a turn computed from what the turn before it made of parameters alike?"""
    step = judgement.step
    places = {change.place for change in former.parameters}
    made = {root(s.after, 0) for s in step.trace.stores if s.place in places}
    kept = {step.copies[n] for n in step.window.kept if n in step.copies and root(n, 0) in made}
    return not kept.isdisjoint(ancestors([step.loss]))
