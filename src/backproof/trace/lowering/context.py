"""What a lowering builds with: the operands of one call, and new nodes at the call's own site."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node, apply, constant
from backproof.trace.flow.arrays import array_node
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import of_objects


class UnloweredError(Exception):
    """A call, with its arguments, has no expression in the table."""


class Context:
    """Builds the nodes of one call.

    ``own`` are the sites of its arguments by their objects; ``fresh`` asks for operands whose recorded
    values are known to be what the objects hold now.
    """

    def __init__(self, nodes: Nodes, site: int, own: dict[int, int]) -> None:
        self.nodes = nodes
        self.site = site
        self.own = own
        self.fresh = False

    def node(self, value: Any) -> Node:
        """The node of an argument."""
        if isinstance(value, Node):
            return value
        site = self.own.get(id(value))
        if isinstance(value, list | tuple):
            node = array_node(self.nodes, value, site)
            return node if node is not None else self.nodes.node(np.asarray(value), site)
        return self.nodes.refreshed(value, site) if self.fresh else self.nodes.node(value, site)

    def apply(self, operation: str, *operands: Any, **attributes: Any) -> Node:
        """A new node at the site of the call."""
        nodes = [self.node(operand) for operand in operands]
        for node in nodes:
            if of_objects(node.value):
                raise UnloweredError("arrays of objects")
        sites = tuple([self.own.get(id(o)) if not isinstance(o, Node) else None for o in operands])
        return self.nodes.add(
            apply(operation, *nodes, origin=self.nodes.origin(self.site, sites), **attributes)
        )

    def constant(self, value: Any) -> Node:
        """A number, or an array of them, that the call makes of nothing."""
        return self.nodes.add(constant(value, None, self.nodes.origin(self.site, ())))
