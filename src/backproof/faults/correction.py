"""A correction: what might stand in the source instead, and the value that it would have.

A fault proposes corrections for a place of the backward pass. It need not be cautious: a correction counts
only when the graph, evaluated with it, gives the true gradients. ``cost`` orders those that do; the least
deviation from what the author wrote comes first.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Collection
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Build, Edge
from backproof.graph import Node, apply, shape_of, unnamed
from backproof.source import Edit, Span
from backproof.trace import Site


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Part:
    """One edit of a correction.

    ``text`` for the place (or for ``span``), and its value for every use of the place.
    """

    place: Place
    text: str
    build: Build
    span: Span | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Correction:
    """Edits that belong together, under the name of the fault that they undo.

    ``at`` is the expression to point at, where it is not the one that is edited; ``expected`` what should
    stand there. ``edits`` are given where the source is not mended by replacing the parts' texts; none
    where nothing is known. ``derived`` says that the true value itself was put there, which mends anything.
    ``beside`` are the same mistakes elsewhere, whose values its parts have as well: each has its own edits.
    """

    rule: str
    parts: tuple[Part, ...]
    cost: float
    why: str
    at: Site | None = None
    expected: str | None = None
    edits: tuple[Edit, ...] | None = None
    derived: bool = False
    beside: tuple[Correction, ...] = ()

    @property
    def site(self) -> Site:
        """The expression that the finding points at."""
        return self.at if self.at is not None else self.parts[0].place.site


def make(operation: str, *operands: Node | float | None, **attributes: Any) -> Node | None:
    """A node of a correction; None where the operands do not fit.

    Whoever tries corrections has switched NumPy's warnings off, once for all of them.
    """
    if any(operand is None for operand in operands):
        return None
    try:
        return apply(operation, *operands, **attributes)
    except (ValueError, TypeError, IndexError, ArithmeticError):
        return None


def same(edge: Edge) -> Node:
    """The value as it is."""
    return edge.operand


def similarity(a: str, b: str) -> float:
    """How alike two texts are, from 0 to 1."""
    return SequenceMatcher(None, a, b).ratio()


@lru_cache(maxsize=4096)
def parsed(text: str) -> ast.expr | None:
    """The expression that a text holds; None where it holds none."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        try:
            return ast.parse(f"({text})", mode="eval").body
        except SyntaxError:
            return None


def literal(text: str) -> float | None:
    """The number that a text is; None where it is anything else."""
    node = parsed(text)
    value = node.value if isinstance(node, ast.Constant) else None
    return float(value) if isinstance(value, int | float) else None


def is_among(number: float, ratios: Collection[float]) -> bool:
    """Is a number one of those by which gradients would have to be multiplied?"""
    return any(abs(ratio / number - 1) < 1e-5 for ratio in ratios)


BARE = 0.04  # how much likelier something is missing where a statement only hands a value on
LEVEL = {ast.IfExp: 0, ast.Lambda: 0, ast.BoolOp: 1, ast.Compare: 2}
OPERATOR = {
    ast.Add: 4,
    ast.Sub: 4,
    ast.Mult: 5,
    ast.Div: 5,
    ast.MatMult: 5,
    ast.FloorDiv: 5,
    ast.Mod: 5,
    ast.Pow: 7,
}


def level(text: str) -> int:
    """How tightly an expression binds: sums 4, products 5, a sign 6, powers 7, atoms 9."""
    node = parsed(text)
    if node is None:
        return 0
    if isinstance(node, ast.BinOp):
        return OPERATOR.get(type(node.op), 3)
    if isinstance(node, ast.UnaryOp):
        return 6
    return LEVEL.get(type(node), 9)


def bracketed(text: str, least: int) -> str:
    """The text, in brackets where it binds less tightly than ``least``."""
    return text if level(text) >= least else f"({text})"


def product(left: str, right: str) -> str:
    """``left * right``, with the brackets it needs."""
    return f"{bracketed(left, 5)} * {bracketed(right, 6)}"


def quotient(left: str, right: str) -> str:
    """``left / right``, with the brackets it needs."""
    return f"{bracketed(left, 5)} / {bracketed(right, 6)}"


def is_updated_with(place: Place, value: Node) -> bool:
    """Is this a parameter whose update the value of a place enters?"""
    bench, bare = place.scenery.bench, unnamed(value)
    owners = [k for k, parameter in enumerate(bench.step.parameters) if bare in parameter.leaves]
    line = set(bench.affected([edge.consumer for edge in place.edges])) if owners else set()
    return any(bench.step.descents[k] in line for k in owners)


def only_named(place: Place) -> bool:
    """Does a statement do nothing but give a value another name? Somebody meant to write more."""
    return place.parent is None and all(
        edge.consumer.operation == "identity" and not edge.made for edge in place.edges
    )


