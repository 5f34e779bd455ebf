"""A penalty on the weights that only the update has: the gradient and a little of the weights themselves.

By convention the loss that a program states often leaves it out. So a gradient that is the true one plus a
fixed share of the weights (of their squares' derivative, of their signs, or of both) counts as right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    in_part: bool = False,
) -> Decay | None:
    """Find c·true + λ·w + μ·sign(w) in the gradients applied at several points, with λ and μ the same at all.

    None where there is nothing of the kind, and where the weights are too few to tell. ``allowed`` says
    whether λ, and whether μ, may differ from 0; ``in_part`` that only some of the weights may be penalised.
    """
    for parts in ((True, False), (False, True), (True, True)):
        if any(wanted and not may for wanted, may in zip(parts, allowed, strict=True)):
            continue
        for kept in penalised_parts(np.shape(weights[0]), in_part) if weights else ():
            share = [w * kept for w in weights]
            found = _fitted(applied, true, share, parts, tolerance)
            if found is not None:
                return found
    return None


def penalised_parts(shape: tuple[int, ...], in_part: bool) -> Iterator[Any]:
    """Which weights may be penalised: all, or all but the first or last, where an intercept is among them."""
    yield 1.0
    for axis, size in enumerate(shape):
        if size > 1 and in_part:
            for position in (0, -1):
                mask = np.ones(shape)
                mask[(*[slice(None)] * axis, position)] = 0.0
                yield mask


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
