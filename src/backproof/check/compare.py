"""Hold the gradients that a program applies against the true ones, parameter by parameter."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backproof.check.decay import Decay, decay
from backproof.check.points import informative_tables
from backproof.check.rounding import MARGIN, rounding
from backproof.graph import Node, ancestors, median
from backproof.step import Parameter, TrainingStep, values
from backproof.step.update import own_share, shrinks, terms

POINTS = 3  # at which a step is first judged
ROUNDING = 1e-13  # of the largest gradient of a step: smaller is a zero computed in float64
SHARED = 1e-4  # relative: what is fitted to gradients is the share that stands in the update
SOUGHT = 8  # points among which one is looked for that shows a difference
LEAST = 2  # points that are left when those of rounding alone are set aside
TOLERANCE = (
    2e-6  # relative; an epsilon of 1e-8 inside a logarithm stays below it, a scale off by 0.05 % does not
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One parameter at several points.

    ``scales`` are the least-squares c of applied ≈ c·true at each point, ``errors`` the part of the applied
    gradient that is not c·true, relative to it; ``parallel`` says that it is nothing but rounding, ``zero``
    that the true gradient vanishes, ``undefined`` that it is no finite number at some point. Points where it
    vanishes beside others say nothing, and have the scale that the others show.
    """

    name: str
    scales: tuple[float, ...]
    errors: tuple[float, ...]
    parallel: bool
    zero: bool
    decay: Decay | None = None
    undefined: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """All parameters of one step under one loss.

    ``scales`` are the common ones, ``right`` who has them; ``spread`` says how far apart the points were.
    """

    comparisons: tuple[Comparison, ...]
    scales: tuple[float, ...]
    right: tuple[bool, ...]
    rate: float | None
    spread: float = 1.0

    @property
    def correct(self) -> bool:
        """Every gradient is the true one, up to one common positive scale, and not all of them vanish."""
        return all(self.right) and not all(comparison.zero for comparison in self.comparisons)


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
    return _judge(step, [_filled(c, comparisons) for c in comparisons])


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


def _judge(step: TrainingStep, comparisons: list[Comparison]) -> Verdict:
    """Find the scale that most parameters share; those that have it, with the right direction, are right."""
    rate = learning_rate(step)
    best: tuple[Any, ...] | None = None
    chosen: tuple[float, ...] = ()
    large = {p.name for p in step.parameters if int(np.prod(p.shape)) > 1}
    for c in comparisons:
        if c.parallel and not c.zero and c.scales and min(c.scales) > 0:
            sharing = sum(_shares(other, c.scales) for other in comparisons)
            exact = bool(rate) and rate is not None and all(abs(s / rate - 1) < 1e-5 for s in c.scales)
            steady = max(c.scales) < min(c.scales) * (1 + 1e-6)
            moving = [other for other in comparisons if not other.zero]
            if not steady and (
                sharing < max(2, len(moving)) or not any(other.name in large for other in moving)
            ):
                continue  # only a rescaling of the whole step may differ from point to point
            key = (sharing, exact, steady)
            if best is None or key > best:
                best, chosen = key, c.scales
    right = tuple(bool(c.zero and c.parallel) or _shares(c, chosen) for c in comparisons)
    return Verdict(tuple(comparisons), chosen, right, rate)


def _shares(comparison: Comparison, scales: tuple[float, ...]) -> bool:
    if not scales or not comparison.parallel or comparison.zero:
        return False
    return all(abs(a - b) <= 1e-5 * abs(b) for a, b in zip(comparison.scales, scales, strict=True))


def learning_rate(step: TrainingStep) -> float | None:
    """The plain number that the updates multiply their gradients by, where all have the same."""
    if step.hypothesis.minimised:
        return 1.0
    rates = _rates(step)
    known = [rate for rate in rates if rate is not None]
    return _one_of(known) if len(known) == len(rates) else None


def common_rate(step: TrainingStep) -> float | None:
    """The same of those updates that multiply by one: others may lack it, and lengths are none."""
    return _one_of([rate for rate in _rates(step, "f") if rate is not None])


def _one_of(rates: Sequence[float]) -> float | None:
    return rates[0] if rates and 0 < max(rates) <= min(rates) * (1 + 1e-9) else None


def _rates(step: TrainingStep, kinds: str = "biuf") -> list[float | None]:
    """The plain number of these kinds that the update of each parameter multiplies its gradient by."""
    if step.lengths:
        return [None]
    rates, counted = list[float | None](), set(ancestors([step.loss]))
    for parameter in step.parameters:
        _, added = terms(parameter.afters[0], parameter.leaves[0])
        found = (abs(r) for term in added if (r := _factor(term, counted, kinds)) is not None)
        rates.append(next(found, None))
    return rates


def _factor(term: Node, counted: Collection[Node], kinds: str) -> float | None:
    """The product of the numbers that the outermost multiplications of a term hold.

    What is ``counted`` in the loss is no part of a rate.
    """

    def is_number(node: Node) -> bool:
        data = node.operation == "leaf" and node in counted
        number = node.operation in ("leaf", "constant") and np.size(node.value) == 1
        return number and not data and np.asarray(node.value).dtype.kind in kinds

    total, found = 1.0, False
    while term.operation in ("multiply", "divide", "negative", "identity"):
        if term.operation in ("negative", "identity"):
            term = term.operands[0]
            continue
        x, y = term.operands
        if is_number(x) and term.operation == "multiply":
            total, term, found = total * float(np.ravel(x.value)[0]), y, True
        elif is_number(y):
            number = float(np.ravel(y.value)[0])
            total, term, found = (total * number if term.operation == "multiply" else total / number), x, True
        else:
            break
        if found:
            return total
    return total if found else None


__all__ = ["Comparison", "Verdict", "compare", "compare_nodes"]
