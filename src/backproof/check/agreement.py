"""The scale that the gradients of a step have in common: the learning rate, or what stands beside it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from backproof.check.comparison import Comparison, Verdict
from backproof.check.rates import learning_rate
from backproof.step import Parameter, TrainingStep

ROW = re.compile(r"\[[^\]]*\]$")


def agreed(step: TrainingStep, comparisons: list[Comparison]) -> Verdict:
    """Find the scale that most parameters share; those that have it, with the right direction, are right.

    The rows of a list of lists of numbers are one parameter in this.
    """
    wholes = [_whole(parameter) for parameter in step.parameters]
    rate = learning_rate(step)
    best: tuple[Any, ...] | None = None
    chosen: tuple[float, ...] = ()
    large = {p.name for p in step.parameters if int(np.prod(p.shape)) > 1}
    for c in comparisons:
        if c.parallel and not c.zero and c.scales and min(c.scales) > 0:
            sharing = [w for w, other in zip(wholes, comparisons, strict=True) if _shares(other, c.scales)]
            exact = bool(rate) and rate is not None and all(abs(s / rate - 1) < 1e-5 for s in c.scales)
            steady = max(c.scales) < min(c.scales) * (1 + 1e-6)
            moving = [other for other in comparisons if not other.zero]
            if not steady and (
                len(sharing) < max(2, len(moving)) or not any(other.name in large for other in moving)
            ):
                continue  # only a rescaling of the whole step may differ from point to point
            key = (len(set(sharing)), exact, len(sharing), steady)
            if best is None or key > best:
                best, chosen = key, c.scales
    right = tuple(bool(c.zero and c.parallel) or _shares(c, chosen) for c in comparisons)
    return Verdict(tuple(comparisons), chosen, right, rate)


def _whole(parameter: Parameter) -> str:
    """The name of the list that a list of numbers is a row of; else the parameter's own."""
    return ROW.sub("", parameter.name) if parameter.listed else parameter.name


def _shares(comparison: Comparison, scales: tuple[float, ...]) -> bool:
    if not scales or not comparison.parallel or comparison.zero:
        return False
    return all(abs(a - b) <= 1e-5 * abs(b) for a, b in zip(comparison.scales, scales, strict=True))
