"""From a trace to a judgement: which step, which loss, which gradients are right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import tee
from typing import Any

from backproof.check.compare import POINTS, Verdict, compare
from backproof.check.digest import digest
from backproof.check.dropped import replaced_gradients
from backproof.check.metric import is_climbed, is_distance, is_unbounded, is_upward, vanishes
from backproof.check.ranking import Entry, behind_the_whole, is_steady, rank_of, settled
from backproof.check.steps import chosen_window, telling_windows
from backproof.graph import Node, ancestors
from backproof.step import (
    Change,
    Hypothesis,
    TrainingStep,
    Window,
    boundings,
    implied,
    lengths,
    stated,
    training_step,
)
from backproof.step.computed import computed_steps
from backproof.step.loss import ancestors_since, held, objective, turned
from backproof.step.update import DECAY, time_of
from backproof.step.window import trainings
from backproof.trace import Trace

NEARER = (0.03, 1e-3)  # spreads of the points, where those of spread 1 show a difference
WITHIN = frozenset({"clip", "minimum", "maximum", "where", "sign"})
EARLIER = 4  # steps to look at where the loss has no gradient in the last

Tried = tuple[Hypothesis, TrainingStep, Verdict]


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """A step, held against the loss that explains it best.

    ``rivals`` are inferred losses that explain as much. ``dropped`` are updates that the step makes and the
    next one does not see. ``declared`` is the judgement under the loss that the program declares, where
    that is another than the inferred one, which explains every gradient; ``measured`` is a distance that the
    program shows, where the inferred loss is not that. ``windows`` are all the steps that were seen.
    ``rounds`` are judgements under losses of all the rounds of the step, where the gradients of all but the
    last are lost.
    """

    step: TrainingStep
    verdict: Verdict
    rivals: tuple[Judgement, ...] = ()
    dropped: tuple[Change, ...] = ()
    declared: Judgement | None = None
    measured: Hypothesis | None = None
    windows: tuple[Window, ...] = ()
    rounds: tuple[Judgement, ...] = ()

    @property
    def finite(self) -> bool:
        """Are the true gradients numbers, and not infinite or undefined?"""
        return not any(comparison.undefined for comparison in self.verdict.comparisons)


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
        return first
    return next((other for other in judged if not other.verdict.correct), first)


def _of_training(trace: Trace, steps: list[Window], loss: str | None) -> Judgement | None:
    """Judge the steps of one training."""
    found = [window for window in steps if window.parameters]
    if not found:
        return None
    window = chosen_window(found)
    best = _best(trace, found, window, loss)
    if best is None:
        return None
    best = _counterexample(trace, found, best, loss) or best
    return replace(best, dropped=_dropped(trace, best), windows=tuple(found), rounds=_rounds(trace, best))


def _best(trace: Trace, found: list[Window], window: Window, loss: str | None) -> Judgement | None:
    """The judgement of a window, or of the first where only that computes the loss."""
    judgement, known = _judged(trace, window, loss)
    if judgement is not None and not judgement.finite:  # a training that diverges begins at better numbers
        judgement, known = _judged(trace, found[0], loss)
    if judgement is not None and vanishes(judgement.verdict):
        for earlier in [w for w in found[-2:0:-1] if len(w.parameters) == len(window.parameters)][:EARLIER]:
            other, stands = _judged(trace, earlier, loss)
            if other is not None and not vanishes(other.verdict):
                judgement, known = other, stands
                break
    if known or len(found) == 1:
        return judgement
    first = found[0]  # a loss that is computed now and then is computed in the first round
    if len(first.parameters) == len(window.parameters):
        other, known = _judged(trace, first, loss)
        if (
            known
            and other is not None
            and not (judgement is not None and judgement.verdict.correct and not other.verdict.correct)
        ):
            return other
        if other is not None and judgement is not None and judgement.verdict.correct:
            return replace(judgement, declared=judgement.declared or other.declared)
    return judgement


def _counterexample(trace: Trace, found: list[Window], best: Judgement, loss: str | None) -> Judgement | None:
    """Another step, in which gradients are wrong that are right in this one, under the same loss.

    Such as one whose data repeat an index, or one that takes another branch.
    """
    if not best.verdict.correct:
        return None
    same = best.step.hypothesis
    for other in telling_windows(trace, found, best.step.window):
        losses = [*stated(trace, other), *implied(trace, other)]
        alike = list(_under(trace, other, (h for h in losses if _same(h, same))))
        if any(each.verdict.correct for each in alike):
            continue
        judgement, _ = _judged(trace, other, loss)
        if judgement is None:
            continue
        known = judgement.step.hypothesis.declared or not same.declared
        if judgement.verdict.correct and (known or not _wrong_here(alike)):
            continue  # else it is right under a value that nobody calls a loss
        alike = [judgement] if _same(judgement.step.hypothesis, same) else alike
        if alike and alike[0].finite and not _is_bounded(alike[0]):
            return alike[0]
    return None


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


def _under(trace: Trace, window: Window, hypotheses: Iterable[Hypothesis]) -> Iterator[Judgement]:
    """The judgements of a step under losses, but for those under which it cannot be cut out."""
    for hypothesis in hypotheses:
        try:
            step = training_step(trace, window, hypothesis)
        except (ValueError, TypeError, NotImplementedError):
            continue
        if step is not None:
            yield Judgement(step, compare(step))


def _same(hypothesis: Hypothesis, other: Hypothesis) -> bool:
    """Is this the same loss in another step, where a branch may write it in another way?"""
    if hypothesis.name != other.name:
        return False
    named = hypothesis.stated and other.stated and hypothesis.name is not None
    return named or hypothesis.formula == other.formula


def _judged(trace: Trace, window: Window, loss: str | None) -> tuple[Judgement | None, bool]:
    """The best judgement of one window.

    And whether it holds its step against a loss that the program states.
    """
    hypotheses = stated(trace, window)
    minimised = objective(trace, window)
    if minimised is not None:
        hypotheses = [minimised]
    elif loss is not None:
        hypotheses = [h for h in hypotheses if h.name == loss]
    else:
        hypotheses = [*hypotheses, *implied(trace, window)]
    hypotheses = _with_wholes(hypotheses, window)
    once, again = tee(_tried(trace, window, hypotheses))
    judged, distances = _entries(once, window, hypotheses, opened=False)
    if not any(verdict.correct for _, _, _, verdict in judged):
        judged, distances = _entries(again, window, hypotheses, opened=True)
    if not any(verdict.correct for _, _, _, verdict in judged):
        judged += _with_held(trace, window, judged)
    if not any(verdict.correct for _, _, _, verdict in judged):
        judged = [_without_decay(entry, window, k) for k, entry in enumerate(judged)]
    if not any(verdict.correct for _, _, _, verdict in judged):
        judged = [_nearer(entry, window, k) for k, entry in enumerate(judged)]
    if not any(verdict.correct for _, _, _, verdict in judged):
        judged = [_set_aside(entry, window, k) for k, entry in enumerate(judged)]
    if not judged:
        return None, False
    judged = sorted(behind_the_whole(judged), key=lambda entry: entry[0], reverse=True)
    rank, hypothesis, step, verdict = judged[0]
    step = _with_site(step, judged)
    if hypothesis.stated and (hypothesis.declared or not verdict.correct):
        return Judgement(step, verdict), True
    rivals = tuple(Judgement(s, v) for r, h, s, v in judged[1:4] if r[:4] == rank[:4] and not h.stated)
    if not verdict.correct:
        return Judgement(step, verdict, rivals), False
    declared = [
        Judgement(s, v)
        for _, h, s, v in judged
        if h.declared and _same_outputs(h, hypothesis, judged, window) and not v.correct and not is_climbed(v)
    ]
    other = next(iter(declared), None)
    if hypothesis.stated:
        return Judgement(step, verdict, declared=other), True
    measured = [h for h in distances if _same_outputs(h, hypothesis, judged, window)]
    return Judgement(step, verdict, rivals, (), other, next(iter(measured), None)), False


def _tried(trace: Trace, window: Window, hypotheses: list[Hypothesis]) -> Iterator[Tried | None]:
    """The step under each loss, with its verdict; None where it cannot be cut out under that one."""
    for hypothesis in hypotheses:
        judgement = next(_under(trace, window, [hypothesis]), None)
        if judgement is None:
            yield None
            continue
        step, verdict = judgement.step, judgement.verdict
        negative = None if hypothesis.minimised else turned(hypothesis)
        if negative is not None and (
            is_upward(verdict) or (verdict.correct and _is_left_behind(trace, window, hypotheses))
        ):
            climbed = training_step(trace, window, negative)
            if climbed is not None:
                hypothesis, step, verdict = negative, climbed, compare(climbed)
        yield hypothesis, step, verdict


def _is_left_behind(trace: Trace, window: Window, hypotheses: list[Hypothesis]) -> bool:
    """Do the updates go up a loss that the backward pass implies?

    Then what they go down is to grow, as its name says, and is no loss under a wrong name.
    """
    inferred = (h for h in hypotheses if not h.stated)
    return any(is_climbed(judgement.verdict) for judgement in _under(trace, window, inferred))


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
            step, verdict = _before_bounds(step, verdict)
        if hypothesis.stated and not verdict.correct and not hypothesis.minimised:
            if vanishes(verdict) or is_unbounded(step):
                continue
            if is_distance(step):
                distances.append(hypothesis)
                continue
        judged.append((rank_of(hypothesis, verdict, window, position), hypothesis, step, verdict))
    return judged, distances


def confirmed(judgement: Judgement, points: int) -> Judgement:
    """Hold a step that is right at a few points against the truth at more of them.

    A gradient that meets its bounds only at some of those is judged as it is before.
    """
    step, spread = judgement.step, judgement.verdict.spread
    verdict = compare(step, points, spread)
    if not verdict.correct and not step.opened:
        step, verdict = _before_bounds(step, verdict, points, spread)
    return replace(judgement, step=step, verdict=verdict)


def _before_bounds(
    step: TrainingStep, verdict: Verdict, points: int = POINTS, spread: float = 1.0
) -> tuple[TrainingStep, Verdict]:
    """Judge the gradients as they are before the program clips or normalises them, if that explains more.

    Or as much, where they are clipped: a mistake before it shows the better without.
    """
    opened = boundings(step)
    if not opened:
        return step, verdict
    whole = training_step(step.trace, step.window, step.hypothesis, opened=opened)
    if whole is None:
        return step, verdict
    other = compare(whole, points, spread)
    more, less = _explained(other), _explained(verdict)
    clipped = all(node.operation == "clip" for node in opened)
    return (whole, other) if more > less or (more == less and clipped) else (step, verdict)


def _explained(verdict: Verdict) -> tuple[int, int]:
    """How many gradients are right, and how many but for a factor, such as a sign."""
    return sum(verdict.right), sum(c.parallel for c in verdict.comparisons)


def _with_site(step: TrainingStep, judged: list[Entry]) -> TrainingStep:
    """Tell where the backward pass of a loss that is stated begins."""
    hypothesis = step.hypothesis
    if hypothesis.site is not None:
        return step
    made = set(ancestors([hypothesis.node]))
    sites = (h.site for _, h, _, _ in judged if h.outputs and made.issuperset(h.outputs))
    return replace(step, hypothesis=replace(hypothesis, site=next(sites, None)))


def _continues(whole: Node, parts: Collection[Node], window: Window) -> bool:
    """Is this a running total: a part, and what was there before the step, which changes no gradient?"""
    if whole.operation != "add":
        return False
    x, y = whole.operands
    return any(a in parts and time_of(b) < window.start for a, b in ((x, y), (y, x)))


def _with_wholes(hypotheses: list[Hypothesis], window: Window) -> list[Hypothesis]:
    """Tell every hypothesis which scalars of the program it is part of."""
    since = min(time_of(c.before) for c in window.parameters)
    made = {h.node: set(ancestors_since([h.node], since)) for h in hypotheses if h.stated}
    found = []
    for hypothesis in hypotheses:
        parts = hypothesis.outputs or (hypothesis.node,)
        wholes = tuple(
            whole
            for whole, inside in made.items()
            if inside.issuperset(parts) and whole not in parts and not _continues(whole, parts, window)
        )
        found.append(replace(hypothesis, wholes=wholes))
    return found


def _rounds(trace: Trace, judgement: Judgement) -> tuple[Judgement, ...]:
    """Judge a right step, in which the gradients of earlier rounds are lost, under the losses of them all."""
    lost = replaced_gradients(judgement.step) if judgement.verdict.correct else ()
    if not lost:
        return ()
    window = judgement.step.window
    found = _under(trace, window, [*stated(trace, window), *implied(trace, window, lost)])
    return tuple(j for j in found if not j.verdict.correct)


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


def _without_decay(entry: Entry, window: Window, position: int) -> Entry:
    """Judge a step without what only shrinks its parameters, unless that explains less.

    So a decayed gradient can be told to be right where it is a single number, and can become right by a
    correction. Where it explains as much, a decay is what takes little off a parameter.
    """
    _, hypothesis, step, verdict = entry
    bare = training_step(step.trace, window, hypothesis, opened=step.opened, decaying=False)
    if bare is None or not bare.decays:
        return entry
    found = compare(bare)
    gentle = max(share.taken for share in bare.decays) <= DECAY
    if sum(found.right) < sum(verdict.right) + (not gentle):
        return entry
    return rank_of(hypothesis, found, window, position), hypothesis, bare, found


def _nearer(entry: Entry, window: Window, position: int) -> Entry:
    """Judge a step at points nearer to the recorded one, and keep what explains more.

    A branch that the program took holds near the point where it took it. A gradient that vanishes there, as
    where every unit is dead, explains nothing.
    """
    rank, hypothesis, step, verdict = entry
    for spread in NEARER:
        near = compare(step, spread=spread)
        hidden = any(
            c.zero and not far.zero for c, far in zip(near.comparisons, verdict.comparisons, strict=True)
        )
        if sum(near.right) > sum(verdict.right) and not hidden:
            rank, verdict = rank_of(hypothesis, near, window, position), near
        if verdict.correct:
            break
    return rank, hypothesis, step, verdict


def _set_aside(entry: Entry, window: Window, position: int) -> Entry:
    """Judge a step without what its gradients' own size does to its length, and keep what explains more.

    Where one gradient is wrong, the norm of them all is another than that of the true ones, for all. Where
    each gradient has its own, the scales of the gradients are the program's own choice.
    """
    _, hypothesis, step, verdict = entry
    sizes = lengths(window, set(ancestors_since([hypothesis.node], window.start - 1)))
    if not sizes:
        return entry
    bare = training_step(step.trace, window, hypothesis, lengths=sizes, decaying=not step.decays)
    if bare is None:
        return entry
    found = compare(bare)
    bare = _calibrated(bare, found)
    found = compare(bare)
    if sum(found.right) > sum(verdict.right):
        return rank_of(hypothesis, found, window, position), hypothesis, bare, found
    return entry


def _calibrated(step: TrainingStep, verdict: Verdict) -> TrainingStep:
    """Give every length that no right gradient has the value that gives its gradients the common scale."""
    if not verdict.scales:
        return step
    state = dict(step.state)
    for leaf in step.lengths:
        scaled = [
            (c, ok)
            for descent, c, ok in zip(step.descents, verdict.comparisons, verdict.right, strict=True)
            if leaf in ancestors([descent])
        ]
        own = [c.scales for c, _ in scaled if c.parallel and is_steady(c.scales) and c.scales[0] > 0]
        if own and not any(ok for _, ok in scaled):
            ratio = verdict.scales[0] / own[0][0]
            state[leaf] = state[leaf] * (ratio if _multiplies(step, leaf) else 1 / ratio)
    return replace(step, state=state)


def _multiplies(step: TrainingStep, leaf: Node) -> bool:
    """Does a larger length make a larger step?"""
    users = (n for n in ancestors(step.descents) if n.operation == "divide" and n.operands[1] is leaf)
    return next(users, None) is None


def _same_outputs(declared: Hypothesis, best: Hypothesis, judged: list[Entry], window: Window) -> bool:
    """Is the declared loss computed from the very outputs that the best one is made of?

    Or from what they are computed from, such as the logits; or from values that were computed once more. The
    outputs of a loss that is stated are those that the backward pass begins with.
    """
    befores = {c.before for c in window.parameters}
    since = min(time_of(b) for b in befores)
    made = set(ancestors_since([declared.node], since))
    part = set(ancestors_since([best.node], since))
    if best.stated and (best.node in made or declared.node in part):
        return False  # one is a part of the other
    outputs = best.outputs or next(
        (h.outputs for _, h, _, _ in judged if h.outputs and part.issuperset(h.outputs)), ()
    )
    known = {digest(node.value) for node in made if node.operands and time_of(node) > since}
    stack, done = list(outputs), set[Node]()
    while stack:
        node = stack.pop()
        if node in befores:
            return False
        if node in done or node in made or time_of(node) <= since or digest(node.value) in known:
            continue
        done.add(node)
        stack.extend(node.operands)
    return bool(outputs)


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
