"""From a trace to a judgement: which step, which loss, which gradients are right."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from backproof.check.allowances import before_bounds
from backproof.check.compare import compare
from backproof.check.counterexample import counterexample, where_more_count, where_more_is_wrong
from backproof.check.dropped import replaced_gradients
from backproof.check.epsilons import without_epsilons
from backproof.check.in_turn import in_turn
from backproof.check.judgement import Judgement, under
from backproof.check.losses import exact, judged_step
from backproof.check.metric import vanishes
from backproof.check.players import against, side_by_side, turn_by_turn
from backproof.check.ranking import is_steady
from backproof.check.stale import stale
from backproof.check.steps import chosen_window
from backproof.check.unreached import steps_of, unreached, used_beside, without
from backproof.graph import ancestors
from backproof.step import Change, Window, implied, stated, training_step
from backproof.step.apart import apart
from backproof.step.computed import COMPUTED, computed_steps
from backproof.step.turns import turns
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


def _of_training(trace: Trace, steps: list[Window], loss: str | None) -> Judgement | None:
    """Judge the steps of one training, which may be of several networks."""
    found = [window for window in steps if window.parameters]
    if not found:
        return None

    def judged_alone(windows: list[Window]) -> Judgement | None:
        return _alone(trace, windows, loss)

    blocks = side_by_side(turns(trace, found), judged_alone)
    if blocks is not None and (blocks.verdict.correct or blocks.step.hypothesis.declared):
        return blocks
    separate = side_by_side(apart(trace, found), judged_alone)
    if separate is not None and separate.verdict.correct:
        return separate
    best = _best(trace, found, chosen_window(found), loss)
    if separate is not None and (best is None or not best.verdict.correct):
        return separate
    if best is None:
        return None
    players = None
    if not best.verdict.correct:
        players = turn_by_turn(found, chosen_window(found), judged_alone) or against(
            trace, found, best, judged_alone
        )
    return players or _with_unreached(trace, found, _examined(trace, found, best, loss), loss)


def _alone(trace: Trace, steps: list[Window], loss: str | None) -> Judgement | None:
    """Judge the steps of one network."""
    found = [window for window in steps if window.parameters]
    best = _best(trace, found, chosen_window(found), loss) if found else None
    return None if best is None else _examined(trace, found, best, loss)


def _examined(trace: Trace, found: list[Window], best: Judgement, loss: str | None) -> Judgement:
    """Look at the other steps for what one step does not show, and at what is computed and lost."""
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
    return replace(best, dropped=dropped, windows=tuple(found), rounds=_rounds(trace, best))


def _with_unreached(trace: Trace, found: list[Window], best: Judgement, loss: str | None) -> Judgement:
    """Judge what the loss of a right step does not reach, under a loss of its own; else name it."""
    if best.step.window.kind[0] == COMPUTED:
        return best  # gradients that are called after the inputs of a layer are not of what is behind them
    left = unreached(best) if best.verdict.correct else ()
    if not left:
        return replace(best, unjudged=used_beside(best)) if best.verdict.correct else best
    other = _alone(trace, steps_of(found, left), loss)
    if other is not None and other.verdict.correct and not unreached(other):
        return replace(best, windows=tuple(without(found, left)), beside=(other,))
    return replace(best, unjudged=left)


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
