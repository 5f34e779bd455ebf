"""The pieces that rewritten code is built of."""

from __future__ import annotations

import ast
from typing import Any

from backproof.trace.scopes import Scope

RECORDER = "__bp__"


def hook(name: str, *arguments: ast.expr | str | int | bool) -> ast.Call:
    """A call of one of the recorder's functions; what is not an expression is written as a literal."""
    function = ast.Attribute(ast.Name(RECORDER, ast.Load()), name, ast.Load())
    given = [a if isinstance(a, ast.expr) else ast.Constant(a) for a in arguments]
    return ast.Call(function, given, [])


def assign(name: str, value: ast.expr) -> ast.Assign:
    """``name = value``."""
    return ast.Assign([ast.Name(name, ast.Store())], value)


def frame_name(scope: Scope) -> str:
    """The name of the variable that holds the frame of a scope."""
    return f"_bp_frame_{scope.number}"


def structure(target: ast.expr) -> ast.Constant:
    """What a value is unpacked into, as a literal: None for a name, a tuple for names in brackets.

    What stands beside a starred name has no place of its own.
    """
    shape: Any = _structure(target)
    return ast.Constant(shape)


def _structure(target: ast.expr) -> tuple[object, ...] | None:
    if not isinstance(target, ast.Tuple | ast.List):
        return None
    if any(isinstance(element, ast.Starred) for element in target.elts):
        return (None,)
    return tuple(_structure(element) for element in target.elts)


def plain_names(target: ast.expr) -> list[str]:
    """The names that an item is bound to, in order; none where it is unpacked into more than plain names."""
    elements = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    names = [e.id for e in elements if isinstance(e, ast.Name)]
    return names if len(names) == len(elements) else []


def is_target(node: ast.expr) -> bool:
    """Is this expression assigned to or deleted, not evaluated?"""
    return isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
