"""Fresh points: values for the parameters at which a coincidence of the program's own start does not hold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from backproof.graph import Node, evaluate, evaluate_at, median
from backproof.step import TrainingStep

NEARER = 0.3  # by which points come nearer where the program would decide otherwise
CALMER = (0.1, 0.01)  # of the parameters, where some gradients vanish at all points as they are
TRIES = 26  # until 0.3 ** 13 of the spread


def fresh_points(step: TrainingStep, seed: int = 20260101, spread: float = 1.0) -> Iterator[dict[Node, Any]]:
    """Draw points near the recorded one, for ever: every parameter moved at random, none left at zero.

    ``spread`` 1 moves a parameter by about a third of its size. A program that branches on its values
    (``if``, ``argmax``) is recorded on one branch only: the points are as near as it takes it again.
    """
    generator = np.random.default_rng(seed)
    scale = _typical(step)
    leaves = step.leaves
    if step.guards:
        yield from _on_the_branch(step, generator, scale, spread)
    while True:
        yield _held(step, {leaf: _moved(leaf.value, generator, scale, spread) for leaf in leaves})


def _held(step: TrainingStep, point: dict[Node, Any]) -> dict[Node, Any]:
    """The point, with what is constant in a parameter as it is."""
    for leaf, mask in step.constants.items():
        point[leaf] = np.where(mask, leaf.value, point[leaf])
    return point


def _on_the_branch(
    step: TrainingStep, generator: np.random.Generator, scale: float, spread: float
) -> Iterator[dict[Node, Any]]:
    """Draw points at which the program decides as it did, ever nearer; none where it does so nowhere.

    That is so where it stands exactly on a kink.
    """
    leaves, failed = step.leaves, 0
    while failed < TRIES:
        point = _held(step, {leaf: _moved(leaf.value, generator, scale, spread) for leaf in leaves})
        if decides_alike(step, point):
            failed = 0
            yield point
        else:
            failed += 1
            spread *= 1.0 if failed % 2 else NEARER


def decides_alike(step: TrainingStep, point: Mapping[Node, Any]) -> bool:
    """Does the program go the same way at a point as it did where it was recorded?"""
    if not step.guards:
        return True
    try:
        table = evaluate(step.guards, {**step.state, **point})
    except (ValueError, TypeError, IndexError, ArithmeticError):
        return False
    return all(np.array_equal(table[guard], guard.value) for guard in step.guards)


def informative_points(
    step: TrainingStep, count: int, seed: int = 20260101, spread: float = 1.0
) -> list[dict[Node, Any]]:
    """Draw fresh points at which no gradient vanishes by chance, as where every unit of a layer is dead."""
    return [point for point, _ in informative_tables(step, step.truths, count, seed, spread)]


def informative_tables(
    step: TrainingStep, results: Sequence[Node], count: int, seed: int = 20260101, spread: float = 1.0
) -> list[tuple[dict[Node, Any], dict[Node, Any]]]:
    """Draw such points, each with the values there of what ``results`` and the truths are computed from."""
    points, tables, counts = list[dict[Node, Any]](), list[dict[Node, Any]](), list[int]()

    def drawn(shrunk: float = 1.0) -> Iterator[dict[Node, Any]]:
        for each in islice(fresh_points(step, seed, spread), 4 * count):
            point = each
            if shrunk != 1.0:
                point = _held(step, {leaf: shrunk * value for leaf, value in each.items()})
            if shrunk == 1.0 or decides_alike(step, point):
                points.append(point)
                yield {**step.state, **point}

    for shrunk in (1.0, *CALMER):
        for table in evaluate_at([*results, *step.truths], drawn(shrunk)):
            tables.append(table)
            counts.append(sum(_tells(np.asarray(table[truth])) for truth in step.truths))
            if counts.count(max(counts)) >= count and len(counts) >= count:
                break
        if max(counts) == len(step.truths):
            break  # else all units may be saturated, or a probability zero, of which the logarithm is taken
    best = max(counts)
    good = [k for k, n in enumerate(counts) if n == best]
    rest = [k for k, n in enumerate(counts) if n != best]
    return [(points[k], tables[k]) for k in [*good, *rest][:count]]


def _tells(gradient: Any) -> bool:
    """Is there a gradient, and is it a number?"""
    return bool(np.any(gradient)) and bool(np.all(np.isfinite(gradient)))


def _typical(step: TrainingStep) -> float:
    sizes = [_size(np.asarray(leaf.value, dtype=float)) for leaf in step.leaves]
    positive = [s for s in sizes if np.isfinite(s) and s > 0]
    return min(1.0, median(positive)) if positive else 0.5


def _moved(value: Any, generator: np.random.Generator, scale: float, spread: float) -> Any:
    if type(value) is float:  # of which there may be many
        own = 0.3 * (abs(value) if 0 < abs(value) < math.inf else scale)
        return value + spread * (
            own * generator.standard_normal() + 0.05 * scale * generator.standard_normal()
        )
    array = np.asarray(value, dtype=np.float64)
    size = _size(array) if array.size else 0.0
    own = 0.3 * size if np.isfinite(size) and size > 0 else 0.3 * scale
    moves = own * generator.standard_normal(array.shape)
    moves += 0.05 * scale * generator.standard_normal(array.shape)
    return array + spread * moves


def _size(array: Any) -> float:
    """The root of the mean square."""
    return float(np.sqrt(np.mean(np.square(array)))) if array.ndim else abs(float(array))
