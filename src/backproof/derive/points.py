"""Random values for the parameters of a forward pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.derive.forward import Forward
from backproof.graph import Node

SPREAD = (0.3, 0.3, 1.0, 3.0)  # how far points lie from the program's values, in their size


def random_points(forward: Forward, count: int, seed: int = 5) -> list[dict[Node, Any]]:
    """Values for the parameters at which no coincidence of the program's own holds."""
    drawn = np.random.default_rng(seed)
    points = []
    for number in range(count):
        spread = SPREAD[number % len(SPREAD)]
        point: dict[Node, Any] = {}
        for parameter in forward.parameters:
            value = np.asarray(parameter.leaf.value, dtype=float)
            size = float(np.sqrt(np.mean(value**2))) if value.size else 0.0
            size = size if 0 < size < np.inf else 0.5
            moved = (value if spread < 1 else 0) + spread * size * drawn.standard_normal(value.shape)
            point[parameter.leaf] = moved if np.ndim(parameter.leaf.value) else float(moved)
        points.append(point)
    return points
