"""The pieces that rewritten code is built of."""

from __future__ import annotations

import ast

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


def is_target(node: ast.expr) -> bool:
    """Is this expression assigned to or deleted, not evaluated?"""
    return isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
