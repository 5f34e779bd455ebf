"""``np.vectorize``: a function of the program that is called for every element of its arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backproof.graph import Node, apply
from backproof.trace.flow.arrays import array_node
from backproof.trace.flow.claims import opaque
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import TRACKED, same

CALLS = 20_000  # elements; more are not followed one by one


def vectorized(
    nodes: Nodes, site: int, function: Any, arguments: tuple[Any, ...], call: Callable[..., Any]
) -> Any:
    """Call a ``np.vectorize`` object: every element that it hands to ``call`` is an item of an argument.

    NumPy calls the function once more at the beginning, on the first elements, to learn the type of the
    result, unless it was told the type.
    """
    arrays = [np.array(a, order="C") for a in np.broadcast_arrays(*arguments)]  # called in this order
    followed = arrays and 0 < arrays[0].size <= CALLS and not any(isinstance(a, np.matrix) for a in arguments)
    if not followed or function.excluded or function.signature or function.cache:
        result = function(*arguments)
        opaque(nodes, site, arguments, result, "np.vectorize")
        return result
    shape, count = arrays[0].shape, arrays[0].size
    operands = [_operand(nodes, site, a, b) for a, b in zip(arguments, arrays, strict=True)]
    first = 0 if function.otypes else -1
    position, given = first, list[Node | None]()

    def one(*values: Any) -> Any:
        nonlocal position
        index = np.unravel_index(max(position, 0), shape)
        position += 1
        for operand, value in zip(operands, values, strict=True):
            if operand is not None and isinstance(value, TRACKED):
                node = apply(
                    "index", operand, index=tuple(map(int, index)), origin=nodes.origin(site, (None,))
                )
                if same(node.value, value):
                    nodes.keep(value, nodes.add(node))
        result = call(*values)
        if isinstance(result, int | float | np.generic):
            given.append(nodes.node(result, None))
        else:
            given.append(None)
        return result

    result = np.vectorize(one, otypes=function.otypes)(*arrays)
    _gathered(nodes, site, result, given[-count:])
    return result


def _operand(nodes: Nodes, site: int, argument: Any, array: Any) -> Node | None:
    """The node of an argument, in the shape of all."""
    if isinstance(argument, list | tuple):
        made = array_node(nodes, argument, None)
    else:
        made = nodes.refreshed(argument, None) if nodes.has(argument) else None
    if made is None:
        return None
    if np.shape(argument) == array.shape:
        return made
    return nodes.add(apply("broadcast_to", made, shape=array.shape, origin=nodes.origin(site, (None,))))


def _gathered(nodes: Nodes, site: int, result: Any, given: list[Node | None]) -> None:
    """The result is made of what the function gave for each element."""
    parts = [node for node in given if node is not None]
    if isinstance(result, np.ndarray) and len(parts) == result.size:
        none = tuple(None for _ in parts)
        node = nodes.add(apply("stack", *parts, axis=0, origin=nodes.origin(site, none)))
        if result.shape != (result.size,):
            node = nodes.add(apply("reshape", node, shape=result.shape, origin=nodes.origin(site, (None,))))
        if same(node.value, result):
            nodes.keep(result, node)
            return
    for value in result if isinstance(result, tuple) else (result,):
        nodes.keep(value, nodes.unknown(value, "np.vectorize", site, parts, blind=True))
