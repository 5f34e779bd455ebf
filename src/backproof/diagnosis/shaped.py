"""The shape that an expression would have, from those of the names in it, without evaluating it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

Shape = tuple[int, ...]
ALONG = frozenset({"sum", "mean", "max", "min", "prod"})
EACH = frozenset({"exp", "log", "tanh", "sqrt", "square", "abs", "sign"})


class UnknownShapeError(Exception):
    """Something in the expression has a shape that cannot be told."""


def keeps(text: str, other: str, shape: Shape, names: Mapping[str, Shape]) -> bool:
    """Does an expression surely have the shape that another one has, or none at all?

    Sure is only what is told of the other one rightly.
    """
    try:
        if shape_of(other, names) != shape:
            return False
        return shape_of(text, names) == shape
    except ValueError:
        return True
    except UnknownShapeError:
        return False


def shape_of(text: str, names: Mapping[str, Shape]) -> Shape:
    """Tell the shape. Raises ``ValueError`` where operands do not fit; ``UnknownShapeError`` elsewhere."""
    return _shape(_parsed(text), names)


@lru_cache(maxsize=512)
def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(f"({text}\n)", mode="eval").body
    except SyntaxError:
        raise UnknownShapeError from None


def _shape(node: ast.expr, names: Mapping[str, Shape]) -> Shape:
    match node:
        case ast.Constant(value=int() | float()):
            return ()
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]) if names.get(name):
            return ()
        case ast.UnaryOp(operand=operand):
            return _shape(operand, names)
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            return _product(_shape(left, names), _shape(right, names))
        case ast.BinOp(left=left, right=right):
            return np.broadcast_shapes(_shape(left, names), _shape(right, names))
        case ast.Attribute(attr="T", value=value):
            return _shape(value, names)[::-1]
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=function), args=[value, *rest]):
            return _called(function, _shape(value, names), rest, node.keywords, names)
        case ast.Call(func=ast.Attribute(value=value, attr=function), args=rest):
            return _called(function, _shape(value, names), rest, node.keywords, names)
    raise UnknownShapeError


def _called(
    function: str,
    shape: Shape,
    rest: list[ast.expr],
    keywords: list[ast.keyword],
    names: Mapping[str, Shape],
) -> Shape:
    if function == "dot" and len(rest) == 1:
        return _product(shape, _shape(rest[0], names))
    if function in EACH and not (rest or keywords):
        return shape
    if function not in ALONG or len(rest) > 1:
        raise UnknownShapeError
    given = {k.arg: k.value for k in keywords} | dict(zip(("axis",), rest, strict=False))
    try:
        axis, kept = (ast.literal_eval(given.get(k, ast.Constant(None))) for k in ("axis", "keepdims"))
        axes = range(len(shape)) if axis is None else normalize_axis_tuple(axis, len(shape))
    except TypeError:
        raise UnknownShapeError from None
    return tuple(1 if k in axes else n for k, n in enumerate(shape) if kept or k not in axes)


def _product(left: Shape, right: Shape) -> Shape:
    if not (1 <= len(left) <= 2 and 1 <= len(right) <= 2):
        raise UnknownShapeError
    if left[-1] != right[0]:
        raise ValueError
    return left[:-1] + right[1:]
