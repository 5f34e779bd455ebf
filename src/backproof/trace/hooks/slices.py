"""``np.apply_along_axis``: a function of the program that is called for every row or column of an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backproof.graph import Node, apply
from backproof.trace.flow.arrays import array_node
from backproof.trace.flow.claims import opaque
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import NUMBER, same

CALLS = 20_000  # slices; more are not followed one by one


def along_an_axis(
    nodes: Nodes,
    site: int,
    call: Callable[..., Any],
    axis: int,
    array: Any,
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
) -> Any:
    """Make the calls of ``np.apply_along_axis``: each is handed a slice, and the result is what they gave."""
    given = np.asanyarray(array)
    along = axis % given.ndim
    outer = given.shape[:along] + given.shape[along + 1 :]
    if not 0 < np.prod(outer, dtype=int) <= CALLS or isinstance(given, np.matrix):
        result = np.apply_along_axis(call, axis, array, *arguments, **keywords)
        opaque(nodes, site, [array, *arguments, *keywords.values()], result, "np.apply_along_axis")
        return result
    whole = nodes.refreshed(array, None) if isinstance(array, np.ndarray) else nodes.node(given, None)
    places = np.ndindex(*outer)
    made = list[Node | None]()

    def one(part: Any, /, *rest: Any, **named: Any) -> Any:
        place = next(places)
        index = (*place[:along], slice(None), *place[along:])
        node = apply("index", whole, index=index, origin=nodes.origin(site, (None,)))
        if same(node.value, part):
            nodes.keep(part, nodes.add(node))
            nodes.note_view(part, given)
        value = call(part, *rest, **named)
        made.append(_given(nodes, value))
        return value

    result = np.apply_along_axis(one, axis, array, *arguments, **keywords)
    _gathered(nodes, site, result, made, outer, along)
    return result


def _given(nodes: Nodes, value: Any) -> Node | None:
    """The node of what one call gave, where that is a number, an array, or a list of numbers."""
    if isinstance(value, list | tuple):
        return array_node(nodes, value, None)
    return nodes.node(value, None) if isinstance(value, NUMBER) else None


def _gathered(
    nodes: Nodes, site: int, result: Any, made: list[Node | None], outer: tuple[int, ...], along: int
) -> None:
    """The result has what the calls gave in place of the axis."""
    parts = [node for node in made if node is not None]
    shape = np.shape(parts[0].value) if parts else ()
    if parts and len(parts) == len(made) and all(np.shape(part.value) == shape for part in parts):
        one = nodes.origin(site, (None,))
        node = nodes.add(
            apply("stack", *parts, axis=0, origin=nodes.origin(site, tuple(None for _ in parts)))
        )
        node = nodes.add(apply("reshape", node, shape=(*outer, *shape), origin=one))
        if shape and along < len(outer):
            inner = range(len(outer), len(outer) + len(shape))
            axes = (*range(along), *inner, *range(along, len(outer)))
            node = nodes.add(apply("transpose", node, axes=axes, origin=one))
        if same(node.value, result):
            nodes.keep(result, node)
            return
    nodes.keep(result, nodes.unknown(result, "np.apply_along_axis", site, parts, blind=True))
