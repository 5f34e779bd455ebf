"""Which of several losses explains the most of a step."""

from __future__ import annotations

from backproof.check.compare import Verdict
from backproof.check.forgotten import penalty_forgotten
from backproof.check.metric import vanishes
from backproof.step import SURE, Hypothesis, TrainingStep, Window

BEST = 2  # the rank of a loss that surely is one and explains every gradient

Entry = tuple[tuple[int, ...], Hypothesis, TrainingStep, Verdict]


def rank_of(hypothesis: Hypothesis, verdict: Verdict, window: Window, position: int) -> tuple[int, ...]:
    """How much a loss explains; the larger rank is the better. ``position`` is its place among the likely."""
    moves = not vanishes(verdict)  # else nothing is explained
    right = moves * sum(verdict.right)
    along = moves * sum(c.parallel and is_steady(c.scales) for c in verdict.comparisons)
    whole = len(verdict.right) == len(window.parameters)
    trusted = is_trusted(hypothesis, verdict) and whole
    return (
        BEST * trusted if verdict.correct else int(trusted),
        int(verdict.correct and whole),
        right,
        along,
        len(verdict.comparisons) if not (right or along) else 0,  # what depends on one weight is a part of it
        # before the norm of the gradients, a total that is shown as well; what the step adds up of it is too
        int(hypothesis.declared or (hypothesis.stated and hypothesis.node.origin is None)),
        int(hypothesis.stated) * hypothesis.evidence,
        -position,
    )


def is_trusted(hypothesis: Hypothesis, verdict: Verdict) -> bool:
    """Is this surely a loss of the program, since it is called one and some gradient is its own?

    One that vanishes, as that of a weight behind an input of zero, is the gradient of any loss.
    """
    own = any(ok and not c.zero for ok, c in zip(verdict.right, verdict.comparisons, strict=True))
    return hypothesis.stated and hypothesis.evidence >= SURE and own


def settled(judged: list[Entry], rest: list[Hypothesis]) -> bool:
    """Is the best judgement known before the rest is tried, from which less is to be expected?

    It is when a loss of the program explains every gradient and is, as far as can be known, no part of one.
    """
    left, sure = {h.node for h in rest}, {h.node for _, h, _, v in judged if is_trusted(h, v)}
    return any(rank[0] == BEST and not left.union(sure).intersection(h.wholes) for rank, h, _, _ in judged)


def behind_the_whole(judged: list[Entry]) -> list[Entry]:
    """Put a part of a loss behind the whole, where that is surely a loss, or explains every gradient.

    What the gradients owe is the derivative of the whole, though the part may explain them better. A part
    that explains nothing is behind whatever whole is called a loss, and any part is behind one that counts
    the size of more parameters: their penalty is forgotten, or it is another.
    """
    declared = {h.node: s for _, h, s, _ in judged if h.declared}
    judged = [
        ((-1, *rank[1:]), h, s, v)
        if any(not any(v.right) or penalty_forgotten(declared[w], s) for w in h.wholes if w in declared)
        else (rank, h, s, v)
        for rank, h, s, v in judged
    ]
    sure = {h.node for rank, h, _, v in judged if is_trusted(h, v) or (h.stated and rank[1])}
    return [
        ((min(rank[0], 0), *rank[1:]), h, s, v) if sure.intersection(h.wholes) else (rank, h, s, v)
        for rank, h, s, v in judged
    ]


def is_steady(scales: tuple[float, ...]) -> bool:
    """Is there one scale at all points?"""
    return bool(scales) and max(scales) - min(scales) <= 1e-5 * max(abs(s) for s in scales)
