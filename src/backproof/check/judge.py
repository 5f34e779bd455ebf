"""From a trace to a judgement: which step, which loss, which gradients are right."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.check.allowances import before_bounds
from backproof.check.compare import compare
from backproof.check.counterexample import counterexample, where_more_count, where_more_is_wrong
from backproof.check.dropped import replaced_gradients
from backproof.check.epsilons import without_epsilons
from backproof.check.in_turn import in_turn
from backproof.check.judgement import Judgement, under
from backproof.check.losses import exact, judged_step
from backproof.check.metric import vanishes
from backproof.check.ranking import is_steady
from backproof.check.stale import stale
from backproof.check.steps import chosen_window
from backproof.check.unreached import climbers, steps_of, unreached, used_beside, without
from backproof.graph import adjoints, ancestors
from backproof.step import Change, TrainingStep, Window, implied, stated, training_step
from backproof.step.apart import apart
from backproof.step.change import root
from backproof.step.computed import COMPUTED, computed_steps
from backproof.step.turns import turns, within
from backproof.step.update import follows
from backproof.step.window import trainings
from backproof.trace import Trace

EARLIER = 4  # steps to look at where the loss has no gradient in the last


def judge(trace: Trace, loss: str | None = None, states: Collection[Any] = ()) -> Judgement | None:
    """Find the training step and the loss that explains the most of its gradients, if there are any.

    ``loss`` names the variable that is the loss. Without it a loss that explains every gradient wins, then
    one that the program states, then the one that the backward pass implies. Of several trainings the first
    is judged whose gradients are not right. Where no step is made, gradients are judged that are computed and
    called after their parameters. ``states`` are places that are known to hold no parameters.
    """
    every = (_of_training(trace, found, loss) for found in trainings(trace, states))
    judged = (judgement for judgement in every if judgement is not None)
    first = next(judged, None)
    if first is None:
        return _of_training(trace, computed_steps(trace), loss)
    if not first.verdict.correct:
        return _beside_means(trace, loss, states, first) or first
    return next((other for other in judged if not other.verdict.correct), first)


def _beside_means(
    trace: Trace, loss: str | None, states: Collection[Any], judgement: Judgement
) -> Judgement | None:
    """Judge a step again without means that follow data, as a baseline does; None where it is not right then.

    What an output is computed from is no such mean.
    """
    changes = [change for parameter in judgement.step.parameters for change in parameter.changes]
    means = {c.place for c in changes if follows(c.after, c.before)}
    if not means or len(means) == len(changes):
        return None
    again = next((_of_training(trace, found, loss) for found in trainings(trace, {*states, *means})), None)
    if again is None or not again.verdict.correct:
        return None
    step = again.step
    held = {step.copies.get(c.before) for c in step.window.states}
    outputs = [step.copies[n] for n in step.hypothesis.outputs or (step.hypothesis.node,) if n in step.copies]
    return again if held.isdisjoint(ancestors(outputs)) else None


def _of_training(trace: Trace, steps: list[Window], loss: str | None, whole: bool = True) -> Judgement | None:
    """Judge the steps of one training; a ``whole`` one may be of several networks."""
    found = [window for window in steps if window.parameters]
    if not found:
        return None
    window = chosen_window(found)
    blocks = _of_groups(trace, turns(trace, found), loss) if whole else None
    if blocks is not None and (blocks.verdict.correct or blocks.step.hypothesis.declared):
        return blocks
    separate = _of_groups(trace, apart(trace, found), loss) if whole else None
    if separate is not None and separate.verdict.correct:
        return separate
    best = _best(trace, found, window, loss)
    if separate is not None and (best is None or not best.verdict.correct):
        return separate
    if best is None:
        return None
    if whole and not best.verdict.correct:
        players = _in_turns(trace, found, window, loss) or _against(trace, found, best, loss)
        if players is not None:
            return players
    best = (None if best.verdict.correct else in_turn(best)) or best
    best = where_more_count(trace, found, best) or best

    def judged(other: Window) -> Judgement | None:
        judgement = judged_step(trace, other, loss)[0]
        return (
            judgement if judgement is None or judgement.verdict.correct else in_turn(judgement) or judgement
        )

    best = where_more_is_wrong(trace, found, best, judged) or best
    best = counterexample(trace, found, best, judged) or best
    dropped = (*_dropped(trace, best), *stale(trace, best.step.window))
    best = replace(best, dropped=dropped, windows=tuple(found), rounds=_rounds(trace, best))
    return _with_unreached(trace, found, best, loss) if whole else best


def _with_unreached(trace: Trace, found: list[Window], best: Judgement, loss: str | None) -> Judgement:
    """Judge what the loss of a right step does not reach, under a loss of its own; else name it."""
    if best.step.window.kind[0] == COMPUTED:
        return best  # gradients that are called after the inputs of a layer are not of what is behind them
    left = unreached(best) if best.verdict.correct else ()
    if not left:
        return replace(best, unjudged=used_beside(best)) if best.verdict.correct else best
    other = _of_training(trace, steps_of(found, left), loss, whole=False)
    if other is not None and other.verdict.correct and not unreached(other):
        return replace(best, windows=tuple(without(found, left)), beside=(other,))
    return replace(best, unjudged=left)


def _of_groups(trace: Trace, groups: list[list[Window]], loss: str | None) -> Judgement | None:
    """Judge parameters that are trained side by side or in turn, each under its own loss: the first wrong.

    None where there is but one group, or where none of them is right: then it is one step after all.
    """
    found = [_of_training(trace, group, loss, whole=False) for group in groups]
    judged = [judgement for judgement in found if judgement is not None]
    if not judged or len(judged) < len(found) or not any(each.verdict.correct for each in judged):
        return None
    first, *others = judged
    wrong = next((each for each in judged if not each.verdict.correct), None)
    return wrong or replace(first, beside=tuple(others))


def _in_turns(trace: Trace, found: list[Window], window: Window, loss: str | None) -> Judgement | None:
    """Judge the turns of a step, each under a loss that is computed anew from what the turns before made.

    None where there is but one, or where a loss is not computed anew: then updated weights were read.
    """
    parts = within(window)
    if len(parts) == 1:
        return None
    sizes = [len(part.parameters) for part in parts]
    every = [turn for step in found if (turn := within(step)) and [len(t.parameters) for t in turn] == sizes]
    judged = [_of_training(trace, list(group), loss, whole=False) for group in zip(*every, strict=True)]
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


def _against(trace: Trace, found: list[Window], best: Judgement, loss: str | None) -> Judgement | None:
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
    first = _of_training(trace, steps_of(found, rest), loss, whole=False)
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


def _best(trace: Trace, found: list[Window], window: Window, loss: str | None) -> Judgement | None:
    """The judgement of a window, or of the first where only that computes the loss."""
    judgement, known = judged_step(trace, window, loss)
    if judgement is not None and not judgement.finite:  # a training that diverges begins at better numbers
        judgement, known = judged_step(trace, found[0], loss)
    if judgement is not None and vanishes(judgement.verdict):
        for earlier in [w for w in found[-2:0:-1] if len(w.parameters) == len(window.parameters)][:EARLIER]:
            other, stands = judged_step(trace, earlier, loss)
            if other is not None and not vanishes(other.verdict):
                judgement, known = other, stands
                break
    first = found[0]  # a loss that is computed now and then is computed in the first round
    alike = first is not window and len(first.parameters) == len(window.parameters)
    if known and judgement is not None and not judgement.verdict.correct and alike:
        whole = judged_step(trace, first, loss)[0] if loss is None else None
        return whole if whole is not None and _is_whole(whole, judgement) else judgement
    if known or len(found) == 1:
        return judgement
    if alike:
        other, known = judged_step(trace, first, loss)
        if known and other is not None and not _is_worse(other, judgement):
            return other
        if other is not None and judgement is not None and judgement.verdict.correct:
            return replace(judgement, declared=judgement.declared or other.declared)
    return judgement


def _is_whole(other: Judgement, judgement: Judgement) -> bool:
    """Is a step right under a loss that the program makes of the one under which it is wrong, and of more?"""
    part, whole = judgement.step.hypothesis.node, other.step.hypothesis
    if not other.verdict.correct or not whole.stated or part.origin is None:
        return False
    if len(other.step.parameters) < len(judgement.step.parameters):
        return False
    made = {n.origin.site for n in ancestors([whole.node]) if n.origin is not None}
    own = whole.node.origin.site if whole.node.origin is not None else -1
    return part.origin.site >= 0 and part.origin.site in made - {own}


def _is_worse(other: Judgement, judgement: Judgement | None) -> bool:
    """Is a step wrong, though nothing says so of its loss, where another is right?

    Or right but for a factor that changes with the parameters, as under the root of a loss, and the other
    right at one rate.
    """
    if judgement is None or not judgement.verdict.correct:
        return False
    if other.verdict.correct:
        return is_steady(judgement.verdict.scales) and not is_steady(other.verdict.scales)
    return exact(other.verdict) <= max(exact(judgement.verdict), 1)


def confirmed(judgement: Judgement, points: int) -> Judgement:
    """Hold a step that is right at a few points against the truth at more of them.

    A gradient that meets its bounds only at some of those is judged as it is before.
    """
    step, spread = judgement.step, judgement.verdict.spread
    verdict = compare(step, points, spread)
    bare = None if verdict.correct else without_epsilons(step)
    if bare is not None and (other := compare(bare, points, spread)).correct:
        step, verdict = bare, other
    if not verdict.correct and not step.opened:
        step, verdict = before_bounds(step, verdict, points, spread)
    return replace(judgement, step=step, verdict=verdict)


def _rounds(trace: Trace, judgement: Judgement) -> tuple[Judgement, ...]:
    """Judge a right step, in which the gradients of earlier rounds are lost, under the losses of them all."""
    lost = replaced_gradients(judgement.step) if judgement.verdict.correct else ()
    if not lost:
        return ()
    window = judgement.step.window
    found = under(trace, window, [*stated(trace, window), *implied(trace, window, lost)])
    return tuple(j for j in found if not j.verdict.correct)


def _dropped(trace: Trace, judgement: Judgement) -> tuple[Change, ...]:
    """Find gradient steps that only a local name sees.

    The true gradient is taken off, and the result is lost.
    """
    step = judgement.step
    if not step.window.locals or not any(judgement.verdict.right):
        return ()
    window = replace(step.window, parameters=(*step.window.parameters, *step.window.locals))
    wider = training_step(trace, window, step.hypothesis, opened=step.opened)
    if wider is None:
        return ()
    verdict = compare(wider)
    right = [
        p
        for p, ok, c in zip(wider.parameters, verdict.right, verdict.comparisons, strict=True)
        if ok and not c.zero
    ]
    return tuple(c for p in right for c in p.changes if c.local)
