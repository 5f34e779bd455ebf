"""Operations that work on every element: arithmetic, functions of mathematics, comparisons, choices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
import math
import operator

import numpy as np

from backproof.graph.node import Node
from backproof.graph.operations.domain import REAL, away, booleans, examples, integers, one, two, uniform
from backproof.graph.operations.record import Operation, Rule, apply, attribute

POSITIVE, UNIT, NONZERO, SMALL = uniform(0.2, 3.0), uniform(-0.9, 0.9), away(0.2, 2.0), uniform(-1.3, 1.3)


# Values. Complex operands are points of a complex step: real parts decide, imaginary parts carry a derivative.
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


def _on_real(function: Callable[..., Any]) -> Callable[..., Any]:
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
    return np.where(x.real < 0, -x, x) if is_complex(x) else np.abs(x)


def _sigmoid(x: Any) -> Any:
    e = np.exp(-_abs(x))
    if isinstance(x, float):
        return (1.0 if x >= 0 else e) / (1.0 + e)
    return np.where(x.real >= 0, 1.0, e) / (1.0 + e)


def _softplus(x: Any) -> Any:
    return np.where(x.real > 0, x, 0.0) + np.log1p(np.exp(-_abs(x))) if is_complex(x) else np.logaddexp(0.0, x)


def _erf(x: Any) -> Any:
    if is_complex(x):
        return first_order(_erf(np.real(x)), (2 / math.sqrt(math.pi) * np.exp(-(np.real(x) ** 2)), x))
    if getattr(x, "dtype", None) == np.longdouble and np.longdouble is not np.float64:
        return _erf_series(x)
    values = np.frompyfunc(math.erf, 1, 1)(x)
    return values.astype(np.result_type(x, np.float32)) if isinstance(values, np.ndarray) else np.float64(values)


def _erf_series(x: Any) -> Any:
    """Sum Abramowitz and Stegun's 7.1.6, whose terms have one sign; beyond 7 the rest is below any precision."""
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
    return np.where(np.real(x) >= np.real(y), x, y) if is_complex(x, y) else np.maximum(x, y)


def _minimum(x: Any, y: Any) -> Any:
    return np.where(np.real(x) <= np.real(y), x, y) if is_complex(x, y) else np.minimum(x, y)


def _clip(x: Any, lower: Any = None, upper: Any = None) -> Any:
    z = x if lower is None else _maximum(x, lower)
    return z if upper is None else _minimum(z, upper)


# Derivatives
def negative(x: Any) -> Node:
    """Write −x as a node; likewise below."""
    return apply("negative", x)


def add(x: Any, y: Any) -> Node:
    return apply("add", x, y)  # noqa: D103


def subtract(x: Any, y: Any) -> Node:
    return apply("subtract", x, y)  # noqa: D103


def multiply(x: Any, y: Any) -> Node:
    return apply("multiply", x, y)  # noqa: D103


def divide(x: Any, y: Any) -> Node:
    return apply("divide", x, y)  # noqa: D103


def square(x: Any) -> Node:
    return apply("square", x)  # noqa: D103


def _power_base(g: Node, z: Node, x: Node, y: Node) -> Node | None:
    """Derive y x^(y−1), in the form that a person writes where the exponent is a number."""
    if y.operation == "constant" and np.size(y.value) == 1:
        exponent = np.asarray(y.value).item()
        if exponent == 0:
            return None
        if exponent == 1:
            return g
        return multiply(g, multiply(y, x if exponent == 2 else apply("power", x, exponent - 1)))
    lowered = apply("power", x, apply("where", apply("equal", y, 0.0), 1.0, subtract(y, 1.0)))
    return multiply(g, multiply(y, lowered))


def _power_exponent(g: Node, z: Node, x: Node, y: Node) -> Node:
    return multiply(g, multiply(z, apply("log", apply("where", apply("equal", x, 0.0), 1.0, x))))


