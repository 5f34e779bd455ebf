"""One step under every loss that it may have: that the program states, implies, or evaluates elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, tee

import numpy as np

from backproof.check.allowances import (
    before_bounds,
    nearer,
    plainer,
    set_aside,
    switched,
    together,
    without_decay,
)
from backproof.check.beginnings import begins_as_derivative
from backproof.check.compare import Verdict, compare
from backproof.check.forgotten import penalty_apart
from backproof.check.gains import falls_without_bound, is_to_grow
from backproof.check.judgement import Judgement, under
from backproof.check.metric import (
    is_climbed,
    is_distance,
    is_partly_climbed,
    is_plane,
    is_unbounded,
    is_upward,
    nothing_moves,
    vanishes,
)
from backproof.check.ones import with_ones
from backproof.check.outputs import same_outputs, with_site, with_wholes
from backproof.check.ranking import Entry, behind_the_whole, is_steady, rank_of, settled
from backproof.check.weighted import weighted_sums
from backproof.step import (
    SURE,
    Hypothesis,
    TrainingStep,
    Window,
    implied,
    implied_otherwise,
    stated,
    training_step,
)
from backproof.step.bootstrapped import held
from backproof.step.evaluated import evaluated
from backproof.step.loss import negated, objective, turned
from backproof.step.update import time_of
from backproof.trace import Trace

APART = 1e-4  # relative: two rates
FEW, LARGE = 3, 8_000  # losses, the likeliest first, that are looked at again in a step of so many values

Tried = tuple[Hypothesis, TrainingStep, Verdict]


def judged_step(trace: Trace, window: Window, loss: str | None) -> tuple[Judgement | None, bool]:
    """The best judgement of one window.

    And whether it holds its step against a loss that the program states.
    """
    hypotheses = stated(trace, window)
    minimised = objective(trace, window)
    if minimised is not None:
        hypotheses = [minimised]
    elif loss is not None:
        hypotheses = [replace(h, evidence=2 * SURE, declared=True) for h in hypotheses if h.name == loss]
    else:
        hypotheses = [*hypotheses, *implied(trace, window)]
    hypotheses = with_wholes(hypotheses, window)
    once, again = tee(_tried(trace, window, hypotheses))
    judged, distances = _entries(once, window, hypotheses, opened=False)
    if not any(verdict.correct for _, _, _, verdict in judged):
        judged, distances = _entries(again, window, hypotheses, opened=True)
    if not any(verdict.correct for _, _, _, verdict in judged):
        judged += _with_held(trace, window, judged)
    if loss is None and not any(verdict.correct for _, _, _, verdict in judged):
        judged += _weighted(trace, window, hypotheses, judged)
    if not any(verdict.correct and _is_exact(hypothesis, verdict) for _, hypothesis, _, verdict in judged):
        beside = _evaluated(trace, window, judged, loss)
        explained = any(verdict.correct for *_, verdict in judged)  # with a decay that no loss states
        judged = _descended(beside, judged) or [
            *judged,
            *(e for e in beside if e[-1].correct or not explained),
        ]
    if loss is None and not any(hypothesis.stated or verdict.correct for _, hypothesis, _, verdict in judged):
        judged += _otherwise(trace, window)
    if not any(hypothesis.declared or _explains(step, verdict) for _, hypothesis, step, verdict in judged):
        judged += _begun(trace, window, distances)
    for allowing in (plainer, switched, without_decay, with_ones, nearer, set_aside):
        if any(verdict.correct for _, _, _, verdict in judged):
            break
        judged = [
            allowing(entry, window, k) if k < FEW or len(entry[2].copies) < LARGE else entry
            for k, entry in enumerate(judged)
        ]
    if not judged:
        return None, False
    judged = sorted(behind_the_whole(judged), key=lambda entry: entry[0], reverse=True)
    rank, hypothesis, step, verdict = judged[0]
    step = with_site(step, judged)
    if hypothesis.stated and (hypothesis.declared or not verdict.correct):
        return Judgement(step, verdict), True
    rivals = tuple(Judgement(s, v) for r, h, s, v in judged[1:4] if r[:4] == rank[:4] and not h.stated)
    if not verdict.correct:
        return Judgement(step, verdict, rivals), False
    declared = [
        Judgement(s, v)
        for _, h, s, v in judged
        if h.declared
        and same_outputs(h, hypothesis, judged, window)
        and not v.correct
        and not is_climbed(v)
        and not penalty_apart(s, step)
    ]
    other = next(iter(declared), None)
    if hypothesis.stated:
        return Judgement(step, verdict, declared=other), True
    measured = [h for h in distances if same_outputs(h, hypothesis, judged, window)]
    return Judgement(step, verdict, rivals, (), other, next(iter(measured), None)), False


def _tried(trace: Trace, window: Window, hypotheses: list[Hypothesis]) -> Iterator[Tried | None]:
    """The step under each loss, with its verdict; None where it cannot be cut out under that one."""
    for hypothesis in hypotheses:
        judgement = next(under(trace, window, [hypothesis]), None)
        if judgement is None:
            yield None
            continue
        step, verdict = judgement.step, judgement.verdict
        free = not hypothesis.minimised
        negative = turned(hypothesis) if free else None
        grows = negative is not None and (
            is_upward(verdict) or (verdict.correct and _is_left_behind(trace, window, hypotheses))
        )
        if free and hypothesis.stated and is_partly_climbed(verdict) and falls_without_bound(step):
            negative, grows = negated(hypothesis), True
        if free and (verdict.correct or is_climbed(verdict)) and is_to_grow(step):
            negative, grows = negated(hypothesis), True
        if negative is not None and grows:
            upward = training_step(trace, window, negative)
            if upward is not None:
                hypothesis, step, verdict = negative, upward, compare(upward)
        yield hypothesis, step, verdict


def _is_left_behind(trace: Trace, window: Window, hypotheses: list[Hypothesis]) -> bool:
    """Do the updates go up a loss that the backward pass implies?

    Then what they go down is to grow, as its name says, and is no loss under a wrong name.
    """
    inferred = (h for h in hypotheses if not h.stated)
    return any(is_climbed(judgement.verdict) for judgement in under(trace, window, inferred))


def _entries(
    tried: Iterator[Tried | None], window: Window, hypotheses: list[Hypothesis], opened: bool
) -> tuple[list[Entry], list[Hypothesis]]:
    """Rank the losses under which the step was judged; and the distances that are shown and explain nothing.

    ``opened`` asks for the gradients as they are before the program brings them within bounds.
    """
    judged: list[Entry] = []
    distances: list[Hypothesis] = []
    for position in range(len(hypotheses)):
        if settled(judged, hypotheses[position:]):
            break
        found = next(tried)
        if found is None:
            continue
        hypothesis, step, verdict = found
        if opened and not verdict.correct:
            step, verdict = before_bounds(step, verdict)
        if hypothesis.stated and not verdict.correct:
            step, verdict = together(step, verdict)
        if verdict.correct and hypothesis.stated and not hypothesis.declared and is_plane(step):
            continue
        if hypothesis.stated and not verdict.correct and not hypothesis.minimised:
            if vanishes(verdict) or is_unbounded(step):
                continue
            if is_distance(step):
                distances.append(hypothesis)
                continue
        judged.append((rank_of(hypothesis, verdict, window, position), hypothesis, step, verdict))
    return judged, distances


def _begun(trace: Trace, window: Window, distances: list[Hypothesis]) -> list[Entry]:
    """Of distances that are shown, those with whose derivative the backward pass begins."""
    return [
        (rank_of(hypothesis, verdict, window, 0), hypothesis, step, verdict)
        for found in _tried(trace, window, distances)
        if found is not None
        for hypothesis, step, verdict in [found]
        if begins_as_derivative(step)
    ]


def _with_held(trace: Trace, window: Window, judged: list[Entry]) -> list[Entry]:
    """Judge the losses of the program with their targets held fixed; keep what is right."""
    befores = [c.before for c in window.parameters]
    since = min(time_of(b) for b in befores)
    found = []
    for _, hypothesis, _, _ in judged:
        for variant in held(hypothesis, befores, since):
            step = training_step(trace, window, variant)
            if step is not None and (verdict := compare(step)).correct:
                found.append((rank_of(variant, verdict, window, 0), variant, step, verdict))
    return found


def _weighted(trace: Trace, window: Window, hypotheses: list[Hypothesis], judged: list[Entry]) -> list[Entry]:
    """Judge weighted sums of two losses of the program, beginning with what most parameters move."""
    for _, first, _, verdict in sorted(judged, key=lambda entry: -len(entry[-1].comparisons)):
        sums = list(weighted_sums(trace, window, first, verdict, [h for h in hypotheses if h is not first]))
        found = _entries(_tried(trace, window, sums), window, sums, opened=True)[0]
        if right := [entry for entry in found if entry[-1].correct]:
            return right
    return []


def _evaluated(trace: Trace, window: Window, judged: list[Entry], loss: str | None) -> list[Entry]:
    """Judge the losses that the program evaluates beside its steps.

    Where it states one in this step, none but those that explain all of it: that may be of other data. None
    that explains nothing, either, of a step in which nothing moves under the loss that it implies.
    Nor one that depends on fewer parameters than what has its name here, as a hinge that is not reached does.
    """
    hypotheses = [h for h in evaluated(trace, window) if loss is None or h.name == loss]
    found = _entries(_tried(trace, window, hypotheses), window, hypotheses, opened=True)[0]
    here = {h.name: len(s.parameters) for _, h, s, _ in judged if h.stated and h.name is not None}
    found = [(r, h, s, v) for r, h, s, v in found if len(s.parameters) >= here.get(h.name or "", 0)]
    still = any(nothing_moves(verdict) for *_, verdict in judged)
    if still or any(
        h.stated for _, h, _, _ in judged
    ):  # what explains nothing is behind what the step computes
        found = [entry for entry in found if _explains(entry[2], entry[3])]
    known = any(h.stated and h.evidence >= SURE for _, h, _, _ in judged)
    return [entry for entry in found if entry[-1].correct] if known else found


def _explains(step: TrainingStep, verdict: Verdict) -> bool:
    """Is any gradient right, or along the true one, where it has more than one number?"""
    sizes = [np.size(leaf.value) for parameter in step.parameters for leaf in parameter.leaves[:1]]
    along = (c.parallel and size > 1 for c, size in zip(verdict.comparisons, sizes, strict=True))
    return any(verdict.right) or any(along)


def _otherwise(trace: Trace, window: Window) -> list[Entry]:
    """Judge losses that are less usual: of bounded errors, and sums of two kinds that all is right under."""
    bounded, pairs = implied_otherwise(trace, window)
    found = _entries(_tried(trace, window, bounded), window, bounded, opened=False)[0]
    if any(verdict.correct for *_, verdict in found):
        return found
    for two in pairs:
        plain = next(_tried(trace, window, [two.weighted()]))
        if plain is None:
            continue
        others = [two.weighted(ratio) for ratio in _ratios(plain[-1])]
        sums = chain([plain], _tried(trace, window, others))
        every = _entries(sums, window, [two.weighted(), *others], opened=False)[0]
        if right := [entry for entry in every if entry[-1].correct]:
            return [*found, *right]
    return found


def _ratios(verdict: Verdict) -> tuple[float, ...]:
    """How much more one of two losses may weigh, where the gradients are those of both at two rates."""
    steady = [
        c.scales[0] for c in verdict.comparisons if c.parallel and is_steady(c.scales) and c.scales[0] > 0
    ]
    low, high = min(steady, default=0.0), max(steady, default=0.0)
    return (high / low, low / high) if low and high > low * (1 + APART) else ()


def _descended(beside: list[Entry], judged: list[Entry]) -> list[Entry]:
    """The losses evaluated beside the steps that are what is descended, though not every gradient is right.

    So it is where more gradients are theirs to the last digit than under any other loss, as where the penalty
    that they count stands in the gradient of one layer: of the others it is not the program's own choice.
    """
    most = max((exact(verdict) for *_, verdict in judged), default=0)
    return [entry for entry in beside if exact(entry[-1]) > max(most, 1)]


def _is_exact(hypothesis: Hypothesis, verdict: Verdict) -> bool:
    """Is every gradient that of a loss, or does the program say so of that loss?"""
    return hypothesis.stated or exact(verdict) == len(verdict.right)


def exact(verdict: Verdict) -> int:
    """How many gradients are right without a decay of their own."""
    return sum(ok and c.decay is None for ok, c in zip(verdict.right, verdict.comparisons, strict=True))
