"""How much of a difference between gradients is rounding: measured, by rounding otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors
from backproof.graph.evaluate import cast
from backproof.graph.operations import OPERATIONS

MARGIN = 30.0  # an error within so many times what was measured is rounding
DRAWS = 6  # a change of one digit may take back another: of two draws both do so now and then
LAST = 2.0**-52  # the last digit of a float64, relative
ARITHMETIC = ("add", "subtract", "multiply", "divide", "power", "square", "sqrt", "reciprocal")
CURVES = ("exp", "expm1", "log", "log1p", "tanh", "sigmoid", "sin", "cos")
ROUNDED = {
    *ARITHMETIC,
    *CURVES,
    "sum",
    "mean",
    "matmul",
    "dot",
    "outer",
    "einsum",
}  # others arrange or choose


def rounding(results: Sequence[Node], point: Mapping[Node, Any], row: Sequence[Any]) -> list[float]:
    """Give the relative rounding of each result of a row, which was evaluated in float64 at the point.

    Every operation is computed again with its last digit changed at random, as in Vignes, *Discrete
    stochastic arithmetic* (2004). More digits alone do not show it: of 1 − a, with a = 1 − 1e-30, none has
    any left. Zero where a value is not finite, which has other reasons.
    """
    generator = np.random.default_rng(17)
    draws = [_jittered(results, point, generator) for _ in range(DRAWS)]
    return [max(_apart(row[k], drawn[k]) for drawn in draws) for k in range(len(results))]


def _jittered(
    results: Sequence[Node], point: Mapping[Node, Any], generator: np.random.Generator
) -> list[Any]:
    values: dict[Node, Any] = {}
    with np.errstate(all="ignore"):
        for node in ancestors(results):
            if node in point:
                values[node] = cast(point[node], np.float64)
            elif not node.operands and node.operation in ("leaf", "constant"):
                values[node] = cast(node.value, np.float64)
            else:
                operands = [values[operand] for operand in node.operands]
                value = OPERATIONS[node.operation].value(*operands, **node.attributes)
                if node.operation in ROUNDED and np.asarray(value).dtype.kind == "f":
                    value = value * (1 + LAST * generator.choice((-1.0, 1.0), np.shape(value)))
                values[node] = value
    return [values[node] for node in results]


def _apart(value: Any, other: Any) -> float:
    x, y = np.asarray(value, np.float64), np.asarray(other, np.float64)
    if x.shape != y.shape or not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        return 0.0
    size = max(np.linalg.norm(x), np.linalg.norm(y))
    return float(np.linalg.norm(x - y) / size) if size else 0.0
