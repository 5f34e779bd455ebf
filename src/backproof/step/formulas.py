"""Small expressions of the source, such as the bounds of a loop, computed from what names held."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.step.update import time_of
from backproof.trace import Trace

OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {"sqrt": np.sqrt, "int": int, "float": float, "len": len}
CONSTANTS = {"pi": np.pi, "e": np.e}


def number_of(trace: Trace, tree: ast.expr, node: Node) -> float | None:
    """The number that an expression had when a node was made; None where that is not known."""
    value = value_of(trace, tree, time_of(node), -1 if node.origin is None else node.origin.frame)
    return float(value) if isinstance(value, int | float | np.number) else None


def value_of(trace: Trace, tree: ast.expr, time: int, frame: int) -> Any:
    """The value that an expression of numbers and names had at a time; None where it is not known."""
    try:
        return _value(trace, tree, time, frame)
    except (LookupError, ValueError, TypeError, ArithmeticError, AttributeError):
        return None


def _value(trace: Trace, tree: ast.expr, time: int, frame: int) -> Any:
    match tree:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(trace, inner, time, frame)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_value(trace, left, time, frame), _value(trace, right, time, frame))
        case ast.Name(id=name):
            return _held(trace, name, time, frame)
        case ast.Attribute(value=ast.Name(id="np" | "numpy" | "math"), attr=name) if name in CONSTANTS:
            return CONSTANTS[name]
        case ast.Attribute(value=inner, attr="shape" | "size" | "T" as name):
            return getattr(_value(trace, inner, time, frame), name)
        case ast.Subscript(value=inner, slice=index):
            return _value(trace, inner, time, frame)[_value(trace, index, time, frame)]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[inner]) if name in FUNCTIONS:
            return FUNCTIONS[name](_value(trace, inner, time, frame))
    raise LookupError(ast.dump(tree))


def _held(trace: Trace, name: str, time: int, frame: int) -> Any:
    """What a name held: in the frame, or else in the module."""
    for scope in dict.fromkeys((frame, 0)):
        found = [b.node for b in trace.bindings if b.name == name and b.frame == scope and b.time <= time]
        if found:
            return found[-1].value
    raise LookupError(name)
