"""Claims that are checked: a result is said to come from an operation, and does if its value is the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node, apply, constant, leaf
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import SCALAR, TRACKED, copied, flat, same

Sites = tuple[int | None, ...]


def record(
    nodes: Nodes,
    site: int,
    operation: str,
    values: tuple[Any, ...],
    sites: Sites,
    result: Any,
    **attributes: Any,
) -> None:
    """Record that ``result`` came from ``operation`` on ``values``.

    The claim is checked, except on immutable scalars.
    """
    here = nodes.sites[site]
    target = nodes.sites[here.children[0]].text if here.kind == "AugAssign" else here.target
    operands = tuple([nodes.node(value, s) for value, s in zip(values, sites, strict=True)])
    if isinstance(result, SCALAR) and not any(isinstance(v, np.ndarray) for v in values):
        if not operands or all(o.operation == "constant" for o in operands):
            node = constant(result, target, nodes.origin(site, sites))
        else:
            node = Node(operation, operands, attributes, result, target, nodes.origin(site, sites))
        nodes.keep(result, nodes.add(node))
        return
    made = _claim(nodes, operation, operands, attributes, target, site, sites, result)
    if made is None:
        operands = tuple([nodes.refreshed(value, s) for value, s in zip(values, sites, strict=True)])
        made = _claim(nodes, operation, operands, attributes, target, site, sites, result)
    if made is None:
        opaque(nodes, site, values, result, operation)
        return
    nodes.keep(result, nodes.add(made))


def _claim(
    nodes: Nodes,
    operation: str,
    operands: tuple[Node, ...],
    attributes: dict[str, Any],
    target: str | None,
    site: int,
    sites: Sites,
    result: Any,
) -> Node | None:
    """Make the node, if its own value is what the program got."""
    try:
        node = apply(operation, *operands, name=target, origin=nodes.origin(site, sites), **attributes)
    except Exception:
        return None
    if np.shape(node.value) != np.shape(result):
        if np.size(node.value) != np.size(result):
            return None
        nodes.add(node)
        node = apply("reshape", node, shape=np.shape(result), name=target, origin=nodes.origin(site, (None,)))
    return node if same(node.value, result) else None


def opaque(nodes: Nodes, site: int, values: tuple[Any, ...], result: Any, what: str) -> None:
    """A result that no operation explains.

    A leaf, remembered as unknown where it hangs on tracked values.
    """
    if not isinstance(result, TRACKED):
        return
    if nodes.find(result) is not None and any(result is v for v in values):
        return
    node = nodes.add(leaf(copied(result), nodes.sites[site].target, nodes.origin(site, ())))
    if follows(nodes, values):
        nodes.trace.unknown[node] = what
    nodes.keep(result, node)


def follows(nodes: Nodes, values: tuple[Any, ...]) -> bool:
    """Is any of the values, or of what lists among them hold, one that has a node?"""
    return any(isinstance(v, TRACKED) and nodes.find(v) is not None for v in flat(values))
