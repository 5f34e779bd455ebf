"""How gradients stand to the true ones: wrong, parallel, or right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backproof.check.compare import TOLERANCE, Verdict

WRONG, PARALLEL, RIGHT = 0, 1, 2
ROUGHLY = 1e-9  # of the square of a norm: more is no rounding, and a difference of squares shows it
VANISHES = np.inf  # stands for the scale where both gradients are zero


def starting_states(verdict: Verdict) -> tuple[int, ...]:
    """Give the states of the parameters before any correction."""
    states = []
    for ok, comparison in zip(verdict.right, verdict.comparisons, strict=True):
        scales = comparison.scales
        if ok:
            states.append(RIGHT)
        elif comparison.parallel and scales and max(scales) - min(scales) <= 1e-5 * max(map(abs, scales)):
            states.append(PARALLEL)
        else:
            states.append(WRONG)
    return tuple(states)


def parallel(applied: Any, true: Any) -> float | None:
    """The constant c of applied = c·true; VANISHES where both are zero, None where there is none."""
    g = np.asarray(applied, dtype=float)
    if g.shape != true.shape:
        return None
    size = float(np.vdot(true, true))
    if size == 0.0:
        return VANISHES if not np.any(g) else None
    c = float(np.vdot(g, true)) / size
    squared = float(np.vdot(g, g))
    if not squared - c * c * size <= ROUGHLY * squared:
        return None  # neither parallel nor, perhaps, finite
    if not np.all(np.isfinite(g)):
        return None
    norm = float(np.linalg.norm(g))
    if norm == 0.0 or float(np.linalg.norm(g - c * true)) > TOLERANCE * norm:
        return None
    return c


def is_multiple(pairs: Sequence[tuple[Any, Any]]) -> bool:
    """Is the first of each pair the second times one constant?"""
    scales = list[float]()
    for found, true in pairs:
        scale = parallel(found, np.asarray(true, dtype=float))
        if scale is None or scale == VANISHES:
            return False
        scales.append(scale)
    return max(scales) - min(scales) <= 1e-5 * max(map(abs, scales))