# What may have made the value of an activation: the last operation of the usual ways to write it.
LOGISTIC = frozenset({"sigmoid", "divide", "reciprocal", "power", "where", "index"})
HYPERBOLIC = frozenset({"tanh", "divide", "subtract", "index"})
RECTIFIED = frozenset(
    {"maximum", "where", "multiply", "clip", "add", "matmul", "dot", "index", "index_update"}
)
BEFORE_ACTIVATION = frozenset({"add", "subtract", "multiply", "matmul", "dot", "sum", "einsum", "index"})


RECTIFYING = frozenset(
    {
        *("maximum", "minimum", "clip", "where", "abs", "index_update"),
        *("greater", "greater_equal", "less", "less_equal"),
    }
)


def rectifies(place: Place) -> bool:
    """Does the forward pass switch anything off, by an operation or a branch?"""
    bench = place.scenery.bench
    window = bench.step.window
    decided = any(window.start <= guard.time < window.end for guard in bench.step.trace.guards)
    return decided or bool(bench.applied & RECTIFYING)


def made_by(place: Place, name: str) -> str:
    """The operation that made what a name holds."""
    node = place.value(name, place.edges[0])
    while node is not None and node.operation == "identity" and node.operands:
        node = node.operands[0]
    return "" if node is None else node.operation


def inside_product(place: Place) -> float:
    """A small cost for multiplying one factor of a product where the whole product would do as well."""
    parent = place.parent
    return 0.02 if parent is not None and parent.kind == "BinOp" and parent.detail in ("*", "/") else 0.0


def called(place: Place, function: str) -> str:
    """How the program calls a function of NumPy: ``np.tanh``, ``tanh`` where it is imported by its own name.

    A program without NumPy may have it from ``math``.
    """
    return _called(tuple(place.trace.files.values()), function)


@lru_cache(maxsize=256)
def _called(texts: tuple[str, ...], function: str) -> str:
    imported = [each for text in texts for each in _imports(text)]
    for module, known in (("numpy", True), ("math", hasattr(math, function))):
        named = [alias for name, alias, whole in imported if name == module and whole and known]
        if named:
            return f"{named[0]}.{function}"
        own = {name: alias for name, alias, whole in imported if not whole and name.startswith(f"{module}.")}
        alias = own.get(f"{module}.{function}") or (function if f"{module}.*" in own else None)
        if alias is not None and known:
            return alias
    return f"np.{function}"


@lru_cache(maxsize=16)
def _imports(text: str) -> tuple[tuple[str, str, bool], ...]:
    """What a text imports, its name there, and whether that is a whole module."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return ()
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(each.name, each.asname or each.name, True) for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(f"{node.module}.{each.name}", each.asname or each.name, False) for each in node.names]
    return tuple(found)


MIXING = frozenset({"matmul", "dot", "sum", "outer", "index", "stack", "concatenate", "subtract_at"})


def activation_of(inner: Node, outer: Node, depth: int = 12) -> bool:
    """Is ``outer`` an elementwise function of ``inner`` alone: an activation of it?"""
    inner, outer = _taken_out(unnamed(inner)), _taken_out(unnamed(outer))
    if inner is outer or shape_of(inner) != shape_of(outer):
        return False
    stack, met, steps = [outer], False, 0
    while stack and steps < depth * 4:
        node = stack.pop()
        steps += 1
        if node is inner or (node.operation == inner.operation and _equal(node, inner)):
            met = True
        elif node.operands:
            if node.operation in MIXING:
                return False
            stack.extend(node.operands)
        elif type(node.value) is not float and np.size(node.value) > 1:
            return False
    return met and not stack


def _taken_out(node: Node) -> Node:
    """The array that a slice takes out of what it was put into, as beside a column of ones; else the node."""
    whole = unnamed(node.operands[0]) if node.operation == "index" else node
    if whole.operation != "concatenate":
        return node
    return next((unnamed(part) for part in whole.operands if _equal(node, unnamed(part))), node)


def _equal(a: Node, b: Node) -> bool:
    """Do two nodes of one operation hold the same values, as when an expression is written out twice?"""
    if a.operation in ("leaf", "constant"):
        return False
    if type(a.value) is float and type(b.value) is float:
        return a.value == b.value
    return np.shape(a.value) == np.shape(b.value) and bool(np.all(np.asarray(a.value) == np.asarray(b.value)))


def occurrences(place: Place, text: str) -> list[Site]:
    """The sub-expressions of a place that read ``text``."""
    sites, found, stack = place.trace.sites, [], list(place.site.children)
    while stack:
        site = sites[stack.pop()]
        if site.text == text:
            found.append(site)
        else:
            stack.extend(site.children)
    return found


def place_at(place: Place, site: Site) -> Place | None:
    """The place of another site, where its value reaches an update."""
    edges = place.scenery.bench.edges.get(site.number)
    return Place(place.scenery, site, tuple(edges)) if edges else None
