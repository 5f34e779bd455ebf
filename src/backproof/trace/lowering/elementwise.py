"""Functions of each element: NumPy's, those of ``math``, and the builtins."""

from __future__ import annotations

import builtins
import math
import operator
from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace.lowering.context import Context, UnloweredError
from backproof.trace.lowering.record import Build, Lowering, numpy, refuse, table

SAME_NAME = (
    "negative", "exp", "log", "log2", "log10", "sqrt", "sin", "cos", "tan", "tanh", "sinh", "cosh", "arctan",
    "arcsin", "arccos", "sign", "log1p", "expm1", "square", "reciprocal", "floor", "ceil", "logical_not",
    "isnan", "isfinite", "add", "subtract", "multiply", "divide", "power", "maximum", "minimum",
    "floor_divide", "remainder", "arctan2", "hypot", "logaddexp", "greater", "greater_equal", "less",
    "less_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_xor",
)  # fmt: skip
OTHER_NAMES = {
    "abs": ["abs", "absolute", "fabs"], "divide": ["true_divide"], "power": ["float_power"],
    "maximum": ["fmax"], "minimum": ["fmin"], "remainder": ["mod"],
}  # fmt: skip
OF_OPERATORS = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "power": operator.pow, "negative": operator.neg, "floor_divide": operator.floordiv,
    "remainder": operator.mod, "abs": operator.abs, "matmul": operator.matmul,
}  # fmt: skip
OF_MATH = (
    "exp", "log2", "log10", "sqrt", "sin", "cos", "tan", "tanh", "sinh", "cosh", "log1p", "expm1", "erf",
)  # fmt: skip


def elementwise(name: str) -> Build:
    """The call is an operation on each element; the operands are its arguments."""

    def build(context: Context, *operands: Any, where: Any = None, dtype: Any = None, **rest: Any) -> Node:
        refuse(where=where, **rest)
        node = context.apply(name, *operands)
        return context.apply("astype", node, dtype=np.dtype(dtype)) if dtype is not None else node

    return build


def _log(context: Context, x: Any, base: Any = None) -> Node:
    node = context.apply("log", x)
    return node if base is None else context.apply("divide", node, context.apply("log", base))


def _pow(context: Context, x: Any, y: Any, modulus: Any = None) -> Node:
    refuse(modulus=modulus)
    return context.apply("power", x, y)


def _divmod(context: Context, x: Any, y: Any) -> list[Node]:
    return [context.apply("floor_divide", x, y), context.apply("remainder", x, y)]


def _round(context: Context, x: Any, decimals: Any = 0, ndigits: Any = None, **rest: Any) -> Node:
    refuse(**rest)
    return context.apply("round", x, decimals=int(decimals if ndigits is None else ndigits))


def _finite(context: Context, x: Any, *rest: Any, **keywords: Any) -> Node:
    """``np.nan_to_num`` of what is finite; anything else is refused, as it is not equal."""
    return context.apply("identity", x)


def _where(context: Context, condition: Any, x: Any = None, y: Any = None) -> Node:
    if x is None or y is None:
        raise UnloweredError("np.where with one argument")
    return context.apply("where", condition, x, y)


def _clip(context: Context, x: Any, a_min: Any = None, a_max: Any = None, **keywords: Any) -> Node:
    lower, upper = keywords.pop("min", a_min), keywords.pop("max", a_max)
    keywords.pop("out", None)
    refuse(**keywords)
    return context.apply("clip", x, lower=lower, upper=upper)


FUNCTIONS = table(
    *((elementwise(name), [numpy(name)]) for name in SAME_NAME),
    *((elementwise(name), map(numpy, names)) for name, names in OTHER_NAMES.items()),
    *((elementwise(name), [getattr(math, name)]) for name in OF_MATH),
    (elementwise("abs"), [math.fabs, builtins.abs]),
    (elementwise("power"), [math.pow]),
    *((elementwise(name), [function]) for name, function in OF_OPERATORS.items()),
    (elementwise("arctan"), [math.atan]),
    (elementwise("arcsin"), [math.asin]),
    (elementwise("arccos"), [math.acos]),
    (elementwise("arctan2"), [math.atan2]),
    (_log, [math.log]),
    (_pow, [builtins.pow]),
    (_divmod, [builtins.divmod]),
    (_round, [builtins.round, np.round, np.around]),
    (_finite, [np.nan_to_num]),
    (_where, [np.where]),
    (_clip, [np.clip]),
)
METHODS = {"clip": Lowering(_clip), "round": Lowering(_round)}
