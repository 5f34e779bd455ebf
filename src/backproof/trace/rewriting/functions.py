"""Functions, lambdas and classes rewritten: a body opens with a frame and ends by leaving it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from backproof.trace.rewriting.build import assign, frame_name, hook
from backproof.trace.scopes import argument_names
from backproof.trace.sites import Site

if TYPE_CHECKING:
    from backproof.trace.rewriting.rewriter import Rewriter

Function = ast.FunctionDef | ast.AsyncFunctionDef


def function(rewriter: Rewriter, node: Function) -> list[ast.stmt]:
    """``def name(...): ...``."""
    site = rewriter.site(node)
    outer = _context(rewriter)
    node.args = _defaults(rewriter, node.args)
    if not rewriter.in_class:
        node.decorator_list = [rewriter.expr(d)[0] for d in node.decorator_list]
    rewriter.scope = rewriter.new_scope(node, rewriter.scope)
    rewriter.function, rewriter.comprehension = node.name, []
    rewriter.parent, rewriter.in_class = None, False
    frame = frame_name(rewriter.scope)
    enter = assign(frame, _enter(rewriter, node.args, site.number))
    body = rewriter.body(node.body)
    first: list[ast.stmt] = []
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        first, body = body[:1], body[1:]
    leave = ast.Expr(hook("leave", ast.Name(frame, ast.Load())))
    node.body = [*first, enter, ast.Try(body or [ast.Pass()], [], [], [leave])]
    _restore(rewriter, outer)
    return [node]


def _context(rewriter: Rewriter) -> tuple[object, ...]:
    return (
        rewriter.scope, rewriter.function, rewriter.comprehension, rewriter.parent, rewriter.in_class,
        rewriter.statement,
    )  # fmt: skip


def _restore(rewriter: Rewriter, context: tuple[object, ...]) -> None:
    names = ("scope", "function", "comprehension", "parent", "in_class", "statement")
    for name, value in zip(names, context, strict=True):
        setattr(rewriter, name, value)


def _defaults(rewriter: Rewriter, arguments: ast.arguments) -> ast.arguments:
    """Rewrite the default values of a function, which are evaluated where it is defined."""
    arguments.defaults = [rewriter.expr(d)[0] for d in arguments.defaults]
    arguments.kw_defaults = [rewriter.expr(d)[0] if d is not None else None for d in arguments.kw_defaults]
    return arguments


def _enter(rewriter: Rewriter, arguments: ast.arguments, site: int) -> ast.Call:
    """The call that makes a frame and binds the arguments in it."""
    names = argument_names(arguments)
    around = rewriter.scope.parent
    within = (
        ast.Constant(None) if around is None or around.is_module else ast.Name(frame_name(around), ast.Load())
    )
    return hook(
        "enter",
        site,
        ast.Tuple([ast.Constant(name) for name in names], ast.Load()),
        ast.Tuple([ast.Name(name, ast.Load()) for name in names], ast.Load()),
        within,
    )


def returns(rewriter: Rewriter, node: ast.Return) -> list[ast.stmt]:
    """``return value``."""
    if node.value is not None:
        rewriter.begin(node)
        value, site = rewriter.expr(node.value)
        node.value = hook("returned", rewriter.frame(), site.number, value)
    return [node]


def yields(rewriter: Rewriter, node: ast.Yield | ast.YieldFrom, site: Site) -> ast.expr:
    """``yield value``: what follows runs in this frame again, whoever asked for the next value."""
    if node.value is not None:
        node.value = rewriter.expr(node.value)[0]
    if isinstance(node, ast.YieldFrom):
        node.value = hook("delegate", site.number, node.value)
    return hook("resumed", rewriter.frame(), node)


def anonymous(rewriter: Rewriter, node: ast.Lambda, site: Site) -> ast.expr:
    """``lambda ...: body`` becomes ``lambda ...: (frame := enter(...), returned(frame, body))[1]``."""
    node.args = _defaults(rewriter, node.args)
    if rewriter.in_class:
        return node
    outer = _context(rewriter)
    rewriter.scope = rewriter.new_scope(node, rewriter.scope)
    rewriter.function, rewriter.comprehension, rewriter.parent = "<lambda>", [], None
    body, inner = rewriter.expr(node.body)
    entered = ast.NamedExpr(
        ast.Name(frame_name(rewriter.scope), ast.Store()), _enter(rewriter, node.args, site.number)
    )
    returned = hook("returned", rewriter.frame(), inner.number, body)
    node.body = ast.Subscript(ast.Tuple([entered, returned], ast.Load()), ast.Constant(1), ast.Load())
    _restore(rewriter, outer)
    return node


def class_(rewriter: Rewriter, node: ast.ClassDef) -> list[ast.stmt]:
    """``class Name: ...``: the body is left as it is but for the methods and classes in it."""
    outer = (rewriter.in_class, rewriter.class_name)
    rewriter.in_class, rewriter.class_name = True, node.name
    _methods(rewriter, node)
    rewriter.in_class, rewriter.class_name = outer
    return [node]


def _methods(rewriter: Rewriter, block: ast.AST) -> None:
    """The methods of a class, inside the conditions and loops of its body as well."""
    for statement in ast.iter_child_nodes(block):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            function(rewriter, statement)
        elif isinstance(statement, ast.ClassDef):
            class_(rewriter, statement)
        elif isinstance(statement, ast.stmt | ast.ExceptHandler | ast.match_case):
            _methods(rewriter, statement)


EXPRESSIONS: dict[type[ast.expr], Callable[..., ast.expr]] = {
    ast.Lambda: anonymous, ast.Yield: yields, ast.YieldFrom: yields,
}  # fmt: skip
STATEMENTS: dict[type[ast.stmt], Callable[..., list[ast.stmt]]] = {
    ast.FunctionDef: function, ast.AsyncFunctionDef: function, ast.ClassDef: class_, ast.Return: returns,
}  # fmt: skip
