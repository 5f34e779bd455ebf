"""The graph of one training step: what you can build, walk and hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

EMPTY: Mapping[str, Any] = {}  # never written to; a read-only proxy could not be sent between processes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Node:
    """One value of a training step.

    Nodes are compared by identity. ``operation`` is the name of a record in the table of operations, or
    ``"leaf"`` (a parameter or data: its value may be replaced when the graph is evaluated) or
    ``"constant"`` (a literal: it never is). ``attributes`` hold what is not differentiated: axes, shapes,
    indices. ``value`` is the value as recorded. ``origin`` is whatever the maker of the graph wants to
    remember about where the node came from; the graph never looks at it.
    """

    operation: str
    operands: tuple[Node, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    value: Any = None
    name: str | None = None
    origin: Any = None

    def __repr__(self) -> str:
        label = f" {self.name}" if self.name else ""
        return f"<{self.operation}{label} {np.shape(self.value)}>"


def leaf(value: Any, name: str | None = None, origin: Any = None) -> Node:
    """Make a node whose value may be replaced: a parameter, or data."""
    return Node("leaf", (), EMPTY, value, name, origin)


def constant(value: Any, name: str | None = None, origin: Any = None) -> Node:
    """Make a node whose value never changes: a literal of the program or of a derivative rule."""
    return Node("constant", (), EMPTY, value, name, origin)


def shape_of(node: Node) -> tuple[int, ...]:
    """Give the shape of a node's value; numbers have shape ``()``."""
    shape = getattr(node.value, "shape", None)
    if shape is not None:
        return tuple(shape)
    return () if isinstance(node.value, (float, int, complex)) else np.shape(node.value)


def ancestors(results: Iterable[Node], stop: Callable[[Node], bool] | None = None) -> list[Node]:
    """List every node that the results are computed from, themselves included, operands first.

    Where ``stop`` says so the walk does not look at a node's operands. It keeps its own stack: recorded
    graphs are deeper than Python's recursion limit.
    """
    done: dict[Node, None] = {}  # keeps the order
    stack = list(results)[::-1]
    while stack:
        node = stack[-1]
        if node not in done:
            if (stop is None or not stop(node)) and node.operands:
                waiting = len(stack)
                for operand in node.operands[::-1]:
                    if operand not in done:
                        stack.append(operand)
                if len(stack) > waiting:
                    continue
            done[node] = None
        stack.pop()
    return list(done)


def with_operands(node: Node, operands: tuple[Node, ...]) -> Node:
    """Give a node with other operands, all else as it is; itself where they are its own."""
    if operands == node.operands:
        return node
    return Node(node.operation, operands, node.attributes, node.value, node.name, node.origin)


def rebuilt(root: Node, stops: Mapping[Node, Node]) -> Node:
    """Copy what a node is computed from, with other nodes in the place of some; the copies have no names."""
    copies: dict[Node, Node] = {}
    for node in ancestors([root], stops.__contains__):
        if node in stops:
            copies[node] = stops[node]
        elif node.operands:
            operands = tuple(copies[operand] for operand in node.operands)
            copies[node] = Node(node.operation, operands, node.attributes, node.value)
        else:
            copies[node] = node
    return copies[root]


def unnamed(node: Node) -> Node:
    """The value that a name stands for."""
    while node.operation == "identity" and node.operands:
        node = node.operands[0]
    return node
