"""The uses of values in a step, and what they become with other values in the place of some."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backproof.graph import Node
from backproof.graph.node import with_operands


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """One use of a value: operand number ``position`` of ``consumer``.

    ``made`` says that the value was made at the place in question; else it was only read there.
    """

    consumer: Node
    position: int
    made: bool = False

    @property
    def operand(self) -> Node:
        """The value that is used."""
        return self.consumer.operands[self.position]

    @property
    def whole(self) -> bool:
        """Was the value made at the place, so that every use of it is another?"""
        if self.made:
            return True
        sites = self.consumer.origin.operand_sites if self.consumer.origin is not None else ()
        return self.position < len(sites) and sites[self.position] == made_at(self.operand)


def outermost(
    changes: Sequence[tuple[Edge, Node]], known: Container[Node]
) -> dict[tuple[Node, int], tuple[Node, Node | None]]:
    """What the operands become, each with the value that is read in it as it was.

    Where a value is changed that is also changed where it was made, the one is computed from the other. What
    is written for a value reads what is changed where that was computed; ``known`` are the step's own values.
    """
    found: dict[tuple[Node, int], tuple[Node, Node | None]] = {}
    uses = [(edge, edge.operand, edge.whole, node) for edge, node in changes]
    where_made = {operand for _, operand, whole, _ in uses if whole}
    read = set[tuple[Node, int]]()
    inside: dict[Node, dict[Node, Node]] = {}
    for edge, operand, whole, node in uses:
        if not whole:
            inside.setdefault(edge.consumer, {})[operand] = node
    for edge, operand, whole, node in uses:
        key = edge.consumer, edge.position
        if whole and key in read:
            continue
        if not whole:
            read.add(key)
        elif operand in inside:
            node = _reading(node, inside[operand], known)
        found[key] = node, operand if whole or operand not in where_made else None
    return found


def _reading(node: Node, others: Mapping[Node, Node], known: Container[Node]) -> Node:
    """What is built from values of the step, with others in the place of some that it reads."""
    if node in others:
        return others[node]
    if node in known:
        return node
    return with_operands(node, tuple(_reading(operand, others, known) for operand in node.operands))


def made_at(node: Node) -> int:
    """The site whose evaluation made a node; -1 for leaves, and for a second name of a value."""
    origin: Any = node.origin
    if origin is None or not node.operands or origin.site in origin.operand_sites:
        return -1
    return int(origin.site)
