"""Fresh points: values for the parameters at which a coincidence of the program's own start does not hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node, median
from backproof.step import TrainingStep, values


def fresh_points(
    step: TrainingStep, count: int, seed: int = 20260101, spread: float = 1.0
) -> list[dict[Node, Any]]:
    """Draw ``count`` points near the recorded one: every parameter moved at random, none left at zero.

    ``spread`` 1 moves a parameter by about a third of its size. A program that branches on its values
    (``if``, ``argmax``) is recorded on one branch only, which holds nearby: for it the spread has to be
    small.
    """
    generator = np.random.default_rng(seed)
    scale = _typical(step)
    leaves = _leaves(step)
    return [{leaf: _moved(leaf.value, generator, scale, spread) for leaf in leaves} for _ in range(count)]


def informative_points(
    step: TrainingStep, count: int, seed: int = 20260101, spread: float = 1.0
) -> list[dict[Node, Any]]:
    """Draw fresh points at which no gradient vanishes by chance, as where every unit of a layer is dead."""
    points = fresh_points(step, 4 * count, seed, spread)
    counts = []
    for number, point in enumerate(points):
        truths = values(step, step.truths, point)
        counts.append(sum(bool(np.any(np.asarray(t))) for t in truths))
        if counts.count(max(counts)) >= count and number + 1 >= count:
            break
    best = max(counts)
    good = [k for k, n in enumerate(counts) if n == best]
    rest = [k for k, n in enumerate(counts) if n != best]
    return [points[k] for k in [*good, *rest][:count]]


def _leaves(step: TrainingStep) -> list[Node]:
    return [leaf for parameter in step.parameters for leaf in parameter.leaves]


def _typical(step: TrainingStep) -> float:
    sizes = [
        float(np.sqrt(np.mean(np.square(np.asarray(leaf.value, dtype=float))))) for leaf in _leaves(step)
    ]
    positive = [s for s in sizes if np.isfinite(s) and s > 0]
    return min(1.0, median(positive)) if positive else 0.5


def _moved(value: Any, generator: np.random.Generator, scale: float, spread: float) -> Any:
    array = np.asarray(value, dtype=np.float64)
    size = float(np.sqrt(np.mean(np.square(array)))) if array.size else 0.0
    own = 0.3 * size if np.isfinite(size) and size > 0 else 0.3 * scale
    moves = own * generator.standard_normal(array.shape)
    moves += 0.05 * scale * generator.standard_normal(array.shape)
    return array + spread * moves
