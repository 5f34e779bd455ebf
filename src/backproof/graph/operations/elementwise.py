"""Operations that work on every element: arithmetic, functions of mathematics, comparisons, choices."""

# ruff: noqa: ARG005, ARG001, the signature of a rule never varies
from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from backproof.graph.node import Node
from backproof.graph.operations.domain import (
    REAL,
    Draw,
    away,
    booleans,
    examples,
    integers,
    one,
    two,
    uniform,
)
from backproof.graph.operations.record import NAMED, Operation, Rule, Text, apply, attribute, verb


# Values. Complex operands are points of a complex step: real parts decide, imaginary parts are derivatives.
def is_complex(*values: Any) -> bool:
    """Whether any value is complex: then the evaluation is a complex step."""
    for value in values:
        if isinstance(value, np.ndarray):
            if value.dtype.kind == "c":
                return True
        elif isinstance(value, (complex, np.complexfloating)):
            return True
    return False


def first_order(z: Any, *steps: tuple[Any, Any]) -> Any:
    """Carry imaginary parts through a function that takes real numbers only: z + i Σ slope·Im x."""
    return z + 1j * sum(slope * np.imag(x) for slope, x in steps)


def on_real(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let real parts decide."""
    return lambda *operands, **attributes: function(*[x.real for x in operands], **attributes)


def _divide(x: Any, y: Any) -> Any:
    try:
        return x / y
    except ZeroDivisionError:  # of Python numbers
        return np.divide(x, y)


def _power(x: Any, y: Any) -> Any:
    if isinstance(x, (float, int)) and isinstance(y, (float, int)):
        try:
            z = x**y
        except (OverflowError, ZeroDivisionError):
            return np.power(float(x), float(y))
        return math.nan if isinstance(z, complex) else z
    return x**y


def _guarded(function: Callable[[Any, Any], Any], ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    """Divide with rest, also Python numbers by zero, and complex steps."""

    def value(x: Any, y: Any) -> Any:
        if is_complex(x, y):
            quotient = np.floor_divide(np.real(x), np.real(y))
            return quotient if ufunc is np.floor_divide else x - y * quotient
        try:
            return function(x, y)
        except ZeroDivisionError:
            return ufunc(float(x), float(y))

    return value


def _abs(x: Any) -> Any:
    return np.where(x.real < 0, -x, x)[()] if is_complex(x) else np.abs(x)


def _sigmoid(x: Any) -> Any:
    e = np.exp(-_abs(x))
    if isinstance(x, float):
        return (1.0 if x >= 0 else e) / (1.0 + e)
    return (np.where(x.real >= 0, 1.0, e) / (1.0 + e))[()]


def _softplus(x: Any) -> Any:
    return (
        np.where(x.real > 0, x, 0.0) + np.log1p(np.exp(-_abs(x))) if is_complex(x) else np.logaddexp(0.0, x)
    )


def _erf(x: Any) -> Any:
    if is_complex(x):
        return first_order(_erf(np.real(x)), (2 / math.sqrt(math.pi) * np.exp(-(np.real(x) ** 2)), x))
    if getattr(x, "dtype", None) == np.longdouble and np.longdouble is not np.float64:
        return _erf_series(x)
    values = np.frompyfunc(math.erf, 1, 1)(x)
    return (
        values.astype(np.result_type(x, np.float32)) if isinstance(values, np.ndarray) else np.float64(values)
    )


def _erf_series(x: Any) -> Any:
    """Sum Abramowitz and Stegun's 7.1.6, whose terms have one sign; beyond 7 the rest is below rounding."""
    inside = np.clip(x, -7, 7)
    term = total = inside * 2 / np.sqrt(np.arctan(np.longdouble(1)) * 4) * np.exp(-(inside**2))
    for n in range(1, 200):
        term = term * inside**2 * 2 / (2 * n + 1)
        total = total + term
    return total


def _arctan2(x: Any, y: Any) -> Any:
    if is_complex(x, y):
        a, b = np.real(x), np.real(y)
        return first_order(np.arctan2(a, b), (b / (a * a + b * b), x), (-a / (a * a + b * b), y))
    return np.arctan2(x, y)


def _hypot(x: Any, y: Any) -> Any:
    return np.sqrt(x * x + y * y) if is_complex(x, y) else np.hypot(x, y)


def _logaddexp(x: Any, y: Any) -> Any:
    return y + _softplus(x - y) if is_complex(x, y) else np.logaddexp(x, y)


def _maximum(x: Any, y: Any) -> Any:
    return np.where(np.real(x) >= np.real(y), x, y)[()] if is_complex(x, y) else np.maximum(x, y)


def _minimum(x: Any, y: Any) -> Any:
    return np.where(np.real(x) <= np.real(y), x, y)[()] if is_complex(x, y) else np.minimum(x, y)


def _where(c: Any, x: Any, y: Any) -> Any:
    return np.asarray(np.where(c.real != 0, x, y))[()]


def _clip(x: Any, lower: Any = None, upper: Any = None) -> Any:
    z = x if lower is None else _maximum(x, lower)
    return z if upper is None else _minimum(z, upper)


# Derivatives
negative, add, subtract, multiply, divide = map(verb, ("negative", "add", "subtract", "multiply", "divide"))
square, sqrt, exp, log, sin, cos = map(verb, ("square", "sqrt", "exp", "log", "sin", "cos"))
power, where, equal = map(verb, ("power", "where", "equal"))
LN2, LN10, ERF = math.log(2.0), math.log(10.0), 2 / math.sqrt(math.pi)


def _power_base(g: Node, z: Node, x: Node, y: Node) -> Node | None:
    """Derive y x^(y−1), in the form that a person writes where the exponent is a number."""
    if y.operation != "constant" or np.size(y.value) != 1:
        return multiply(g, multiply(y, power(x, where(equal(y, 0.0), 1.0, subtract(y, 1.0)))))
    exponent = np.asarray(y.value).item()
    if exponent in (0, 1):
        return g if exponent else None
    return multiply(g, multiply(y, x if exponent == 2 else power(x, exponent - 1)))


def _extreme(wins: str) -> tuple[Rule, Rule]:
    """Derive maximum, minimum. At a tie a constant wins: relu has slope 0 at 0. Two that vary share alike."""

    def rule(g: Node, mine: Node, other: Node) -> Node:
        weight = apply(wins, mine, other)
        tied = other.operation != "constant"
        return multiply(g, add(weight, multiply(0.5, equal(mine, other))) if tied else weight)

    return lambda g, z, x, y: rule(g, x, y), lambda g, z, x, y: rule(g, y, x)


def _clip_rule(g: Node, z: Node, x: Node) -> Node:
    bounds = (("greater_equal", attribute(z, "lower")), ("less_equal", attribute(z, "upper")))
    inside = [apply(comparison, x, bound) for comparison, bound in bounds if bound is not None]
    return multiply(g, inside[0] if len(inside) == 1 else apply("logical_and", *inside)) if inside else g


# Records
POSITIVE, UNIT, NONZERO, SMALL = uniform(0.2, 3.0), uniform(-0.9, 0.9), away(0.2, 2.0), uniform(-1.3, 1.3)

TRIPLES = (((3,), None, (3,)), ((2, 1), (3,), ()), ((5,), (2, 5), (5,)), (None, (3, 2), (2,)))
BOUNDS = ("lower", "upper")
CLIPPED = ((None, -0.5, 0.8), ((3, 5), None, 0.3), ((2, 3), np.array([-0.4, 0.1, 0.2]), 1), ((7,), -1, None))


def _function(name: str, rule: Rule | None, draw: Draw = REAL, value: Any = None, **texts: Any) -> Operation:
    return Operation(name, value or getattr(np, name), (rule,), one(draw), **texts)


def _binary(
    name: str, value: Any, numpy: str, latex: Text, first: Rule, second: Rule, *draws: Draw
) -> Operation:
    return Operation(name, value, (first, second), two(*(draws or (REAL,))), numpy, latex)


def _comparison(name: str, value: Any, numpy: str, latex: str, draw: Draw = integers) -> Operation:
    return Operation(name, on_real(value), (None, None), two(draw), numpy, latex)


def _times(node: Node) -> str:
    scalar = any(np.size(operand.value) == 1 for operand in node.operands)
    return r"$0 \cdot $1" if scalar else r"$0 \odot $1"


def _call(name: str) -> str:
    return f"np.{name}($0, $1)"


RECORDS = (
    _function("negative", lambda g, z, x: negative(g), numpy="-$0", latex="-$0"),
    _function("exp", lambda g, z, x: multiply(g, z), latex="e^{$0}"),
    _function("log", lambda g, z, x: divide(g, x), POSITIVE, latex=r"\ln\left($0\right)"),
    _function(
        "log2", lambda g, z, x: divide(g, multiply(LN2, x)), POSITIVE, latex=r"\log_{2}\left($0\right)"
    ),
    _function(
        "log10", lambda g, z, x: divide(g, multiply(LN10, x)), POSITIVE, latex=r"\log_{10}\left($0\right)"
    ),
    _function(
        "log1p", lambda g, z, x: divide(g, add(1.0, x)), uniform(-0.8, 3), latex=r"\ln\left(1 + $0\right)"
    ),
    _function("expm1", lambda g, z, x: multiply(g, exp(x)), latex=r"\left(e^{$0} - 1\right)"),
    _function("sqrt", lambda g, z, x: divide(g, multiply(2.0, z)), POSITIVE, latex=r"\sqrt{$0}"),
    _function("square", lambda g, z, x: multiply(g, multiply(2.0, x)), numpy="$0**2", latex="$0^{2}"),
    _function(
        *("reciprocal", lambda g, z, x: negative(multiply(g, square(z))), NONZERO, lambda x: _divide(1.0, x)),
        numpy="1 / $0",
        latex=r"\frac{1}{$0}",
    ),
    _function("sin", lambda g, z, x: multiply(g, cos(x)), latex=NAMED),
    _function("cos", lambda g, z, x: negative(multiply(g, sin(x))), latex=NAMED),
    _function("tan", lambda g, z, x: multiply(g, add(1.0, square(z))), SMALL, latex=NAMED),
    _function("arcsin", lambda g, z, x: divide(g, sqrt(subtract(1.0, square(x)))), UNIT, latex=NAMED),
    _function(
        "arccos", lambda g, z, x: negative(divide(g, sqrt(subtract(1.0, square(x))))), UNIT, latex=NAMED
    ),
    _function("arctan", lambda g, z, x: divide(g, add(1.0, square(x))), latex=NAMED),
    _function("sinh", lambda g, z, x: multiply(g, apply("cosh", x)), latex=NAMED),
    _function("cosh", lambda g, z, x: multiply(g, apply("sinh", x)), latex=NAMED),
    _function("tanh", lambda g, z, x: multiply(g, subtract(1.0, square(z))), latex=NAMED),
    _function(
        *("sigmoid", lambda g, z, x: multiply(g, multiply(z, subtract(1.0, z))), REAL, _sigmoid),
        numpy="1 / (1 + np.exp(-$0))",
        latex=r"\sigma\left($0\right)",
    ),
    _function(
        *("softplus", lambda g, z, x: multiply(g, apply("sigmoid", x)), REAL, _softplus),
        numpy="np.logaddexp(0, $0)",
        latex=r"\ln\left(1 + e^{$0}\right)",
    ),
    _function(
        *("erf", lambda g, z, x: multiply(g, multiply(ERF, exp(negative(square(x))))), REAL, _erf),
        numpy="scipy.special.erf($0)",
    ),
    _function("abs", lambda g, z, x: multiply(g, apply("sign", x)), value=_abs, latex=r"\left|$0\right|"),
    _function("sign", None, value=on_real(np.sign)),
    _function("floor", None, value=on_real(np.floor), latex=r"\left\lfloor $0 \right\rfloor"),
    _function("ceil", None, value=on_real(np.ceil), latex=r"\left\lceil $0 \right\rceil"),
    _function("logical_not", None, booleans, on_real(np.logical_not), latex=r"\neg $0"),
    _function("isnan", None),
    _function("isfinite", None),
    Operation(
        *("round", on_real(np.round), (None,), examples(((3,), {}), ((2, 3), {"decimals": 1}))),
        attributes={"decimals": 0},
    ),
    _binary("add", operator.add, "$0 + $1", "$0 + $1", lambda g, z, x, y: g, lambda g, z, x, y: g),
    _binary(
        "subtract", operator.sub, "$0 - $1", "$0 - $1", lambda g, z, x, y: g, lambda g, z, x, y: negative(g)
    ),
    _binary(
        *("multiply", operator.mul, "$0 * $1", _times),
        *(lambda g, z, x, y: multiply(g, y), lambda g, z, x, y: multiply(g, x)),
    ),
    _binary(
        *("divide", _divide, "$0 / $1", r"\frac{$0}{$1}"),
        *(
            lambda g, z, x, y: divide(g, y),
            lambda g, z, x, y: negative(divide(multiply(g, z), y)),
            REAL,
            NONZERO,
        ),
    ),
    _binary(
        *("power", _power, "$0**$1", "$0^{$1}", _power_base),
        *(lambda g, z, x, y: multiply(g, multiply(z, log(where(equal(x, 0.0), 1.0, x)))), POSITIVE, REAL),
    ),
    _binary("maximum", _maximum, _call("maximum"), r"\max\left($0, $1\right)", *_extreme("greater")),
    _binary("minimum", _minimum, _call("minimum"), r"\min\left($0, $1\right)", *_extreme("less")),
    _binary(
        *("remainder", _guarded(operator.mod, np.remainder), "$0 % $1", r"$0 \bmod $1", lambda g, z, x, y: g),
        *(lambda g, z, x, y: negative(multiply(g, apply("floor_divide", x, y))), REAL, NONZERO),
    ),
    Operation(
        *("floor_divide", _guarded(operator.floordiv, np.floor_divide), (None, None), two(REAL, NONZERO)),
        *("$0 // $1", r"\left\lfloor \frac{$0}{$1} \right\rfloor"),
    ),
    _binary(
        *("arctan2", _arctan2, _call("arctan2"), r"\operatorname{atan2}\left($0, $1\right)"),
        lambda g, z, x, y: multiply(g, divide(y, add(square(x), square(y)))),
        lambda g, z, x, y: negative(multiply(g, divide(x, add(square(x), square(y))))),
        NONZERO,
    ),
    _binary(
        *("hypot", _hypot, _call("hypot"), r"\sqrt{$0^{2} + $1^{2}}"),
        *(
            lambda g, z, x, y: multiply(g, divide(x, z)),
            lambda g, z, x, y: multiply(g, divide(y, z)),
            NONZERO,
        ),
    ),
    _binary(
        *("logaddexp", _logaddexp, _call("logaddexp"), r"\ln\left(e^{$0} + e^{$1}\right)"),
        *(
            lambda g, z, x, y: multiply(g, exp(subtract(x, z))),
            lambda g, z, x, y: multiply(g, exp(subtract(y, z))),
        ),
    ),
    _comparison("greater", operator.gt, "$0 > $1", "$0 > $1"),
    _comparison("greater_equal", operator.ge, "$0 >= $1", r"$0 \geq $1"),
    _comparison("less", operator.lt, "$0 < $1", "$0 < $1"),
    _comparison("less_equal", operator.le, "$0 <= $1", r"$0 \leq $1"),
    _comparison("equal", operator.eq, "$0 == $1", "$0 = $1"),
    _comparison("not_equal", operator.ne, "$0 != $1", r"$0 \neq $1"),
    _comparison("logical_and", np.logical_and, _call("logical_and"), r"$0 \wedge $1", booleans),
    _comparison("logical_or", np.logical_or, _call("logical_or"), r"$0 \vee $1", booleans),
    _comparison("logical_xor", np.logical_xor, _call("logical_xor"), r"$0 \oplus $1", booleans),
    Operation(
        *("where", _where),
        (None, lambda g, z, c, x, y: where(c, g, 0.0), lambda g, z, c, x, y: where(c, 0.0, g)),
        examples(*[(partial(booleans, shape=c), x, y, {}) for c, x, y in TRIPLES]),
        latex=r"\begin{cases} $1 & \text{if } $0 \\ $2 & \text{otherwise} \end{cases}",
    ),
    Operation(
        *(
            "clip",
            _clip,
            (_clip_rule,),
            examples(*[(shape, dict(zip(BOUNDS, b, strict=True))) for shape, *b in CLIPPED]),
        ),
        *("np.clip($0, $lower, $upper)", r"\operatorname{clip}\left($0, $lower, $upper\right)"),
        attributes=dict.fromkeys(BOUNDS),
    ),
)
