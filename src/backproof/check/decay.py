"""A penalty on the weights that only the update has: the gradient and a little of the weights themselves.

By convention the loss that a program states often leaves it out. So a gradient that is the true one plus a
fixed share of the weights (of their squares' derivative, of their signs, or of both) counts as right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Decay:
    """The shares of the weights and of their signs, in units of the gradient, and the gradient's scales."""

    square: float
    absolute: float
    scales: tuple[float, ...]


def decay(
    applied: Sequence[Any],
    true: Sequence[Any],
    weights: Sequence[Any],
    tolerance: float,
    allowed: tuple[bool, bool] = (True, True),
) -> Decay | None:
    """Find c·true + λ·w + μ·sign(w) in the gradients applied at several points, with λ and μ the same at all.

    None where there is nothing of the kind, and where the weights are too few to tell. ``allowed`` says
    whether λ, and whether μ, may differ from 0.
    """
    for parts in ((True, False), (False, True), (True, True)):
        if any(wanted and not may for wanted, may in zip(parts, allowed, strict=True)):
            continue
        found = _fitted(applied, true, weights, parts, tolerance)
        if found is not None:
            return found
    return None


def _fitted(
    applied: Sequence[Any],
    true: Sequence[Any],
    weights: Sequence[Any],
    parts: tuple[bool, bool],
    tolerance: float,
) -> Decay | None:
    solutions = []
    for g, t, w in zip(applied, true, weights, strict=True):
        own = [values.ravel() for values, wanted in zip((w, np.sign(w)), parts, strict=True) if wanted]
        basis = np.stack([t.ravel(), *own], axis=1)
        if basis.shape[0] <= basis.shape[1]:
            return None
        solution, *_ = np.linalg.lstsq(basis, g.ravel(), rcond=None)
        if np.linalg.norm(basis @ solution - g.ravel()) > tolerance * np.linalg.norm(g):
            return None
        solutions.append(solution)
    table = np.array(solutions)
    shares = table[:, 1:]
    if table[:, 0].min() <= 0 or shares.min() <= 0 or np.any(shares.max(0) > shares.min(0) * (1 + 1e-4)):
        return None
    found = iter(shares[0] / abs(table[0, 0]))
    square, absolute = (float(next(found)) if wanted else 0.0 for wanted in parts)
    return Decay(square, absolute, tuple(float(c) for c in table[:, 0]))
