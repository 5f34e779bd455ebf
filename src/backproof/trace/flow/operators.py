"""The operators of the language: what each computes, in place and not, and its operation in the table."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

Unary = Callable[[Any], Any]
Binary = Callable[[Any, Any], Any]

BINARY: dict[str, tuple[Binary, Binary, str]] = {
    "+": (operator.add, operator.iadd, "add"),
    "-": (operator.sub, operator.isub, "subtract"),
    "*": (operator.mul, operator.imul, "multiply"),
    "/": (operator.truediv, operator.itruediv, "divide"),
    "**": (operator.pow, operator.ipow, "power"),
    "@": (operator.matmul, operator.imatmul, "matmul"),
    "//": (operator.floordiv, operator.ifloordiv, "floor_divide"),
    "%": (operator.mod, operator.imod, "remainder"),
    "&": (operator.and_, operator.iand, "logical_and"),
    "|": (operator.or_, operator.ior, "logical_or"),
    "^": (operator.xor, operator.ixor, "logical_xor"),
    "<<": (operator.lshift, operator.ilshift, ""),
    ">>": (operator.rshift, operator.irshift, ""),
}
COMPARE: dict[str, tuple[Binary, str]] = {
    ">": (operator.gt, "greater"),
    ">=": (operator.ge, "greater_equal"),
    "<": (operator.lt, "less"),
    "<=": (operator.le, "less_equal"),
    "==": (operator.eq, "equal"),
    "!=": (operator.ne, "not_equal"),
}
# the same as functions and as methods: what stands for each, and whether it changes its first operand
_NAMES = {function.__name__.strip("_"): op for op, (function, _, _) in BINARY.items()}
FUNCTIONS: dict[Any, str] = {in_place: op for op, (_, in_place, _) in BINARY.items()}
METHODS: dict[str, str] = {f"__{name}__": op for name, op in _NAMES.items()}
IN_PLACE_METHODS: dict[str, str] = {f"__i{name}__": op for name, op in _NAMES.items()}
UNARY: dict[str, tuple[Unary, str]] = {
    "-": (operator.neg, "negative"),
    "+": (operator.pos, "identity"),
    "~": (operator.invert, "logical_not"),
}
