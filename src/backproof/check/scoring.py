"""What a correction makes of the gradients: which it leaves wrong, parallel to the truth, or right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backproof.check.compare import TOLERANCE, floored
from backproof.check.decay import penalised_parts
from backproof.check.grades import PARALLEL, RIGHT, VANISHES, WRONG, parallel
from backproof.check.trial import Bench, Edge
from backproof.graph import Node
from backproof.step.update import own_share, shrinks, takes_a_share

SOME = 1e-3  # of an update: less of it is no gradient
LEAST_SHRUNK = 3  # elements: two constants fit any two numbers


def score(
    bench: Bench, changes: Sequence[tuple[Edge, Node]], states: tuple[int, ...]
) -> tuple[int, ...] | None:
    """The state of every parameter after ``changes``: wrong, parallel to the truth, or right.

    None if they cannot be, or where already the first point shows that none of them is nearer to the
    truth than in ``states``, or that one is further away.
    """
    line = bench.needed(changes)
    inside = set(line)
    after = list(bench.initial)
    moved = [k for k, descent in enumerate(bench.step.descents) if descent in inside]
    scales: dict[int, list[float]] = {k: [] for k in moved}
    whole = len(moved) == len(after)  # then the common scale may change
    with np.errstate(all="ignore"):
        for point in range(len(bench.points)):
            overlay = bench.run(changes, point, line)
            if overlay is None:
                return None
            hope = False
            for k in moved:
                scale = scale_of(bench, overlay[bench.step.descents[k]], point, k)
                if scale is not None:
                    scales[k].append(scale)
                    hope |= states[k] == WRONG or (states[k] == PARALLEL and _fits(bench, scale, point))
                if states[k] > WRONG and (
                    scale is None or (states[k] == RIGHT and not whole and not _fits(bench, scale, point))
                ):
                    return None
            if not hope and not (whole and _are_alike(scales, point)):
                return None
            moved = [k for k in moved if len(scales[k]) == point + 1]
    if not scales:
        return None
    if _all_alike(bench, scales):
        return (RIGHT,) * len(states)
    for k, found in scales.items():
        after[k] = _graded(bench, found) if len(found) == len(bench.points) else WRONG
    if bench.target is None:
        moving = {k: [s for s in found if s is not VANISHES] for k, found in scales.items()}
        _agree(bench, after, {k: found for k, found in moving.items() if found})
    return tuple(after)


def scale_of(bench: Bench, applied: Any, point: int, k: int) -> float | None:
    """The constant by which a gradient differs from the true one, beside what shrinks the parameter."""
    true = bench.truths[point][k]
    if not np.any(true):  # nothing but rounding is as good as nothing
        applied = floored(applied, bench.floors[point])
    scale = parallel(applied, true)
    parameter = bench.step.parameters[k]
    if scale is not None or np.shape(applied) != true.shape or true.size < LEAST_SHRUNK:
        return scale
    if k not in bench.shrinking:
        pairs = zip(parameter.leaves, parameter.afters, strict=True)
        free = not bench.step.hypothesis.minimised and bench.step.penalised.isdisjoint(parameter.leaves)
        bench.shrinking[k] = all(
            shrinks(a, b) or own_share(a, b) > 0 or (free and takes_a_share(a, b)) for b, a in pairs
        )
    if not bench.shrinking[k]:
        return None
    weights = parameter.gathered(bench.points[point])
    g = np.ravel(np.asarray(applied, dtype=float))
    if not np.all(np.isfinite(g)):
        return None
    for kept in penalised_parts(np.shape(weights), not bench.step.hypothesis.stated):
        basis = np.stack([np.ravel(true), np.ravel(weights * kept)], axis=1)
        solution = np.linalg.lstsq(basis, g, rcond=None)[0]
        size, rest = float(np.linalg.norm(g)), float(np.linalg.norm(g - basis @ solution))
        some = abs(float(solution[0])) * float(np.linalg.norm(true)) > SOME * size
        if some and rest <= TOLERANCE * size and solution[0] * solution[1] > 0:  # which shrinks it
            return float(solution[0])
    return None


def _fits(bench: Bench, scale: float, point: int) -> bool:
    """Is this the scale of a right gradient, as far as that is known?"""
    if bench.target is None or scale == VANISHES:
        return True
    return abs(scale - bench.target[point]) <= 1e-5 * abs(bench.target[point])


def _all_alike(bench: Bench, scales: Mapping[int, list[float]]) -> bool:
    """Has every gradient one common positive scale now, whatever was taken for the right one?"""
    if bench.firm:
        return False
    if len(scales) < len(bench.step.descents) or any(len(s) < len(bench.points) for s in scales.values()):
        return False
    return _is_one([s for found in scales.values() for s in found])


def _are_alike(scales: Mapping[int, list[float]], point: int) -> bool:
    """Have all gradients one positive scale at a point, if another than was taken for the right one?"""
    if any(len(found) <= point for found in scales.values()):
        return False
    return _is_one([found[point] for found in scales.values()])


def _is_one(scales: Sequence[float]) -> bool:
    """Are these one positive scale, but for those of gradients that vanish?"""
    moving = [scale for scale in scales if scale is not VANISHES]
    return bool(moving) and min(moving) > 0 and max(moving) - min(moving) <= 1e-5 * max(moving)


def _graded(bench: Bench, found: list[float]) -> int:
    """What the scales at all points tell, but for those at which there is nothing to scale."""
    target = bench.target or found
    kept = [(s, t) for s, t in zip(found, target, strict=False) if s is not VANISHES]
    scales = [s for s, _ in kept]
    if not kept or (bench.target is not None and all(abs(s - t) <= 1e-5 * abs(t) for s, t in kept)):
        return RIGHT
    if max(scales) - min(scales) > 1e-5 * max(abs(s) for s in scales):
        return WRONG
    return RIGHT if bench.target is None and min(scales) > 0 else PARALLEL


def _hasscale_of(bench: Bench, k: int) -> bool:
    comparison = bench.verdict.comparisons[k]
    return bool(comparison.scales) and not comparison.zero


def _agree(bench: Bench, states: list[int], moved: dict[int, list[float]]) -> None:
    """Where nothing fixes the scale, right are those that share the one most have."""
    scale = {
        k: moved[k][0] if k in moved else bench.verdict.comparisons[k].scales[0]
        for k, state in enumerate(states)
        if state == RIGHT and (k in moved or _hasscale_of(bench, k))
    }
    most = max(
        scale.values(),
        key=lambda s: sum(abs(o - s) <= 1e-5 * abs(s) for o in scale.values()),
        default=0.0,
    )
    for k, s in scale.items():
        if abs(s - most) > 1e-5 * abs(most):
            states[k] = PARALLEL
