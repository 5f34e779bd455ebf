"""Expressions rewritten: each hands its value, or its operands, to the recorder."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from backproof.trace.rewriting.build import hook, plain_names, structure
from backproof.trace.sites import Site

if TYPE_CHECKING:
    from backproof.trace.rewriting.rewriter import Rewriter

BINARY = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.MatMult: "@", ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitXor: "^", ast.BitAnd: "&",
}  # fmt: skip
UNARY = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}
BARE = (ast.Name, ast.Attribute, ast.Subscript)  # what gives a value another name
COMPARE = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!="}
# what looks at the frame that it is called from, or at its own name
UNTOUCHED_CALLS = frozenset(
    {"super", "locals", "globals", "vars", "eval", "exec", "dir", "__import__", "breakpoint"}
)


# ---------------------------------------------------------------------- literals and operators
def constant(rewriter: Rewriter, node: ast.Constant, site: Site) -> ast.expr:
    """``0.5``."""
    if type(node.value) is float and not rewriter.in_class:
        return hook("const", site.number, node)
    return node


def binary(rewriter: Rewriter, node: ast.BinOp, site: Site) -> ast.expr:
    """``left * right``."""
    site.detail = BINARY[type(node.op)]
    left, _ = rewriter.expr(node.left)
    right, _ = rewriter.expr(node.right)
    return hook("binop", site.number, site.detail, left, right)


def unary(rewriter: Rewriter, node: ast.UnaryOp, site: Site) -> ast.expr:
    """``-operand``; a negative number is one literal."""
    if isinstance(node.operand, ast.Constant):
        if type(node.operand.value) is float and not rewriter.in_class:
            return hook("const", site.number, node)
        return rewriter.inside(node)
    if isinstance(node.op, ast.Not):
        return ast.UnaryOp(node.op, condition(rewriter, node.operand))
    site.detail = UNARY[type(node.op)]
    operand, _ = rewriter.expr(node.operand)
    return hook("unary", site.number, site.detail, operand)


def compare(rewriter: Rewriter, node: ast.Compare, site: Site) -> ast.expr:
    """``left < right``; a chain is left as it is."""
    if len(node.ops) != 1 or type(node.ops[0]) not in COMPARE:
        return rewriter.inside(node)
    site.detail = COMPARE[type(node.ops[0])]
    left, _ = rewriter.expr(node.left)
    right, _ = rewriter.expr(node.comparators[0])
    return hook("compare", site.number, site.detail, left, right)


def conditional(rewriter: Rewriter, node: ast.IfExp, site: Site) -> ast.expr:
    """``body if test else orelse``."""
    return ast.IfExp(
        condition(rewriter, node.test), rewriter.expr(node.body)[0], rewriter.expr(node.orelse)[0]
    )


def boolean(rewriter: Rewriter, node: ast.BoolOp, site: Site) -> ast.expr:
    """``a and b``, ``a or b``: all but the last decide whether the next is evaluated."""
    *first, last = node.values
    return ast.BoolOp(node.op, [*(condition(rewriter, value) for value in first), rewriter.expr(last)[0]])


def condition(rewriter: Rewriter, node: ast.expr) -> ast.expr:
    """An expression that is asked whether it is true."""
    test, site = rewriter.expr(node)
    return ast.copy_location(hook("truth", site.number, test), node)


def formatted(rewriter: Rewriter, node: ast.JoinedStr, site: Site) -> ast.expr:
    """``f"{value}"``: the value is shown."""
    for value in node.values:
        if isinstance(value, ast.FormattedValue):
            value.value = hook("shown", rewriter.expr(value.value)[0])
    return node


# ---------------------------------------------------------------------- names, attributes, items
def name(rewriter: Rewriter, node: ast.Name, site: Site) -> ast.expr:
    """A name is read."""
    frame = rewriter.frame_of(node.id)
    if isinstance(frame, ast.Constant) or node.id in rewriter.imported:
        return node
    return hook("load", frame, node.id, node)


def attribute(rewriter: Rewriter, node: ast.Attribute, site: Site) -> ast.expr:
    """``owner.name`` is read."""
    if _is_imported(rewriter, node):
        return node
    owner, _ = rewriter.expr(node.value)
    return hook("attribute", site.number, owner, rewriter.mangled(node.attr))


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _is_imported(rewriter: Rewriter, node: ast.Attribute) -> bool:
    root = _root(node)
    return isinstance(root, ast.Name) and root.id in rewriter.imported


def subscript(rewriter: Rewriter, node: ast.Subscript, site: Site) -> ast.expr:
    """``container[key]`` is read."""
    container, _ = rewriter.expr(node.value)
    return hook("item", site.number, container, key(rewriter, node.slice))


def key(rewriter: Rewriter, node: ast.expr) -> ast.expr:
    """Rewrite what stands between the brackets into an expression of its own."""
    if isinstance(node, ast.Slice):
        parts = [
            rewriter.expr(p)[0] if p is not None else ast.Constant(None)
            for p in (node.lower, node.upper, node.step)
        ]
        return hook("slice", *parts)
    if isinstance(node, ast.Tuple) and any(isinstance(e, ast.Slice) for e in node.elts):
        return ast.Tuple([key(rewriter, e) for e in node.elts], ast.Load())
    return rewriter.expr(node)[0]


def walrus(rewriter: Rewriter, node: ast.NamedExpr, site: Site) -> ast.expr:
    """``(name := value)``."""
    bound = node.target.id
    value, inner = rewriter.expr(node.value, target=bound)
    bare = isinstance(node.value, BARE) or type(getattr(node.value, "value", None)) is float
    node.value = hook("store", rewriter.frame_of(bound), inner.number, bound, value, bare)
    return node


# ---------------------------------------------------------------------- calls
def call(rewriter: Rewriter, node: ast.Call, site: Site) -> ast.expr:
    """``function(...)`` or ``owner.method(...)``."""
    function = node.func
    if isinstance(function, ast.Name) and function.id in UNTOUCHED_CALLS:
        return hook("outside", site.number, node) if function.id == "eval" else node
    if isinstance(function, ast.Name):
        made = hook("call", site.number, function)
    elif not isinstance(function, ast.Attribute):
        made = hook("call", site.number, rewriter.expr(function)[0])
    elif _is_imported(rewriter, function) or _is_super(_root(function)):
        made = hook("call", site.number, function)
    else:
        site.detail = function.attr
        owner, _ = rewriter.expr(function.value)
        made = hook("method", site.number, owner, rewriter.mangled(function.attr))
    site.arguments = len(site.children)
    made.args += [
        ast.Starred(rewriter.expr(a.value)[0], ast.Load())
        if isinstance(a, ast.Starred)
        else rewriter.expr(a)[0]
        for a in node.args
    ]
    made.keywords = [ast.keyword(k.arg, rewriter.expr(k.value)[0]) for k in node.keywords]
    return made


def _is_super(root: ast.expr) -> bool:
    return isinstance(root, ast.Call) and isinstance(root.func, ast.Name) and root.func.id == "super"


# ---------------------------------------------------------------------- displays and comprehensions
def dictionary(rewriter: Rewriter, node: ast.Dict, site: Site) -> ast.expr:
    """``{"W": dW, "b": db}``: each value has a second name there."""
    node.keys = [None if key is None else rewriter.expr(key)[0] for key in node.keys]
    node.values = [
        rewriter.expr(value)[0] if key is None else _element(rewriter, value)
        for key, value in zip(node.keys, node.values, strict=True)
    ]
    return node if all(key is None for key in node.keys) else hook("dictionary", node)


def display(rewriter: Rewriter, node: Any, site: Site) -> ast.expr:
    """``[a, b]`` or ``(a, b)``, which is no index: two of its names may be those of one object."""
    names = [e.id if isinstance(e, ast.Name) and _is_local(rewriter, e.id) else None for e in node.elts]
    made: ast.expr = rewriter.inside(node)
    within = rewriter.sites[site.parent].kind if site.parent is not None else ""
    if len(names) - names.count(None) < 2 or within == "Subscript":
        return made
    return hook("display", made, rewriter.frame(), ast.Tuple([ast.Constant(n) for n in names], ast.Load()))


def _is_local(rewriter: Rewriter, bound: str) -> bool:
    """Is a name one of the function that is being rewritten?"""
    return ast.dump(rewriter.frame_of(bound)) == ast.dump(rewriter.frame())


def _element(rewriter: Rewriter, node: ast.expr) -> ast.expr:
    """What is made an item: where it has a name already, it gets a second one."""
    value, site = rewriter.expr(node)
    return hook("element", site.number, value) if isinstance(node, BARE) else value


def comprehension(rewriter: Rewriter, node: Any, site: Site) -> ast.expr:
    """``[element for item in iterable]`` and its kin."""
    return _comprehension(rewriter, node, "elt")


def dict_comprehension(rewriter: Rewriter, node: ast.DictComp, site: Site) -> ast.expr:
    """``{key: value for item in iterable}``."""
    return _comprehension(rewriter, node, "key", "value")


def _comprehension(rewriter: Rewriter, node: Any, *parts: str) -> ast.expr:
    """Its iterables hand out items, its element and conditions are evaluated inside."""
    bound: set[str] = set()
    generators: list[ast.comprehension] = node.generators
    for position, generator in enumerate(generators):
        if position:
            rewriter.comprehension.append(bound)
        iterable, site = rewriter.expr(generator.iter)
        if position:
            rewriter.comprehension.pop()
        if not generator.is_async:
            names = ast.Tuple([ast.Constant(n) for n in plain_names(generator.target)], ast.Load())
            iterable = hook("iterate", site.number, iterable, structure(generator.target), names)
        generator.iter = iterable
        bound |= {n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name)}
    rewriter.comprehension.append(bound)
    for generator in generators:
        generator.ifs = [condition(rewriter, test) for test in generator.ifs]
    for part in parts:
        inner = getattr(node, part)
        setattr(node, part, rewriter.expr(inner)[0] if part == "key" else _element(rewriter, inner))
    rewriter.comprehension.pop()
    result: ast.expr = node
    return result


REWRITES: dict[type[ast.expr], Callable[..., ast.expr]] = {
    ast.Constant: constant, ast.BinOp: binary, ast.UnaryOp: unary, ast.Compare: compare,
    ast.IfExp: conditional, ast.BoolOp: boolean, ast.JoinedStr: formatted, ast.Name: name,
    ast.Attribute: attribute, ast.Subscript: subscript, ast.NamedExpr: walrus, ast.Call: call,
    ast.Dict: dictionary, ast.List: display, ast.Tuple: display, ast.ListComp: comprehension,
    ast.SetComp: comprehension, ast.GeneratorExp: comprehension, ast.DictComp: dict_comprehension,
}  # fmt: skip
