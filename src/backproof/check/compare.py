"""Hold the gradients that a program applies against the true ones, parameter by parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.check.agreement import agreed
from backproof.check.comparison import Comparison, Verdict
from backproof.check.decay import decay
from backproof.check.points import informative_tables
from backproof.check.rounding import MARGIN, rounding
from backproof.graph import Node, median
from backproof.step import Parameter, TrainingStep, values
from backproof.step.update import own_share, shrinks

POINTS = 3  # at which a step is first judged
ROUNDING = 1e-13  # of the largest gradient of a step: smaller is a zero computed in float64
SHARED = 1e-4  # relative: what is fitted to gradients is the share that stands in the update
SOUGHT = 8  # points among which one is looked for that shows a difference
LEAST = 2  # points that are left when those of rounding alone are set aside
TOLERANCE = (
    2e-6  # relative; an epsilon of 1e-8 inside a logarithm stays below it, a scale off by 0.05 % does not
)


def compare(step: TrainingStep, points: int = 3, spread: float = 1.0) -> Verdict:
    """Compare the applied with the true gradients at fresh points."""
    results = [*step.descents, *step.truths]
    found = informative_tables(step, results, points, spread=spread)
    rows = [[table[node] for node in results] for _, table in found]
    drawn = [point for point, _ in found]
    verdict = compared(step, drawn, rows)
    kept = [] if verdict.correct else _telling(step, verdict, drawn, rows)
    if LEAST <= len(kept) < len(drawn):
        verdict = compared(step, [drawn[k] for k in kept], [rows[k] for k in kept])
    return replace(verdict, spread=spread)


def _telling(
    step: TrainingStep, verdict: Verdict, points: Sequence[dict[Node, Any]], rows: list[list[Any]]
) -> list[int]:
    """The points at which a difference is more than rounding; looked for where only some points differ."""
    count, results = len(step.parameters), [*step.descents, *step.truths]
    differing: dict[int, list[tuple[int, float]]] = {}
    for number, comparison in enumerate(verdict.comparisons):
        if comparison.undefined or comparison.zero or len(comparison.scales) != len(points):
            continue
        scales, errors = np.array(comparison.scales), np.array(comparison.errors)
        alike = scales[errors < TOLERANCE]
        if not alike.size:
            continue
        common = median(alike.tolist())
        off = np.maximum(errors, np.abs(scales / common - 1)) if common else errors
        for k in np.flatnonzero(off >= TOLERANCE).tolist():
            differing.setdefault(k, []).append((number, float(off[k])))
    if len(differing) > len(points) - LEAST:
        return list(range(len(points)))
    kept = []
    for k, (point, row) in enumerate(zip(points, rows, strict=True)):
        lost = rounding(results, {**step.state, **point}, row) if k in differing else []
        if not lost or any(off > MARGIN * (lost[n] + lost[count + n]) for n, off in differing[k]):
            kept.append(k)
    return kept


def is_rounding(step: TrainingStep, verdict: Verdict) -> bool:
    """Is all that is wrong no more than the digits that the step loses at every point?

    So it is where one less a probability is taken of which nothing is left but rounding.
    """
    results, count = [*step.descents, *step.truths], len(step.parameters)
    found = informative_tables(step, results, POINTS, spread=verdict.spread)
    if any(len(c.scales) < len(found) for c in verdict.comparisons):  # of which some were set aside
        verdict = compared(step, [p for p, _ in found], [[table[r] for r in results] for _, table in found])
    wrong = [
        (k, c) for k, (c, ok) in enumerate(zip(verdict.comparisons, verdict.right, strict=True)) if not ok
    ]
    if not wrong or any(c.zero or len(c.scales) != len(found) for _, c in wrong):
        return False
    shared = median(list(verdict.scales)) if verdict.scales else 0.0
    lost = list[list[float]]()
    for number, (point, table) in enumerate(found):
        at = rounding(results, {**step.state, **point}, [table[node] for node in results])
        if any(c.errors[number] > max(MARGIN * (at[k] + at[count + k]), TOLERANCE) for k, c in wrong):
            return False  # one point that tells is enough
        lost.append(at)
    for k, comparison in wrong:
        own = np.array([at[k] + at[count + k] for at in lost])
        common = shared if comparison.parallel else comparison.scales[int(np.argmin(own))]
        off = np.abs(np.array(comparison.scales) / common - 1) if common else np.inf
        if np.any(np.maximum(comparison.errors, off) > np.maximum(MARGIN * own, TOLERANCE)):
            return False
    return True


def telling_tables(
    step: TrainingStep, verdict: Verdict, results: Sequence[Node], count: int, seed: int
) -> list[tuple[dict[Node, Any], dict[Node, Any]]]:
    """Draw points like ``informative_tables``, at some of which gradients are wrong that a verdict calls so.

    Where none of the first shows that, as those of a gradient that meets a bound now and then, others stand
    in; there are none if not even all of those show it.
    """
    found = informative_tables(step, results, count, seed, verdict.spread)
    if verdict.correct or not _seem_right(step, found):
        return found
    more = informative_tables(step, results, SOUGHT, spread=verdict.spread)
    for last in reversed(more[count - 1 :]):
        chosen = [*more[: count - 1], last]
        if not _seem_right(step, chosen):
            return chosen
    return [] if _seem_right(step, more) else more


def _seem_right(step: TrainingStep, found: Sequence[tuple[dict[Node, Any], dict[Node, Any]]]) -> bool:
    nodes = [*step.descents, *step.truths]
    rows = [[table[node] for node in nodes] for _, table in found]
    return compared(step, [point for point, _ in found], rows).correct


def compare_nodes(
    step: TrainingStep,
    descents: Sequence[Node],
    points: Sequence[dict[Node, Any]],
    truths: Sequence[Node] | None = None,
) -> Verdict:
    """The same for other nodes, such as those of a mended program."""
    results = [*descents, *(truths if truths is not None else step.truths)]
    return compared(step, points, [values(step, results, point) for point in points])


def compared(step: TrainingStep, points: Sequence[dict[Node, Any]], table: list[list[Any]]) -> Verdict:
    """The verdict of values: a row of the table holds the descents and the truths at one point."""
    count = len(step.parameters)
    comparisons = []
    small = [floor(row[:count]) for row in table], [floor(row[count:]) for row in table]
    for number, parameter in enumerate(step.parameters):
        applied = [floored(row[number], f) for row, f in zip(table, small[0], strict=True)]
        true = [floored(row[count + number], f) for row, f in zip(table, small[1], strict=True)]
        weights = [parameter.gathered(point) for point in points]
        in_part = not step.hypothesis.stated  # a loss that is written has the penalty of a part in it
        one = _one(parameter, applied, true, weights, _allowed(step, parameter), in_part)
        comparisons.append(one if one.parallel else _with_own_share(one, parameter, applied, true, weights))
    return agreed(step, [_filled(c, comparisons) for c in comparisons])


def _filled(comparison: Comparison, others: Sequence[Comparison]) -> Comparison:
    """Give the points at which a gradient vanishes the scale that goes with those of the other points.

    It is that of a parameter which has the same one where both have any, or else that of another point.
    """
    scales = np.array(comparison.scales)
    silent = np.isnan(scales)
    if not silent.any() or silent.all():
        return replace(comparison, scales=tuple(np.where(silent, 0.0, scales).tolist()))
    filled = np.where(silent, scales[~silent][0], scales)
    for other in others:
        beside = np.array(other.scales)
        if not other.parallel or beside.shape != scales.shape or np.isnan(beside[silent]).any():
            continue
        both = ~silent & ~np.isnan(beside)
        if both.any() and np.all(np.abs(beside - scales)[both] <= 1e-5 * np.abs(scales)[both]):
            filled = np.where(silent, beside, scales)
            break
    return replace(comparison, scales=tuple(filled.tolist()))


def norm(value: Any) -> float:
    """The norm of a value, 0 where it is not finite."""
    size = float(np.linalg.norm(np.asarray(value, dtype=np.float64)))
    return size if np.isfinite(size) else 0.0


def floor(values: Sequence[Any]) -> float:
    """The norm up to which one gradient of a step is nothing but rounding, beside these."""
    return ROUNDING * max((norm(value) for value in values), default=0.0)


def floored(value: Any, least: float) -> Any:
    """Take a gradient that is nothing but rounding, beside the others of its step.

    For the zero that it stands for.
    """
    array = np.asarray(value, dtype=np.float64)
    return np.zeros_like(array) if norm(array) <= least and np.all(np.isfinite(array)) else array


def _allowed(step: TrainingStep, parameter: Parameter) -> tuple[bool, bool]:
    """May an update shrink a parameter by a share of itself, and by a share of its sign?

    Not where the loss counts its size already, in whatever way; unless the update itself scales it. Nor where
    a minimiser was given the loss, and the gradient is to be its own.
    """
    if step.hypothesis.minimised:
        return False, False
    pairs = list(zip(parameter.leaves, parameter.afters, strict=True))
    free = step.penalised.isdisjoint(parameter.leaves)
    return free or all(shrinks(a, b) for b, a in pairs), free


def _with_own_share(
    found: Comparison, parameter: Parameter, applied: list[Any], true: list[Any], weights: list[Any]
) -> Comparison:
    """Set aside what the update takes off a parameter in a term of its own, beside a gradient that is right.

    That is a decay which the program chose, also where the loss has a penalty of its own.
    """
    shares = [own_share(a, b) for b, a in zip(parameter.leaves, parameter.afters, strict=True)]
    if not shares or min(shares) <= 0 or max(shares) > min(shares) * (1 + SHARED) or found.undefined:
        return found
    rest = decay(applied, true, weights, TOLERANCE)
    if rest is None or rest.absolute or abs(rest.square * rest.scales[0] / shares[0] - 1) > SHARED:
        return found
    return replace(found, scales=rest.scales, parallel=True, decay=rest)


def _one(
    parameter: Parameter,
    applied: list[Any],
    true: list[Any],
    weights: list[Any],
    allowed: tuple[bool, bool],
    in_part: bool,
) -> Comparison:
    name = parameter.name
    scales, errors, zero = [], [], True
    for g, t in zip(applied, true, strict=True):
        if not np.all(np.isfinite(t)):
            return Comparison(name, (), (), False, False, undefined=True)
        if g.shape != t.shape:
            return Comparison(name, (), (), False, False)
        if not np.all(np.isfinite(g)):
            return Comparison(name, (), (), False, False)
        size = float(np.vdot(t, t))
        length = float(np.linalg.norm(g))
        if size == 0.0:
            scales.append(np.nan if length == 0.0 else 0.0)  # nan: this point says nothing
            errors.append(0.0 if length == 0.0 else np.inf)
            continue
        zero = False
        c = float(np.vdot(g, t)) / size
        scales.append(c)
        rest = float(np.linalg.norm(g - c * t))
        errors.append(rest / length if length else np.inf)
    parallel = all(e < TOLERANCE for e in errors)
    found = None if parallel or zero else decay(applied, true, weights, TOLERANCE, allowed, in_part)
    if found is not None:
        return Comparison(name, found.scales, tuple(errors), True, zero, found)
    return Comparison(name, tuple(scales), tuple(errors), parallel, zero)


__all__ = ["Comparison", "Verdict", "compare", "compare_nodes"]
