"""The scale of the step: another than that of most gradients may be the right one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from backproof.check.comparison import Verdict
from backproof.check.ranking import is_steady
from backproof.check.rates import common_rate
from backproof.step import TrainingStep

SAME = 1e-5  # relative


def rescaled(step: TrainingStep, verdict: Verdict) -> Iterator[Verdict]:
    """Give the verdicts that take the scale of fewer gradients for the right one.

    A constant too much at the beginning of the backward pass gives the wrong scale to all gradients but the
    last few: one correction where these are right, several where the many are. The right one may be that of
    gradients with the opposite sign; or, where all are the true ones times numbers, the rate of a stated
    loss, which none of them has.
    """
    known = [verdict.scales]
    for comparison in verdict.comparisons:
        scales = comparison.scales
        if not comparison.parallel or comparison.zero or not is_steady(scales) or min(scales) == 0:
            continue
        scales = tuple(abs(scale) for scale in scales)
        if not any(_same(scales, other) for other in known):
            known.append(scales)
            yield _at(verdict, scales)
    by_constants = step.hypothesis.stated and all(c.parallel for c in verdict.comparisons)
    if by_constants and (rate := common_rate(step)):
        at_rate = at_scale(verdict, rate)
        if not any(_same(at_rate.scales, other) for other in known):
            yield replace(at_rate, rate=rate)


def at_scale(verdict: Verdict, scale: float) -> Verdict:
    """The verdict that takes one scale for the right one, whoever has it."""
    return _at(verdict, (scale,) * max((len(c.scales) for c in verdict.comparisons), default=1))


def _at(verdict: Verdict, scales: tuple[float, ...]) -> Verdict:
    right = tuple(
        bool(c.zero and c.parallel) or (c.parallel and not c.zero and _same(c.scales, scales))
        for c in verdict.comparisons
    )
    return replace(verdict, scales=scales, right=right)


def _same(scales: tuple[float, ...], others: tuple[float, ...]) -> bool:
    return len(scales) == len(others) and all(
        abs(a - b) <= SAME * abs(b) for a, b in zip(scales, others, strict=True)
    )
