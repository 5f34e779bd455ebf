"""Python text as LaTeX: names that are expressions, such as ``np.eye(3)[y]`` and ``len(y)``."""

from __future__ import annotations

import ast
from collections.abc import Callable

KNOWN = {
    "sigmoid": r"\sigma", "tanh": r"\tanh", "exp": r"\exp", "log": r"\ln", "sin": r"\sin", "cos": r"\cos",
    "max": r"\max", "min": r"\min",
}  # fmt: skip
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: r"\cdot", ast.MatMult: r"\,"}


def expression(text: str, name: Callable[[str], str]) -> str | None:
    r"""Set an expression as mathematics; ``name`` sets a name. None where it is none.

    Examples
    --------
    >>> expression("np.eye(3)[y]", str), expression("sigmoid(z)", str)
    ('\\operatorname{onehot}\\left(y\\right)', '\\sigma\\left(z\\right)')
    """
    try:
        return _set(ast.parse(text, mode="eval").body, name)
    except (SyntaxError, KeyError, NotImplementedError):
        return None


def _set(node: ast.expr, name: Callable[[str], str]) -> str:
    match node:
        case ast.Name(id=text):
            return name(text)
        case ast.Constant(value=value):
            return str(value)
        case ast.Attribute(value=value, attr="T"):
            return rf"{_set(value, name)}^{{\top}}"
        case ast.Attribute(attr="size", value=value):
            return rf"\operatorname{{size}}\left({_set(value, name)}\right)"
        case ast.Attribute(attr=attribute):
            return name(attribute)
        case ast.Subscript(value=ast.Call(func=ast.Attribute(attr="eye")), slice=labels):
            return rf"\operatorname{{onehot}}\left({_set(labels, name)}\right)"
        case ast.Subscript(value=value, slice=index):
            return rf"{{{_set(value, name)}}}_{{{_set(index, name)}}}"
        case ast.Tuple(elts=elements):
            return ", ".join(_set(element, name) for element in elements)
        case ast.Slice(lower=lower, upper=upper, step=None):
            return ":".join("" if bound is None else _set(bound, name) for bound in (lower, upper))
        case ast.Call(func=ast.Name(id="len"), args=[one]):
            return rf"\operatorname{{len}}\left({_set(one, name)}\right)"
        case ast.Call(func=function, args=arguments, keywords=[]):
            return _call(function, [_set(argument, name) for argument in arguments])
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"-{_set(operand, name)}"
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return rf"\frac{{{_set(left, name)}}}{{{_set(right, name)}}}"
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return rf"{_set(left, name)}^{{{_set(right, name)}}}"
        case ast.BinOp(left=left, op=op, right=right):
            return f"{_closed(left, name)} {SIGNS[type(op)]} {_closed(right, name)}"
        case _:
            raise NotImplementedError


def _closed(node: ast.expr, name: Callable[[str], str]) -> str:
    text = _set(node, name)
    sum_ = isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub))
    return rf"\left({text}\right)" if sum_ else text


def _call(function: ast.expr, arguments: list[str]) -> str:
    called = function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)
    if called == "sqrt":
        return rf"\sqrt{{{arguments[0]}}}"
    if called == "zeros_like":
        return r"\mathbf{0}"
    sign = KNOWN.get(called) or r"\operatorname{" + called.replace("_", r"\_") + "}"
    return rf"{sign}\left({', '.join(arguments)}\right)"