def _extreme(wins: str, k: int) -> Rule:
    """Derive maximum or minimum. At a tie a constant wins (so relu has slope 0 at 0); two that vary share half each."""

    def rule(g: Node, z: Node, x: Node, y: Node) -> Node:
        mine, other = (x, y) if k == 0 else (y, x)
        weight = apply(wins, mine, other)
        if other.operation != "constant":
            weight = add(weight, multiply(0.5, apply("equal", mine, other)))
        return multiply(g, weight)

    return rule


def _clip_rule(g: Node, z: Node, x: Node) -> Node:
    lower, upper = attribute(z, "lower"), attribute(z, "upper")
    inside = [apply("greater_equal", x, lower)] * (lower is not None)
    inside += [apply("less_equal", x, upper)] * (upper is not None)
    return multiply(g, inside[0] if len(inside) == 1 else apply("logical_and", *inside)) if inside else g


def _remainder_divisor(g: Node, z: Node, x: Node, y: Node) -> Node:
    return negative(multiply(g, apply("floor_divide", x, y)))


def _of(function: str, x: Any) -> Node:
    return apply(function, x)


_LN2, _LN10, _ERF = math.log(2.0), math.log(10.0), 2 / math.sqrt(math.pi)


def _where_first(g: Node, z: Node, c: Node, x: Node, y: Node) -> Node:
    return apply("where", c, g, 0.0)


def _where_second(g: Node, z: Node, c: Node, x: Node, y: Node) -> Node:
    return apply("where", c, 0.0, g)


def _function(name: str, value: Any, rule: Rule | None, numpy: str, latex: str, draw: Any = REAL) -> Operation:
    return Operation(name, value, (rule,), numpy, latex, one(draw))


def _binary(name: str, value: Any, rules: Any, numpy: str, latex: str, *draws: Any) -> Operation:
    return Operation(name, value, rules, numpy, latex, two(*(draws or (REAL,))))


def _comparison(name: str, value: Any, numpy: str, latex: str, draw: Any = integers) -> Operation:
    return Operation(name, value, (None, None), numpy, latex, two(draw))


def _times(node: Node) -> str:
    scalar = any(np.size(operand.value) == 1 for operand in node.operands)
    return r"$0 \cdot $1" if scalar else r"$0 \odot $1"


