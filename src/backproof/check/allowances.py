"""What a program may do to right gradients, and what is allowed for before they are called wrong.

It brings them within bounds, lets its parameters decay, divides by the gradients' own size, or takes branches
that hold near its own numbers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backproof.check.compare import POINTS, Verdict, compare
from backproof.check.epsilons import without_epsilons
from backproof.check.ranking import Entry, is_steady, rank_of
from backproof.graph import Node, ancestors
from backproof.step import TrainingStep, Window, boundings, lengths, training_step
from backproof.step.behind import at_once
from backproof.step.lengths import corrections
from backproof.step.loss import ancestors_since
from backproof.step.penalty import penalised
from backproof.step.training_step import varied
from backproof.step.update import DECAY

NEARER = (0.03, 1e-3)  # spreads of the points, where those of spread 1 show a difference


def before_bounds(
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


def plainer(entry: Entry, window: Window, position: int) -> Entry:
    """Judge a step without the small numbers inside logarithms, where that explains more."""
    _, hypothesis, step, verdict = entry
    bare = without_epsilons(step)
    if bare is None:
        return entry
    found = compare(bare)
    if sum(found.right) <= sum(verdict.right):
        return entry
    return rank_of(hypothesis, found, window, position), hypothesis, bare, found


def switched(entry: Entry, window: Window, position: int) -> Entry:
    """Judge a step without its flags, masks and noise, unless that explains less.

    A flag that chooses among the data is in the loss as well, and explains less when it is out.
    """
    _, hypothesis, step, verdict = entry
    if not step.switches:
        return entry
    bare = varied(step, window, hypothesis, decaying=True, switching=True)
    if bare is None:
        return entry
    found = compare(bare)
    if sum(found.right) < sum(verdict.right):
        return entry
    return rank_of(hypothesis, found, window, position), hypothesis, bare, found


def _is_switched(step: TrainingStep) -> bool:
    return any(switch.node in step.state for switch in step.switches)


def without_decay(entry: Entry, window: Window, position: int) -> Entry:
    """Judge a step without what only shrinks its parameters, unless that explains less.

    So a decayed gradient can be told to be right where it is a single number, and can become right by a
    correction. Where it explains as much, a decay is what takes little off a parameter.
    """
    _, hypothesis, step, verdict = entry
    bare = varied(step, window, hypothesis, decaying=False, switching=_is_switched(step))
    if bare is None or not bare.decays:
        return entry
    found = compare(bare)
    gentle = max(share.taken for share in bare.decays) <= DECAY
    if sum(found.right) < sum(verdict.right) + (not gentle):
        return entry
    return rank_of(hypothesis, found, window, position), hypothesis, bare, found


def nearer(entry: Entry, window: Window, position: int) -> Entry:
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


def together(step: TrainingStep, verdict: Verdict) -> tuple[TrainingStep, Verdict]:
    """Judge a step as if the penalty behind it were taken off with it, where that makes it right.

    ``w -= lr * dw`` and then ``w -= lr * decay * w`` is what a loss with this penalty asks for.
    """
    window, hypothesis = step.window, step.hypothesis
    changes = (*window.parameters, *window.others)
    counted = penalised([hypothesis.node], {c.before for c in changes})
    found = {c: at_once(c.stores[-1].after, c.before) for c in changes if c.before in counted}
    late = {c: replace(c, after=after) for c, after in found.items() if after is not None}
    if not late:
        return step, verdict
    parameters = (
        *(late.get(c, c) for c in window.parameters),
        *(late[c] for c in window.others if c in late),
    )
    others = tuple(c for c in window.others if c not in late)
    joined = replace(window, parameters=parameters, others=others)
    whole = training_step(step.trace, joined, hypothesis)
    other = None if whole is None else compare(whole)
    if whole is None or other is None or not other.correct:
        return step, verdict
    return whole, other


def set_aside(entry: Entry, window: Window, position: int) -> Entry:
    """Judge a step without what its gradients' own size does to its length, and keep what explains more.

    Where one gradient is wrong, the norm of them all is another than that of the true ones, for all. So where
    none is right it is kept as well: behind that norm no mend of one of several mistakes shows. Where each
    gradient has its own, the scales of the gradients are the program's own choice.
    """
    _, hypothesis, step, verdict = entry
    sizes = lengths(window, set(ancestors_since([hypothesis.node], window.start - 1)))
    numbers = (*sizes, *corrections(step.trace, window.parameters, window.start))
    if not numbers:
        return entry
    bare = training_step(
        step.trace,
        window,
        hypothesis,
        lengths=numbers,
        decaying=not step.decays,
        switching=_is_switched(step),
    )
    if bare is None:
        return entry
    found = compare(bare)
    if sizes:
        bare = _calibrated(bare, found, [bare.copies[size] for size in sizes if size in bare.copies])
        found = compare(bare)
    if sum(found.right) > sum(verdict.right) or (sizes and not any(verdict.right)):
        return rank_of(hypothesis, found, window, position), hypothesis, bare, found
    return entry


def _calibrated(step: TrainingStep, verdict: Verdict, sizes: Sequence[Node]) -> TrainingStep:
    """Give every length that no right gradient has the value that gives its gradients the common scale."""
    if not verdict.scales:
        return step
    state = dict(step.state)
    for leaf in sizes:
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
