"""Fresh points: values for the parameters at which a coincidence of the program's own start does not hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.step import TrainingStep


def fresh_points(step: TrainingStep, count: int, seed: int = 20260101) -> list[dict[Node, Any]]:
    """Draw ``count`` points near the recorded one: every parameter moved at random, none left at zero."""
    generator = np.random.default_rng(seed)
    scale = _typical(step)
    leaves = _leaves(step)
    return [{leaf: _moved(leaf.value, generator, scale) for leaf in leaves} for _ in range(count)]


def recorded_point(step: TrainingStep) -> dict[Node, Any]:
    """The point at which the program itself stood."""
    return {leaf: np.asarray(leaf.value, dtype=np.float64) for leaf in _leaves(step)}


def _leaves(step: TrainingStep) -> list[Node]:
    return [leaf for parameter in step.parameters for leaf in parameter.leaves]


def _typical(step: TrainingStep) -> float:
    sizes = [
        float(np.sqrt(np.mean(np.square(np.asarray(leaf.value, dtype=float))))) for leaf in _leaves(step)
    ]
    positive = [s for s in sizes if np.isfinite(s) and s > 0]
    return min(1.0, float(np.median(positive))) if positive else 0.5


def _moved(value: Any, generator: np.random.Generator, scale: float) -> Any:
    array = np.asarray(value, dtype=np.float64)
    size = float(np.sqrt(np.mean(np.square(array)))) if array.size else 0.0
    spread = 0.3 * size if np.isfinite(size) and size > 0 else 0.3 * scale
    return (
        array
        + spread * generator.standard_normal(array.shape)
        + 0.05 * scale * generator.standard_normal(array.shape)
    )