# fmt: off
RECORDS = (
    _function("negative", operator.neg, lambda g, z, x: negative(g), "-$0", "-$0"),
    _function("exp", np.exp, lambda g, z, x: multiply(g, z), "np.exp($0)", r"e^{$0}"),
    _function("log", np.log, lambda g, z, x: divide(g, x), "np.log($0)", r"\ln\left($0\right)", POSITIVE),
    _function("log2", np.log2, lambda g, z, x: divide(g, multiply(_LN2, x)), "np.log2($0)", r"\log_{2}\left($0\right)", POSITIVE),
    _function("log10", np.log10, lambda g, z, x: divide(g, multiply(_LN10, x)), "np.log10($0)", r"\log_{10}\left($0\right)", POSITIVE),
    _function("sqrt", np.sqrt, lambda g, z, x: divide(g, multiply(2.0, z)), "np.sqrt($0)", r"\sqrt{$0}", POSITIVE),
    _function("sin", np.sin, lambda g, z, x: multiply(g, _of("cos", x)), "np.sin($0)", r"\sin\left($0\right)"),
    _function("cos", np.cos, lambda g, z, x: negative(multiply(g, _of("sin", x))), "np.cos($0)", r"\cos\left($0\right)"),
    _function("tan", np.tan, lambda g, z, x: multiply(g, add(1.0, square(z))), "np.tan($0)", r"\tan\left($0\right)", SMALL),
    _function("sinh", np.sinh, lambda g, z, x: multiply(g, _of("cosh", x)), "np.sinh($0)", r"\sinh\left($0\right)"),
    _function("cosh", np.cosh, lambda g, z, x: multiply(g, _of("sinh", x)), "np.cosh($0)", r"\cosh\left($0\right)"),
    _function("tanh", np.tanh, lambda g, z, x: multiply(g, subtract(1.0, square(z))), "np.tanh($0)", r"\tanh\left($0\right)"),
    _function("arcsin", np.arcsin, lambda g, z, x: divide(g, _of("sqrt", subtract(1.0, square(x)))), "np.arcsin($0)", r"\arcsin\left($0\right)", UNIT),
    _function("arccos", np.arccos, lambda g, z, x: negative(divide(g, _of("sqrt", subtract(1.0, square(x))))), "np.arccos($0)", r"\arccos\left($0\right)", UNIT),
    _function("arctan", np.arctan, lambda g, z, x: divide(g, add(1.0, square(x))), "np.arctan($0)", r"\arctan\left($0\right)"),
    _function("sigmoid", _sigmoid, lambda g, z, x: multiply(g, multiply(z, subtract(1.0, z))), "1 / (1 + np.exp(-$0))", r"\sigma\left($0\right)"),
    _function("softplus", _softplus, lambda g, z, x: multiply(g, _of("sigmoid", x)), "np.logaddexp(0, $0)", r"\ln\left(1 + e^{$0}\right)"),
    _function("erf", _erf, lambda g, z, x: multiply(g, multiply(_ERF, _of("exp", negative(square(x))))), "scipy.special.erf($0)", r"\operatorname{erf}\left($0\right)"),
    _function("log1p", np.log1p, lambda g, z, x: divide(g, add(1.0, x)), "np.log1p($0)", r"\ln\left(1 + $0\right)", uniform(-0.8, 3.0)),
    _function("expm1", np.expm1, lambda g, z, x: multiply(g, _of("exp", x)), "np.expm1($0)", r"\left(e^{$0} - 1\right)"),
    _function("square", np.square, lambda g, z, x: multiply(g, multiply(2.0, x)), "$0**2", "$0^{2}"),
    _function("reciprocal", lambda x: _divide(1.0, x), lambda g, z, x: negative(multiply(g, square(z))), "1 / $0", r"\frac{1}{$0}", NONZERO),
    _function("abs", _abs, lambda g, z, x: multiply(g, _of("sign", x)), "np.abs($0)", r"\left|$0\right|"),
    _function("sign", _on_real(np.sign), None, "np.sign($0)", r"\operatorname{sign}\left($0\right)"),
    _function("floor", _on_real(np.floor), None, "np.floor($0)", r"\left\lfloor $0 \right\rfloor"),
    _function("ceil", _on_real(np.ceil), None, "np.ceil($0)", r"\left\lceil $0 \right\rceil"),
    Operation("round", _on_real(np.round), (None,), "np.round($0$attributes)", r"\operatorname{round}\left($0\right)", examples(((3,), {}), ((2, 3), {"decimals": 1})), {"decimals": 0}),
    _function("logical_not", _on_real(np.logical_not), None, "np.logical_not($0)", r"\neg $0", booleans),
    _function("isnan", np.isnan, None, "np.isnan($0)", r"\operatorname{isnan}\left($0\right)"),
    _function("isfinite", np.isfinite, None, "np.isfinite($0)", r"\operatorname{isfinite}\left($0\right)"),

    _binary("add", operator.add, (lambda g, z, x, y: g, lambda g, z, x, y: g), "$0 + $1", "$0 + $1"),
    _binary("subtract", operator.sub, (lambda g, z, x, y: g, lambda g, z, x, y: negative(g)), "$0 - $1", "$0 - $1"),
    _binary("multiply", operator.mul, (lambda g, z, x, y: multiply(g, y), lambda g, z, x, y: multiply(g, x)), "$0 * $1", _times),
    _binary("divide", _divide, (lambda g, z, x, y: divide(g, y), lambda g, z, x, y: negative(divide(multiply(g, z), y))), "$0 / $1", r"\frac{$0}{$1}", REAL, NONZERO),
    _binary("power", _power, (_power_base, _power_exponent), "$0**$1", "$0^{$1}", POSITIVE, REAL),
    _binary("maximum", _maximum, (_extreme("greater", 0), _extreme("greater", 1)), "np.maximum($0, $1)", r"\max\left($0, $1\right)"),
    _binary("minimum", _minimum, (_extreme("less", 0), _extreme("less", 1)), "np.minimum($0, $1)", r"\min\left($0, $1\right)"),
    _binary("remainder", _guarded(operator.mod, np.remainder), (lambda g, z, x, y: g, _remainder_divisor), "$0 % $1", r"$0 \bmod $1", REAL, NONZERO),
    _binary("floor_divide", _guarded(operator.floordiv, np.floor_divide), (None, None), "$0 // $1", r"\left\lfloor \frac{$0}{$1} \right\rfloor", REAL, NONZERO),
    _binary("arctan2", _arctan2, (lambda g, z, x, y: multiply(g, divide(y, add(square(x), square(y)))), lambda g, z, x, y: negative(multiply(g, divide(x, add(square(x), square(y)))))), "np.arctan2($0, $1)", r"\operatorname{atan2}\left($0, $1\right)", NONZERO, NONZERO),
    _binary("hypot", _hypot, (lambda g, z, x, y: multiply(g, divide(x, z)), lambda g, z, x, y: multiply(g, divide(y, z))), "np.hypot($0, $1)", r"\operatorname{hypot}\left($0, $1\right)", NONZERO, NONZERO),
    _binary("logaddexp", _logaddexp, (lambda g, z, x, y: multiply(g, _of("exp", subtract(x, z))), lambda g, z, x, y: multiply(g, _of("exp", subtract(y, z)))), "np.logaddexp($0, $1)", r"\ln\left(e^{$0} + e^{$1}\right)"),

    _comparison("greater", _on_real(operator.gt), "$0 > $1", "$0 > $1"),
    _comparison("greater_equal", _on_real(operator.ge), "$0 >= $1", r"$0 \geq $1"),
    _comparison("less", _on_real(operator.lt), "$0 < $1", "$0 < $1"),
    _comparison("less_equal", _on_real(operator.le), "$0 <= $1", r"$0 \leq $1"),
    _comparison("equal", _on_real(operator.eq), "$0 == $1", "$0 = $1"),
    _comparison("not_equal", _on_real(operator.ne), "$0 != $1", r"$0 \neq $1"),
    _comparison("logical_and", _on_real(np.logical_and), "np.logical_and($0, $1)", r"$0 \wedge $1", booleans),
    _comparison("logical_or", _on_real(np.logical_or), "np.logical_or($0, $1)", r"$0 \vee $1", booleans),
    _comparison("logical_xor", _on_real(np.logical_xor), "np.logical_xor($0, $1)", r"$0 \oplus $1", booleans),

    Operation("where", lambda c, x, y: np.where(c.real != 0, x, y), (None, _where_first, _where_second), "np.where($0, $1, $2)", r"\begin{cases} $1 & \text{if } $0 \\ $2 & \text{otherwise} \end{cases}",
              examples(*[(lambda generator, s=c: booleans(generator, s), x, y, {}) for c, x, y in [((3,), None, (3,)), ((2, 1), (3,), ()), ((5,), (2, 5), (5,)), (None, (3, 2), (2,))]])),
    Operation("clip", _clip, (_clip_rule,), "np.clip($0, $lower, $upper)", r"\operatorname{clip}\left($0, $lower, $upper\right)",
              examples((None, {"lower": -0.5, "upper": 0.8}), ((3, 5), {"lower": None, "upper": 0.3}), ((2, 3), {"lower": np.array([-0.4, 0.1, 0.2]), "upper": 1}), ((7,), {"lower": -1, "upper": None})), {"lower": None, "upper": None}),
)
