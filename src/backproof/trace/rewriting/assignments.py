"""Assignments rewritten: the recorder is told what every target holds afterwards."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from typing import TYPE_CHECKING

from backproof.trace.rewriting.build import hook
from backproof.trace.rewriting.expressions import BINARY, key
from backproof.trace.sites import Site

if TYPE_CHECKING:
    from backproof.trace.rewriting.rewriter import Rewriter

BARE = (ast.Name, ast.Attribute, ast.Subscript)


def assignment(rewriter: Rewriter, node: ast.Assign) -> list[ast.stmt]:
    """``target = value``, with one target or many."""
    rewriter.begin(node)
    single = node.targets[0] if len(node.targets) == 1 else None
    value, site = rewriter.expr(node.value, target=rewriter.text(single) if single is not None else None)
    bare = isinstance(node.value, BARE) or type(getattr(node.value, "value", None)) is float
    match single:
        case ast.Name(id=name):
            node.value = hook("store", rewriter.frame_of(name), site.number, name, value, bare)
            return [node]
        case ast.Attribute(value=owner, attr=attr):
            holder = rewriter.expr(owner)[0]
            done = hook("set_attribute", site.number, value, holder, rewriter.mangled(attr), bare)
            return [ast.copy_location(ast.Expr(done), node)]
        case ast.Subscript(value=container, slice=index):
            holder = rewriter.expr(container)[0]
            done = hook("set_item", site.number, value, holder, key(rewriter, index), bare)
            return [ast.copy_location(ast.Expr(done), node)]
        case ast.Tuple(elts=elements) | ast.List(elts=elements) if (
            isinstance(node.value, ast.Tuple | ast.List)
            and len(node.value.elts) == len(elements)
            and not any(isinstance(e, ast.Starred) for e in [*elements, *node.value.elts])
        ):
            return _parallel(rewriter, node, elements, value, site)
    if any(isinstance(t, ast.Tuple | ast.List) for t in node.targets):
        value = hook("unpack", site.number, value)
    node.value = value
    return [node, *(s for target in node.targets for s in stored(rewriter, target, site.number))]


def _parallel(
    rewriter: Rewriter, node: ast.Assign, targets: list[ast.expr], value: ast.expr, site: Site
) -> list[ast.stmt]:
    """``a, b = x, y``: every target knows the expression it takes its value from."""
    node.value = value
    after: list[ast.stmt] = []
    for child, target in zip(site.children, targets, strict=False):
        rewriter.sites[child].target = rewriter.text(target)
    for child, target in zip(site.children, targets, strict=False):
        after += stored(rewriter, target, child)
    return [node, *after]


def stored(rewriter: Rewriter, target: ast.expr, site: int) -> list[ast.stmt]:
    """Statements that tell the recorder what a target holds after a plain assignment."""
    match target:
        case ast.Name(id=name):
            done = hook("stored", rewriter.frame_of(name), site, name, ast.Name(name, ast.Load()))
        case ast.Attribute(value=owner, attr=attr):
            plain = copy.deepcopy(owner)
            _loads(plain)
            done = hook("stored_attribute", site, plain, rewriter.mangled(attr))
        case ast.Subscript(value=container, slice=index) if not isinstance(index, ast.Slice | ast.Tuple):
            done = hook("stored_item", site, copy.deepcopy(container), copy.deepcopy(index))
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return [s for element in elements for s in stored(rewriter, element, site)]
        case ast.Starred(value=value):
            return stored(rewriter, value, site)
        case _:
            return []
    return [ast.copy_location(ast.Expr(done), target)]


def _loads(node: ast.AST) -> None:
    for inner in ast.walk(node):
        if hasattr(inner, "ctx"):
            inner.ctx = ast.Load()


def annotated(rewriter: Rewriter, node: ast.AnnAssign) -> list[ast.stmt]:
    """``target: type = value``."""
    if node.value is None:
        return [node]
    return assignment(rewriter, ast.copy_location(ast.Assign([node.target], node.value), node))


def augmented(rewriter: Rewriter, node: ast.AugAssign) -> list[ast.stmt]:
    """``target -= value``."""
    statement = rewriter.begin(node)
    statement.detail = op = BINARY[type(node.op)]
    target = rewriter.site(node.target)
    match node.target:
        case ast.Name(id=name):
            value, site = rewriter.expr(node.value)
            frame, old = rewriter.frame_of(name), ast.Name(name, ast.Load())
            done = hook("aug_name", frame, statement.number, op, name, old, value)
            statement.children = [target.number, site.number]
            return [ast.copy_location(ast.Assign([node.target], done), node)]
        case ast.Attribute(value=owner, attr=attr):
            holder, _ = rewriter.expr(owner)
            value, site = rewriter.expr(node.value)
            done = hook("aug_attribute", statement.number, op, holder, rewriter.mangled(attr), value)
        case ast.Subscript(value=container, slice=index):
            holder, _ = rewriter.expr(container)
            new_key = key(rewriter, index)
            value, site = rewriter.expr(node.value)
            done = hook("aug_item", statement.number, op, holder, new_key, value)
    statement.children = [target.number, site.number]
    return [ast.copy_location(ast.Expr(done), node)]


REWRITES: dict[type[ast.stmt], Callable[..., list[ast.stmt]]] = {
    ast.Assign: assignment, ast.AnnAssign: annotated, ast.AugAssign: augmented,
}  # fmt: skip
