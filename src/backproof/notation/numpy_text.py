"""A graph as a NumPy expression."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from backproof.graph import OPERATIONS, Node
from backproof.graph.literal import literal
from backproof.notation.template import Levels, Part, expand, fill, render

COMPARISON, SUM, PRODUCT, UNARY, POWER, ATOM = 1, 2, 3, 4, 5, 6
BINDING: dict[type[ast.operator], int] = {
    ast.Add: SUM,
    ast.Sub: SUM,
    ast.Pow: POWER,
    ast.Mult: PRODUCT,
    ast.Div: PRODUCT,
    ast.FloorDiv: PRODUCT,
    ast.Mod: PRODUCT,
    ast.MatMult: PRODUCT,
}


def to_numpy(node: Node, names: Mapping[Node, str] | None = None) -> str:
    """Write a node as one NumPy expression.

    A node in ``names``, the node itself included, and a leaf that has a name are written as that name.

    Examples
    --------
    >>> from backproof.graph import apply, leaf
    >>> x, y = leaf(2.0, "x"), leaf([[2.0, 3.0]], "y")
    >>> to_numpy(apply("multiply", apply("subtract", 1.0, x), apply("transpose", apply("exp", y))))
    '(1 - x) * np.exp(y).T'
    """

    def template(node: Node) -> str:
        text = OPERATIONS[node.operation].numpy
        return expand(text if isinstance(text, str) else text(node), node)

    return python_text(node, names or {}, template)


def python_text(node: Node, names: Mapping[Node, str], template: Callable[[Node], str]) -> str:
    """Write a node as one expression of Python, each operation by its template; names as in `to_numpy`."""

    def named(node: Node) -> Part | None:
        name = names.get(node) or (node.name if node.operation == "leaf" else None)
        if name:
            return name, level_of(name)
        if node.operation not in ("leaf", "constant"):
            return None
        text = literal(node.value)
        return text, UNARY if text.startswith("-") else ATOM

    return render(node, named, template, lambda n, text, parts: combined(n, text, parts, names))


def combined(node: Node, text: str, parts: list[Part], names: Mapping[Node, str]) -> Part:
    """Put the texts of operands into a template of Python, in brackets where they have to be."""
    whole = [
        _as_whole(k, operand, part, text, names)
        for k, (operand, part) in enumerate(zip(node.operands, parts, strict=True))
    ]
    return fill(text, whole, levels(text), "({})".format)


def _as_whole(k: int, operand: Node, part: Part, template: str, names: Mapping[Node, str]) -> Part:
    """Write 1 for 1.0 between operators, as people do, where that cannot change the value."""
    if operand.operation != "constant" or operand in names or not isinstance(operand.value, float):
        return part
    root, value = ast.parse(re.sub(r"\$(\d+)", r"_\1", template), mode="eval").body, float(operand.value)
    power = isinstance(root, ast.BinOp) and isinstance(root.op, ast.Pow)
    if not isinstance(root, (ast.BinOp, ast.Compare)) or (power and (k == 0 or value < 0)):
        return part
    return (str(int(value)), part[1]) if value.is_integer() and abs(value) < 1e15 else part


@lru_cache(maxsize=4096)
def levels(template: str) -> Levels:
    """Read from a template how tightly it binds and how tightly each operand has to."""
    needed: dict[int, int] = {}

    def walk(node: ast.AST, need: int) -> None:
        match node:
            case ast.Name(id=name) if name.startswith("_operand_"):
                k = int(name.removeprefix("_operand_"))
                needed[k] = max(need, needed.get(k, 0))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                walk(left, ATOM)
                walk(right, UNARY)
            case ast.BinOp(left=left, op=op, right=right):
                walk(left, BINDING[type(op)])
                walk(right, BINDING[type(op)] + 1)
            case ast.UnaryOp(operand=operand):
                walk(operand, UNARY)
            case ast.Compare(left=left, comparators=[right]):
                walk(left, SUM)
                walk(right, SUM)
            case ast.Attribute(value=value) | ast.Call(func=value) | ast.Subscript(value=value):
                walk(value, ATOM)
                for child in ast.iter_child_nodes(node):
                    if child is not value:
                        walk(child, 0)
            case _:
                for child in ast.iter_child_nodes(node):
                    walk(child, 0)

    root = ast.parse(re.sub(r"\$(\d+)", r"_operand_\1", template), mode="eval").body
    walk(root, 0)
    if isinstance(root, ast.Name):
        return None, needed
    return _level(root), needed


def _level(root: ast.expr) -> int:
    match root:
        case ast.BinOp(op=op):
            return BINDING[type(op)]
        case ast.UnaryOp():
            return UNARY
        case ast.Compare():
            return COMPARISON
        case ast.Name() | ast.Call() | ast.Attribute() | ast.Subscript() | ast.Constant():
            return ATOM
        case _:
            return 0


@lru_cache(maxsize=4096)
def level_of(name: str) -> int:
    """How tightly a given name binds, which may be an expression of the user's."""
    if name.isidentifier():
        return ATOM
    try:
        return _level(ast.parse(name, mode="eval").body)
    except SyntaxError:
        return ATOM
