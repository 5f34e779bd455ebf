"""Formulas of x from the command line: arithmetic that NumPy computes, and nothing else."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.errors import BackproofError

Array = NDArray[np.float64]
LONGEST = 1000

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(np, name)
    for name in [
        "sin",
        "cos",
        "tan",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "exp",
        "log",
        "log2",
        "log10",
        "sqrt",
        "abs",
        "sign",
        "floor",
        "ceil",
        "square",
        "maximum",
        "minimum",
    ]
}
NUMBERS = {"pi": math.pi, "e": math.e}
_BINARY: dict[type[ast.operator], Callable[..., Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.Mod: np.mod,
    ast.FloorDiv: np.floor_divide,
}
_UNARY: dict[type[ast.unaryop], Callable[..., Any]] = {ast.UAdd: np.positive, ast.USub: np.negative}


class FormulaError(BackproofError):
    """The formula of --target is not one that can be computed."""


def compute(formula: str, x: Array) -> Array:
    """Compute a formula at every x.

    >>> compute("sin(x) + x**2/2", np.array([0.0, 2.0])).round(3).tolist()
    [0.0, 2.909]
    """
    if len(formula) > LONGEST:
        raise FormulaError(f"The formula of --target is longer than {LONGEST} characters.")
    try:
        tree = ast.parse(formula.strip(), mode="eval").body
        with np.errstate(all="ignore"):
            value = _value(tree, x, formula)
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        raise FormulaError(
            f"--target {formula!r} is not a formula of x. Write it as in Python: 'sin(x)', 'x**2/10 - 1'."
        ) from None
    values = np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), x.shape))
    broken = ~np.isfinite(values)
    if broken.any():
        at = float(x[broken].flat[0])
        raise FormulaError(f"--target {formula!r} is not finite at x = {at:g}: choose another --range.")
    return values


def _value(node: ast.expr, x: Array, formula: str) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id="x"):
            return x
        case ast.Name(id=name) if name in NUMBERS:
            return NUMBERS[name]
        case ast.Attribute(value=ast.Name(id="np" | "numpy" | "math"), attr=name) if name in NUMBERS:
            return NUMBERS[name]
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
            return _BINARY[type(operator)](_value(left, x, formula), _value(right, x, formula))
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in _UNARY:
            return _UNARY[type(sign)](_value(operand, x, formula))
        case ast.Call(func=function, args=arguments, keywords=[]):
            known = _function(function, formula)
            if len(arguments) != (2 if known in (np.maximum, np.minimum) else 1):
                raise FormulaError(
                    f"--target {formula!r}: {ast.unparse(function)} has the wrong number of arguments."
                )
            return known(*(_value(argument, x, formula) for argument in arguments))
    raise FormulaError(
        f"--target {formula!r}: {ast.unparse(node)!r} is not known here. A formula has x, numbers, pi, e,"
        f" + - * / ** % and {', '.join(sorted(FUNCTIONS))}."
    )


def _function(node: ast.expr, formula: str) -> Callable[..., Any]:
    match node:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="np" | "numpy" | "math"), attr=name):
            if name in FUNCTIONS:
                return FUNCTIONS[name]
    raise FormulaError(
        f"--target {formula!r}: {ast.unparse(node)!r} is no function that is known here."
        f" There are {', '.join(sorted(FUNCTIONS))}."
    )
