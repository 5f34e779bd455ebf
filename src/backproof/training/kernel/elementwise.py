"""The elementwise operations of a graph that a kernel may hold, as arithmetic on vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backproof.training.kernel import exponential
from backproof.training.kernel.lanes import Lanes


def _truth(lanes: Lanes, condition: Any) -> Any:
    """Booleans are held as 1.0 and 0.0."""
    return lanes.select(condition, lanes.splat(1.0), lanes.splat(0.0))


def _compare(condition: str) -> Callable[..., Any]:
    return lambda lanes, a, b: _truth(lanes, lanes.compare(condition, a, b))


def _is_true(lanes: Lanes, a: Any) -> Any:
    return lanes.compare("une", a, lanes.splat(0.0))


def _larger(condition: str) -> Callable[..., Any]:
    """`np.maximum` and `np.minimum`: NaN in either operand is handed on."""

    def emit(lanes: Lanes, a: Any, b: Any) -> Any:
        chosen = lanes.select(lanes.compare(condition, a, b), a, b)
        return lanes.select(lanes.builder.fcmp_unordered("uno", a, a), a, chosen)

    return emit


def _sign(lanes: Lanes, a: Any) -> Any:
    one, zero = lanes.splat(1.0), lanes.splat(0.0)
    below = lanes.select(lanes.compare("olt", a, zero), lanes.splat(-1.0), a)
    return lanes.select(lanes.compare("ogt", a, zero), one, below)


def _softplus(lanes: Lanes, a: Any) -> Any:
    decay = exponential.exp(lanes, lanes.negative(lanes.intrinsic("llvm.fabs", a)))
    return lanes.add(_larger("ogt")(lanes, a, lanes.splat(0.0)), lanes.library("log1p", decay))


def _intrinsic(name: str) -> Callable[..., Any]:
    return lambda lanes, *operands: lanes.intrinsic(name, *operands)


def _library(name: str) -> Callable[..., Any]:
    return lambda lanes, *operands: lanes.library(name, *operands)


# Operation of the graph -> (how it is emitted, about how many cycles its result is waited for).
ELEMENTWISE: dict[str, tuple[Callable[..., Any], int]] = {
    "add": (Lanes.add, 4),
    "subtract": (Lanes.subtract, 4),
    "multiply": (Lanes.multiply, 4),
    "multiply_add": (Lanes.fma, 4),  # of the generator's own: no operation of the graph
    "divide": (Lanes.divide, 13),
    "negative": (Lanes.negative, 1),
    "reciprocal": (lambda lanes, a: lanes.divide(lanes.splat(1.0), a), 13),
    "square": (lambda lanes, a: lanes.multiply(a, a), 4),
    "sqrt": (_intrinsic("llvm.sqrt"), 20),
    "abs": (_intrinsic("llvm.fabs"), 1),
    "sign": (_sign, 4),
    "floor": (_intrinsic("llvm.floor"), 8),
    "ceil": (_intrinsic("llvm.ceil"), 8),
    "exp": (exponential.exp, 45),
    "expm1": (exponential.expm1, 45),
    "sigmoid": (exponential.sigmoid, 50),
    "tanh": (exponential.tanh, 60),
    "softplus": (_softplus, 120),
    "log": (_library("log"), 60),
    "log2": (_library("log2"), 60),
    "log10": (_library("log10"), 60),
    "log1p": (_library("log1p"), 60),
    "sin": (_library("sin"), 60),
    "cos": (_library("cos"), 60),
    "tan": (_library("tan"), 80),
    "sinh": (_library("sinh"), 80),
    "cosh": (_library("cosh"), 80),
    "arctan": (_library("atan"), 80),
    "arcsin": (_library("asin"), 80),
    "arccos": (_library("acos"), 80),
    "erf": (_library("erf"), 80),
    "power": (_library("pow"), 100),
    "arctan2": (_library("atan2"), 80),
    "hypot": (_library("hypot"), 60),
    "maximum": (_larger("ogt"), 4),
    "minimum": (_larger("olt"), 4),
    "greater": (_compare("ogt"), 4),
    "greater_equal": (_compare("oge"), 4),
    "less": (_compare("olt"), 4),
    "less_equal": (_compare("ole"), 4),
    "equal": (_compare("oeq"), 4),
    "not_equal": (_compare("une"), 4),
    "logical_not": (lambda lanes, a: _truth(lanes, lanes.builder.not_(_is_true(lanes, a))), 4),
    "logical_and": (
        lambda lanes, a, b: _truth(lanes, lanes.builder.and_(_is_true(lanes, a), _is_true(lanes, b))),
        4,
    ),
    "logical_or": (
        lambda lanes, a, b: _truth(lanes, lanes.builder.or_(_is_true(lanes, a), _is_true(lanes, b))),
        4,
    ),
    "where": (lambda lanes, c, a, b: lanes.select(_is_true(lanes, c), a, b), 4),
}

# Operations that give 0 where an operand is 0 and the others are finite.
KEEPS_ZERO = frozenset(
    [
        "multiply",
        "negative",
        "square",
        "sqrt",
        "abs",
        "sign",
        "floor",
        "ceil",
        "expm1",
        "tanh",
        "log1p",
        "sin",
        "tan",
        "sinh",
        "arctan",
        "arcsin",
        "erf",
    ]
)
# Operations whose result is finite for every finite operand of the size of the network's values.
KEEPS_FINITE = frozenset(
    [
        "multiply",
        "negative",
        "square",
        "abs",
        "sign",
        "floor",
        "ceil",
        "tanh",
        "sin",
        "arctan",
        "erf",
        "add",
        "subtract",
        "sigmoid",
        "softplus",
        "cos",
        "maximum",
        "minimum",
        "greater",
        "greater_equal",
        "less",
        "less_equal",
        "equal",
        "not_equal",
        "logical_not",
        "logical_and",
        "logical_or",
        "where",
    ]
)
