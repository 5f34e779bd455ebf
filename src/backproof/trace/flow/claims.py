"""Claims that are checked: a result is said to come from an operation, and does if its value is the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from backproof.graph import Node, apply, constant
from backproof.trace.flow.foreign import Call, outcome
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import SCALAR, TRACKED, as_made, flat, of_objects, same

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
    if not operation:
        opaque(nodes, site, values, result, "an operation on bits")
        return
    here = nodes.sites[site]
    target = nodes.sites[here.children[0]].text if here.kind == "AugAssign" else here.target
    operands = tuple([nodes.node(value, s) for value, s in zip(values, sites, strict=True)])
    if len(values) == 2 and values[0] is values[1] and operands[0].operation == "identity":
        operands = nodes.twice(values[0], operands[0]), operands[1]
    if isinstance(result, SCALAR) and not any(map(_is_array, values)):
        origin = nodes.origin(site, sites)
        for operand in operands:
            if operand.operation != "constant":
                node = Node(operation, operands, attributes, result, target, origin)
                break
        else:
            node = constant(result, target, origin)
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


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)


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
    for operand in operands:
        if of_objects(operand.value):
            return None
    try:
        node = apply(operation, *operands, name=target, origin=nodes.origin(site, sites), **attributes)
    except Exception:
        return None
    if np.shape(node.value) != np.shape(result):
        if np.size(node.value) != np.size(result):
            return None
        nodes.add(node)
        node = apply("reshape", node, shape=np.shape(result), name=target, origin=nodes.origin(site, (None,)))
    return as_made(node, result)


def opaque(
    nodes: Nodes, site: int, values: Iterable[Any], result: Any, what: str, call: Call | None = None
) -> None:
    """A result that no operation explains.

    An object that has a node is what it was, unless it was written to. Another is what ``call`` gives when
    it is made again, or unknown, where it hangs on tracked values; else it is data, and becomes a leaf when
    it is used.
    """
    values = list(values)
    parts = result if isinstance(result, list | tuple) else (result,)
    if all(not isinstance(v, TRACKED) or still(nodes, v) for v in parts):
        return
    before = any(nodes.find(v) is not None for v in parts if isinstance(v, TRACKED))
    if before or follows(nodes, values):
        outcome(nodes, site, call, result, hanging(nodes, values), what)


def still(nodes: Nodes, value: Any) -> bool:
    """Has this object a node, and the value that was recorded? There are only two NumPy booleans."""
    node = nodes.find(value)
    if node is None or isinstance(value, np.bool_):
        return False
    return not isinstance(value, np.ndarray) or of_objects(value) or same(node.value, value)


def follows(nodes: Nodes, values: Iterable[Any]) -> bool:
    """Does any of the values, or of what lists among them hold, come from anything but literals?"""
    return bool(hanging(nodes, values))


def hanging(nodes: Nodes, values: Iterable[Any]) -> list[Node]:
    """The nodes of the values, and of what lists among them hold, that are no literals."""
    found = [nodes.find(value) for value in flat(values) if nodes.has(value)]
    return [node for node in found if node is not None and node.operation != "constant"]
