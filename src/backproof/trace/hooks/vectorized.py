"""``np.vectorize`` and ``np.frompyfunc``: functions that are called for every element of their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backproof.graph import Node, apply
from backproof.trace.flow.arrays import array_node
from backproof.trace.flow.claims import opaque
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import TRACKED, of_objects, same

CALLS = 20_000  # elements; more are not followed one by one


def vectorized(
    nodes: Nodes, site: int, function: Any, arguments: tuple[Any, ...], call: Callable[..., Any]
) -> Any:
    """Call a ``np.vectorize`` object: every element that it hands to ``call`` is an item of an argument.

    NumPy calls the function once more at the beginning, on the first elements, to learn the type of the
    result, unless it was told the type.
    """
    if function.excluded or function.signature or function.cache:
        return _unfollowed(nodes, site, function, arguments)
    otypes = function.otypes

    def made(one: Callable[..., Any]) -> Callable[..., Any]:
        return np.vectorize(one, otypes=otypes)

    return _one_by_one(nodes, site, function, arguments, call, made, 0 if otypes else -1)


def of_python(
    nodes: Nodes, site: int, function: np.ufunc, arguments: tuple[Any, ...], call: Callable[..., Any]
) -> Any:
    """Call what ``np.frompyfunc`` made, which gives an array of Python objects."""
    if len(arguments) != function.nin or function.nout != 1:
        return _unfollowed(nodes, site, function, arguments)

    def made(one: Callable[..., Any]) -> Callable[..., Any]:
        whole: Callable[..., Any] = np.frompyfunc(one, function.nin, 1)
        return whole

    return _one_by_one(nodes, site, function, arguments, call, made, 0)


def _unfollowed(nodes: Nodes, site: int, function: Any, arguments: tuple[Any, ...]) -> Any:
    result = function(*arguments)
    opaque(nodes, site, arguments, result, _name(function))
    return result


def _name(function: Any) -> str:
    return "np.frompyfunc" if isinstance(function, np.ufunc) else "np.vectorize"


def _one_by_one(
    nodes: Nodes,
    site: int,
    function: Any,
    arguments: tuple[Any, ...],
    call: Callable[..., Any],
    made: Callable[[Callable[..., Any]], Callable[..., Any]],
    position: int,
) -> Any:
    """Follow every call; ``made`` makes the function of arrays from that of one element.

    ``position`` is the number of the element that is handed out first, -1 where that is done twice.
    """
    arrays = [np.array(a, order="C") for a in np.broadcast_arrays(*arguments)]  # called in this order
    followed = arrays and 0 < arrays[0].size <= CALLS and not any(isinstance(a, np.matrix) for a in arguments)
    if not followed:
        return _unfollowed(nodes, site, function, arguments)
    shape, count = arrays[0].shape, arrays[0].size
    operands = [_operand(nodes, site, a, b) for a, b in zip(arguments, arrays, strict=True)]
    given = list[Node | None]()

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

    result = made(one)(*arrays)
    _gathered(nodes, site, result, given[-count:], _name(function))
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


def _gathered(nodes: Nodes, site: int, result: Any, given: list[Node | None], what: str) -> None:
    """The result is made of what the function gave for each element."""
    parts = [node for node in given if node is not None]
    if isinstance(result, np.ndarray) and len(parts) == result.size:
        none = tuple(None for _ in parts)
        node = nodes.add(apply("stack", *parts, axis=0, origin=nodes.origin(site, none)))
        if result.shape != (result.size,):
            node = nodes.add(apply("reshape", node, shape=result.shape, origin=nodes.origin(site, (None,))))
        if same(node.value, result.astype(float) if of_objects(result) else result):
            nodes.keep(result, node)
            return
    if isinstance(result, float) and nodes.has(result):
        return  # of no array, the very object that the function gave
    for value in result if isinstance(result, tuple) else (result,):
        nodes.keep(value, nodes.unknown(value, what, site, parts, blind=True))
