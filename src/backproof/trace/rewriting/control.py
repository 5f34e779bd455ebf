"""Control flow rewritten: loops tell the recorder of their rounds, blocks are rewritten as bodies."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from backproof.trace.rewriting.assignments import targets
from backproof.trace.rewriting.build import hook, is_target, structure
from backproof.trace.rewriting.expressions import condition

if TYPE_CHECKING:
    from backproof.trace.rewriting.rewriter import Rewriter


def for_(rewriter: Rewriter, node: ast.For) -> list[ast.stmt]:
    """``for target in iterable: ...``."""
    statement = rewriter.begin(node)
    iterable, site = rewriter.expr(node.iter)
    statement.children = [site.number]
    node.target, bound = targets(rewriter, node.target, site.number)
    node.iter = hook("iterate", statement.number, iterable, structure(node.target))
    node.body = [*bound, *rewriter.body(node.body)]
    node.orelse = rewriter.body(node.orelse)
    return [node]


def while_(rewriter: Rewriter, node: ast.While) -> list[ast.stmt]:
    """``while test: ...``."""
    statement = rewriter.begin(node)
    node.test = condition(rewriter, node.test)
    tick = ast.Expr(hook("tick", statement.number))
    node.body = [tick, *rewriter.body(node.body)]
    node.orelse = rewriter.body(node.orelse)
    return [ast.Try([node], [], [], [ast.Expr(hook("loop_end", statement.number))])]


def if_(rewriter: Rewriter, node: ast.If) -> list[ast.stmt]:
    """``if test: ... else: ...``."""
    rewriter.begin(node)
    node.test = condition(rewriter, node.test)
    node.body = rewriter.body(node.body)
    node.orelse = rewriter.body(node.orelse)
    return [node]


def untouched(rewriter: Rewriter, node: ast.stmt) -> list[ast.stmt]:
    """What neither computes nor holds statements."""
    return [node]


def other(rewriter: Rewriter, node: ast.stmt) -> list[ast.stmt]:
    """Any other statement: expressions inside are rewritten, blocks are rewritten as bodies."""
    rewriter.begin(node)
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.expr):
            if not is_target(value):
                setattr(node, name, rewriter.expr(value)[0])
        elif isinstance(value, list) and value:
            if isinstance(value[0], ast.stmt):
                setattr(node, name, rewriter.body(value))
            elif isinstance(value[0], ast.ExceptHandler | ast.match_case):
                for handler in value:
                    if getattr(handler, "guard", None) is not None:
                        handler.guard = rewriter.expr(handler.guard)[0]
                    handler.body = rewriter.body(handler.body)
            elif isinstance(value[0], ast.withitem):
                for item in value:
                    item.context_expr = rewriter.expr(item.context_expr)[0]
    return [node]


_LEFT = (
    ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Pass, ast.Break, ast.Continue, ast.Delete,
)  # fmt: skip
REWRITES: dict[type[ast.stmt], Callable[..., list[ast.stmt]]] = {
    ast.For: for_, ast.While: while_, ast.If: if_, **dict.fromkeys(_LEFT, untouched),
}  # fmt: skip
