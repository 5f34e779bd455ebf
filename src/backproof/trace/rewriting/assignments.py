"""Assignments rewritten: the recorder is told what every target holds afterwards."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from backproof.trace.rewriting.build import assign, hook, structure
from backproof.trace.rewriting.expressions import BARE, BINARY, key

if TYPE_CHECKING:
    from backproof.trace.rewriting.rewriter import Rewriter


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
        case ast.Tuple(elts=elements) | ast.List(elts=elements) if _each_its_own(node.value, elements):
            for child, target in zip(site.children, elements, strict=False):
                rewriter.sites[child].target = rewriter.text(target)
            nested = any(isinstance(e, ast.Tuple | ast.List) for e in elements)
            node.value = hook("unpack", site.number, value, structure(single)) if nested else value
            new, after = targets(rewriter, single, *site.children)
            node.targets = [new]
            return [node, *after]
    if all(isinstance(t, ast.Name) for t in node.targets) or (single is not None and _only_names(single)):
        node.value = hook("unpack", site.number, value, structure(single)) if single is not None else value
        return [node, *(s for target in node.targets for s in _stored(rewriter, target, site.number))]
    whole = rewriter.temporary()
    one_by_one = [s for target in node.targets for s in _from_temporary(rewriter, target, whole, site.number)]
    return [ast.copy_location(assign(whole, value), node), *one_by_one, _forget([whole])]


def _each_its_own(value: ast.expr, targets: list[ast.expr]) -> bool:
    """Is this ``a, b = x, y``: does every target take the value of an expression of its own?"""
    return (
        isinstance(value, ast.Tuple | ast.List)
        and len(value.elts) == len(targets)
        and not any(isinstance(e, ast.Starred) for e in [*targets, *value.elts])
    )


# ---------------------------------------------------------------------- targets of unpackings and loops
def targets(rewriter: Rewriter, target: ast.expr, *sites: int) -> tuple[ast.expr, list[ast.stmt]]:
    """The target of an unpacking or a loop, and statements that come after.

    Names are bound by Python, and the recorder is told. Attributes and items are set through the recorder,
    one after the other as Python does, from names that the program does not have. ``sites`` is where the
    values come from: one site an element, or one for all.
    """
    if _only_names(target):
        elements = target.elts if len(sites) > 1 and isinstance(target, ast.Tuple | ast.List) else [target]
        told = [s for e, site in zip(elements, sites, strict=True) for s in _stored(rewriter, e, site)]
        return target, told
    made: list[str] = []
    after: list[ast.stmt] = []

    def place(element: ast.expr, site: int) -> ast.expr:
        if isinstance(element, ast.Starred):
            return ast.Starred(place(element.value, site), ast.Store())
        made.append(rewriter.temporary())
        name = ast.Name(made[-1], ast.Store())
        after.extend(_from_temporary(rewriter, element, made[-1], site))
        return name

    if isinstance(target, ast.Tuple | ast.List):
        each = sites if len(sites) == len(target.elts) else sites * len(target.elts)
        new: ast.expr = ast.Tuple([place(e, s) for e, s in zip(target.elts, each, strict=True)], ast.Store())
    else:
        new = place(target, sites[0])
    return ast.copy_location(new, target), [*after, _forget(made)]


def _only_names(target: ast.expr) -> bool:
    match target:
        case ast.Name():
            return True
        case ast.Starred(value=inner):
            return _only_names(inner)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return all(map(_only_names, elements))
    return False


def _stored(rewriter: Rewriter, target: ast.expr, site: int) -> list[ast.stmt]:
    """Statements that tell the recorder what names hold after Python has bound them."""
    match target:
        case ast.Name(id=name):
            done = hook("stored", rewriter.frame_of(name), site, name, ast.Name(name, ast.Load()))
            return [ast.copy_location(ast.Expr(done), target)]
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return [s for element in elements for s in _stored(rewriter, element, site)]
        case ast.Starred(value=inner):
            return _stored(rewriter, inner, site)
    return []


def _from_temporary(rewriter: Rewriter, target: ast.expr, name: str, site: int) -> list[ast.stmt]:
    """``target = name``, where the name is one of the rewriter's own."""
    value = ast.Name(name, ast.Load())
    match target:
        case ast.Attribute(value=owner, attr=attr):
            holder = rewriter.expr(owner)[0]
            done = hook("set_attribute", site, value, holder, rewriter.mangled(attr), False)
            return [ast.copy_location(ast.Expr(done), target)]
        case ast.Subscript(value=container, slice=index):
            holder = rewriter.expr(container)[0]
            done = hook("set_item", site, value, holder, key(rewriter, index), False)
            return [ast.copy_location(ast.Expr(done), target)]
    new, after = targets(rewriter, target, site)
    given: ast.expr = value
    if isinstance(target, ast.Tuple | ast.List):
        given = hook("unpack", site, value, structure(target))
    return [ast.copy_location(ast.Assign([new], given), target), *after]


def _forget(names: list[str]) -> ast.stmt:
    return ast.Delete([ast.Name(name, ast.Del()) for name in names])


def annotated(rewriter: Rewriter, node: ast.AnnAssign) -> list[ast.stmt]:
    """``target: type = value``."""
    if node.value is None:
        return [node]
    return assignment(rewriter, ast.copy_location(ast.Assign([node.target], node.value), node))


def augmented(rewriter: Rewriter, node: ast.AugAssign) -> list[ast.stmt]:
    """``target -= value``: Python reads the target, then evaluates the value, then sets the target."""
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
            held = hook("held_attribute", rewriter.expr(owner)[0], rewriter.mangled(attr))
            value, site = rewriter.expr(node.value)
            done = hook("aug_attribute", statement.number, op, ast.Starred(held, ast.Load()), value)
        case ast.Subscript(value=container, slice=index):
            held = hook("held_item", rewriter.expr(container)[0], key(rewriter, index))
            value, site = rewriter.expr(node.value)
            done = hook("aug_item", statement.number, op, ast.Starred(held, ast.Load()), value)
    statement.children = [target.number, site.number]
    return [ast.copy_location(ast.Expr(done), node)]


REWRITES: dict[type[ast.stmt], Callable[..., list[ast.stmt]]] = {
    ast.Assign: assignment, ast.AnnAssign: annotated, ast.AugAssign: augmented,
}  # fmt: skip
