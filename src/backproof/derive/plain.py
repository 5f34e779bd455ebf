"""A recorded forward pass made plain: one node a value, with the name that the program's reader knows it by.

The recorder notes each binding of a value to another name (an argument, an unpacked item) as a node of its
own. A derivation has no use for these, nor for the names inside functions that it writes as calls.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.derive.helpers import Call
from backproof.graph import Node, ancestors, apply, constant, leaf
from backproof.graph.literal import Written
from backproof.graph.node import shape_of
from backproof.trace import Trace

FEWEST = 2  # smaller numbers are written as they are


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Plain:
    """The loss of the plain graph; ``of`` maps every node of the recorded one to its node there.

    ``calls`` are the nodes that functions of one value gave, with the function's text and its argument;
    ``local`` the names that values have only inside such functions. ``labels`` are what indices are read as,
    ``lengths`` what numbers are read as that are lengths: ``len(X)``.
    """

    loss: Node
    of: Mapping[Node, Node]
    calls: Mapping[Node, tuple[str, Node]]
    local: Mapping[Node, str]
    labels: tuple[tuple[str, Any], ...]
    lengths: Mapping[Node, str]


def plain(trace: Trace, loss: Node, found: Sequence[Call], copies: Mapping[Node, Node]) -> Plain:
    """Make the graph of a loss plain. Leaves stay the same nodes.

    ``copies`` maps the nodes of the trace to those of the loss.
    """
    order = ancestors([loss])
    found = [c for c in found if np.shape(c.result.value) == np.shape(c.given.value)]
    inside = {call.frame for call in found}
    below = dict.fromkeys(inside)
    for frame in trace.frames:
        if frame.parent in below:
            below[frame.number] = None
    arguments = {copies.get(call.argument) for call in found}
    root: dict[Node, Node] = {}
    names: dict[Node, list[tuple[bool, str]]] = {}
    for node in order:
        root[node] = root[node.operands[0]] if node.operation == "identity" else node
        argument = node.operation == "identity" and node in arguments
        hidden = node.origin is not None and node.origin.frame in below
        if node.name and node.operation != "constant" and not argument:
            names.setdefault(root[node], []).append((hidden, node.name))
    indices, sizes, twice = Indices(trace), Sizes(trace), Twice()
    of: dict[Node, Node] = {}
    local: dict[Node, str] = {}
    results = {copies[call.result]: call for call in found if call.result in copies}
    again: dict[tuple[str, Node], Node] = {}
    for node in order:
        if root[node] is not node:
            of[node] = of[root[node]]
        elif not node.operands:
            of[node] = node
        else:
            known = names.get(node, [])
            outside = [name for hidden, name in known if not hidden]
            attributes = indices.written(node)
            operands = sizes.operands(node, tuple(of[o] for o in node.operands))
            name = outside[0] if outside else None
            made = _quotient_first(Node(node.operation, operands, attributes, node.value, name, node.origin))
            of[node] = made if known else twice.first(made)
            if not outside and known:
                local[of[node]] = known[0][1]
        if node in results and copies.get(results[node].given) in of:  # sigmoid(z), written twice
            call = results[node]
            earlier = again.setdefault((call.function, of[copies[call.given]]), of[node])
            if earlier is not of[node] and np.array_equal(earlier.value, of[node].value):
                of[node] = earlier
    called: dict[Node, tuple[str, Node]] = {}
    for call in found:
        result, given = copies.get(call.result), copies.get(call.given)
        if result in of and given in of and of[result] is not of[given]:
            called.setdefault(of[result], (call.function, of[given]))
    return Plain(of[loss], of, called, local, tuple(indices.labels.items()), sizes.lengths)


def _quotient_first(node: Node) -> Node:
    """γ·((x − μ)/σ) for (γ·(x − μ))/σ: what is standardised is one value, and its scale another."""
    if node.operation != "divide" or node.operands[0].operation != "multiply" or node.operands[0].name:
        return node
    product, divisor = node.operands
    scale, value = sorted(product.operands, key=lambda n: len(shape_of(n)))
    smaller = 0 < len(shape_of(scale)) < len(shape_of(value))
    if not smaller or shape_of(value) != shape_of(node) or not shape_of(divisor):
        return node
    quotient = Node("divide", (value, divisor), {}, value.value / divisor.value, None, node.origin)
    return Node("multiply", (scale, quotient), {}, node.value, node.name, node.origin)


class Twice:
    """What the program writes twice, as ``x @ W + b`` in both branches of a leaky unit, as one value."""

    def __init__(self) -> None:
        self.known: dict[Any, Node] = {}

    def first(self, node: Node) -> Node:
        """The first value that is computed alike at another place of the same call, else the value itself."""
        if node.origin is None:
            return node
        attributes = repr(sorted(node.attributes.items())) if node.attributes else ""
        found = self.known.setdefault((node.operation, node.operands, attributes, node.origin.frame), node)
        return found if found.origin.site != node.origin.site else node


class Sizes:
    """Whole numbers of the program that have a name there: ``m`` in ``/ m`` and in ``lam / (2 * m)``.

    ``lengths`` are those that are read as the length of something: ``len(X)``.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.counters = {c.name for c in trace.counters}
        self.leaves: dict[tuple[str, Any], Node] = {}
        self.lengths: dict[Node, str] = {}

    def operands(self, node: Node, operands: tuple[Node, ...]) -> tuple[Node, ...]:
        """The operands of a value, a number with a name as a leaf of that name."""
        sites = node.origin.operand_sites if node.origin is not None else ()
        if node.operation not in ("multiply", "divide") or len(sites) != len(operands):
            return operands
        return tuple(self._named(o, site) for o, site in zip(operands, sites, strict=True))

    def _named(self, operand: Node, site: int | None) -> Node:
        value = operand.value
        whole = isinstance(value, (int, float)) and not isinstance(value, bool) and float(value).is_integer()
        if operand.operation != "constant" or not whole or value < FEWEST or site is None or site < 0:
            return operand
        try:
            tree = ast.parse(self.trace.sites[site].text.strip(), mode="eval").body
        except SyntaxError:
            return operand
        match tree:
            case ast.Name(id=name) if name not in self.counters:
                return self._leaf(name, value)
            case (
                ast.Call(func=ast.Name(id="len"), args=[ast.Name()])
                | ast.Attribute(value=ast.Name(), attr="size")
                | ast.Subscript(value=ast.Attribute(value=ast.Name(), attr="shape"), slice=ast.Constant())
            ):
                self.lengths[operand] = ast.unparse(tree)
            case ast.BinOp(left=ast.Constant(value=int(times)), op=ast.Mult(), right=ast.Name(id=name)):
                if name not in self.counters and times and value % times == 0:
                    number = type(value)(value // times)
                    return apply("multiply", constant(float(times)), self._leaf(name, number))
        return operand

    def _leaf(self, name: str, value: Any) -> Node:
        return self.leaves.setdefault((name, value), leaf(float(value), name))


class Indices:
    """Arrays in indices, as the program reads them: ``labels`` in ``p[np.arange(n), labels]``."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.labels: dict[str, Any] = {}
        self.arguments = {(b.frame, b.name): b.node for b in trace.bindings}

    def written(self, node: Node) -> Mapping[str, Any]:
        """The attributes of a node, with the arrays of its index bearing their text."""
        index = node.attributes.get("index")
        parts = index if isinstance(index, tuple) else (index,)
        if not any(isinstance(p, (np.ndarray, list)) and np.size(p) > 1 for p in parts):
            return node.attributes
        texts = self._texts(node, len(parts))
        arrays = [
            np.asarray(p) if isinstance(p, (np.ndarray, list)) and np.size(p) > 1 else None for p in parts
        ]
        labels: list[tuple[str | None, Any]] = []
        for array, text in zip(arrays, texts, strict=True):
            named = None if array is None or _counts(array) else self._label(text, array)
            labels.append((named, array))
        length = next((f"len({name})" for name, _ in labels if name), None)
        new = []
        for part, (name, array) in zip(parts, labels, strict=True):
            if array is None:
                new.append(part)
            elif name is not None:
                new.append(Written.of(array, name))
            elif _counts(array):
                new.append(Written.of(array, f"np.arange({length or len(array)})"))
            else:
                new.append(array)
        return {**node.attributes, "index": tuple(new) if isinstance(index, tuple) else new[0]}

    def _texts(self, node: Node, count: int) -> list[tuple[str, int] | None]:
        """The source of each part of an index, with its frame."""
        nothing: list[tuple[str, int] | None] = [None] * count
        if node.origin is None or node.origin.site < 0:
            return nothing
        try:
            tree: ast.AST = ast.parse(self.trace.sites[node.origin.site].text.strip()).body[0]
        except (SyntaxError, IndexError):
            return nothing
        for found in ast.walk(tree):
            if isinstance(found, ast.Subscript):
                elements = found.slice.elts if isinstance(found.slice, ast.Tuple) else [found.slice]
                if len(elements) == count:
                    return [(ast.unparse(e), node.origin.frame) for e in elements]
        return nothing

    def _label(self, text: tuple[str, int] | None, array: Any) -> str:
        """A name for an array of an index, and remember what it holds."""
        from backproof.derive.identifiers import identifier

        name = "index"
        if text is not None:
            source, frame = text
            bound = self.arguments.get((frame, source))
            while bound is not None and bound.operation == "identity" and bound.operands[0].name:
                bound = bound.operands[0]
            if bound is not None and bound.name and np.array_equal(np.asarray(bound.value), array):
                source = bound.name
            name = identifier(source)
        wanted, number = name, 1
        while name in self.labels and not np.array_equal(self.labels[name], array):
            number += 1
            name = f"{wanted}_{number}"
        self.labels[name] = array
        return name


def _counts(array: Any) -> bool:
    return bool(array.ndim == 1 and array.dtype.kind in "iu" and np.array_equal(array, np.arange(len(array))))
