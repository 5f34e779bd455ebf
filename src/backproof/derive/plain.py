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
from backproof.graph import Node, ancestors
from backproof.graph.literal import Written
from backproof.trace import Trace


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Plain:
    """The loss of the plain graph; ``of`` maps every node of the recorded one to its node there.

    ``calls`` are the nodes that functions of one value gave, with the function's text and its argument;
    ``local`` the names that values have only inside such functions. ``labels`` are what indices are read as.
    """

    loss: Node
    of: Mapping[Node, Node]
    calls: Mapping[Node, tuple[str, Node]]
    local: Mapping[Node, str]
    labels: tuple[tuple[str, Any], ...]


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
    indices = Indices(trace)
    of: dict[Node, Node] = {}
    local: dict[Node, str] = {}
    for node in order:
        if root[node] is not node:
            of[node] = of[root[node]]
        elif not node.operands:
            of[node] = node
        else:
            known = names.get(node, [])
            outside = [name for hidden, name in known if not hidden]
            attributes = indices.written(node)
            of[node] = Node(
                node.operation,
                tuple(of[o] for o in node.operands),
                attributes,
                node.value,
                outside[0] if outside else None,
                node.origin,
            )
            if not outside and known:
                local[of[node]] = known[0][1]
    called: dict[Node, tuple[str, Node]] = {}
    for call in found:
        result, given = copies.get(call.result), copies.get(call.given)
        if result in of and given in of and of[result] is not of[given]:
            called.setdefault(of[result], (call.function, of[given]))
    return Plain(of[loss], of, called, local, tuple(indices.labels.items()))


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
        from backproof.derive.forward import identifier

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
