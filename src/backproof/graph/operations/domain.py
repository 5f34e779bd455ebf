"""Where an operation is defined: functions that draw operands and attributes for the property tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backproof.graph.operations.record import Domain

Shape = tuple[int, ...]
Draw = Callable[[np.random.Generator, Shape | None], Any]

SHAPES: tuple[Shape | None, ...] = (None, (), (1,), (5,), (2, 3), (3, 1, 7))  # None: a Python number
PAIRS: tuple[tuple[Shape | None, Shape | None], ...] = (
    *[(None, None), (None, (3,)), ((2, 5), None), ((), (3, 2)), ((5,), ()), ((7,), (7,)), ((3, 5), (5,))],
    *[
        ((5,), (3, 5)),
        ((3, 1), (1, 7)),
        ((1, 5), (3, 1)),
        ((2, 1, 3), (5, 1)),
        ((1,), (2, 3)),
        ((2, 3), (2, 3)),
    ],
)


def uniform(low: float, high: float) -> Draw:
    """Draw floats between two bounds."""

    def draw(generator: np.random.Generator, shape: Shape | None) -> Any:
        values = generator.uniform(low, high, () if shape is None else shape)
        return float(values) if shape is None else np.asarray(values)

    return draw


def away(low: float, high: float) -> Draw:
    """Draw floats of either sign whose size lies between two bounds."""

    def draw(generator: np.random.Generator, shape: Shape | None) -> Any:
        size = () if shape is None else shape
        values = generator.uniform(low, high, size) * generator.choice([-1.0, 1.0], size)
        return float(values) if shape is None else np.asarray(values)

    return draw


def booleans(generator: np.random.Generator, shape: Shape | None) -> Any:
    """Draw booleans."""
    values = generator.random(() if shape is None else shape) < 0.5
    return bool(values) if shape is None else np.asarray(values)


def integers(generator: np.random.Generator, shape: Shape | None) -> Any:
    """Draw small integers, so that equal ones occur."""
    values = generator.integers(-2, 3, () if shape is None else shape)
    return int(values) if shape is None else np.asarray(values)


REAL = uniform(-2.0, 2.0)


def one(draw: Draw) -> Domain:
    """One operand of any shape."""
    return lambda generator: ((draw(generator, SHAPES[generator.integers(len(SHAPES))]),), {})


def two(first: Draw, second: Draw | None = None) -> Domain:
    """Two operands whose shapes broadcast, either way."""

    def domain(generator: np.random.Generator) -> tuple[tuple[Any, ...], dict[str, Any]]:
        a, b = PAIRS[generator.integers(len(PAIRS))]
        return (first(generator, a), (second or first)(generator, b)), {}

    return domain


def examples(*cases: tuple[Any, ...], draw: Draw = REAL) -> Domain:
    """One of some cases: the shapes of the operands (or functions that draw them), then the attributes."""

    def domain(generator: np.random.Generator) -> tuple[tuple[Any, ...], dict[str, Any]]:
        *shapes, attributes = cases[generator.integers(len(cases))]
        return tuple(s(generator) if callable(s) else draw(generator, s) for s in shapes), dict(attributes)

    return domain
