"""Arrays taken apart and put together: items handed out by iteration, arrays made of nested lists."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

import numpy as np

from backproof.graph import Node, apply, constant
from backproof.trace.flow.claims import record
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import NUMBER, TRACKED, flat, same


def items(nodes: Nodes, site: int | None, array: Any) -> Iterator[Any]:
    """Hand out the items of an array, each recorded."""
    for number, value in enumerate(array):
        if isinstance(value, TRACKED):
            _record_item(nodes, site, array, number, value)
        yield value


def _record_item(nodes: Nodes, site: int | None, array: Any, number: int, value: Any) -> None:
    where = site if site is not None else -1
    base = nodes.refreshed(array, site)
    try:
        node = apply("index", base, index=number, origin=nodes.origin(where, (site,)))
        if np.shape(node.value) != np.shape(value):
            nodes.add(node)
            node = apply("reshape", node, shape=np.shape(value), origin=nodes.origin(where, (None,)))
    except Exception:
        return
    if same(node.value, value):
        nodes.keep(value, nodes.add(node))
        nodes.note_view(value, array)


def made_array(nodes: Nodes, values: Any, site: int | None) -> Any:
    """``np.array`` of nested lists of tracked numbers, as nodes."""
    result = np.asarray(values)
    if result.dtype == object:
        return values
    node = array_node(nodes, values, site)
    if node is not None and same(node.value, result):
        nodes.keep(result, node)
    return result


def array_node(nodes: Nodes, values: Any, site: int | None) -> Node | None:
    """The node of an array built of nested lists: stacked where an item is tracked, a leaf otherwise."""
    if isinstance(values, np.ndarray | np.generic | float):
        return nodes.node(values, site)
    if not isinstance(values, list | tuple):
        return constant(values)
    if not any(nodes.find(v) is not None for v in flat(values) if isinstance(v, TRACKED)):
        return None
    parts = [
        array_node(nodes, v, site) if isinstance(v, list | tuple) else nodes.node(v, None) for v in values
    ]
    given = [p if p is not None else constant(np.asarray(v)) for p, v in zip(parts, values, strict=True)]
    if not given:
        return None
    where = site if site is not None else -1
    return nodes.add(apply("stack", *given, axis=0, origin=nodes.origin(where, tuple(None for _ in given))))


def total(nodes: Nodes, site: int, iterable: Any, start: Any = 0) -> Any:
    """The builtin ``sum``: one addition after the other, as Python does it."""
    source = items(nodes, None, iterable) if isinstance(iterable, np.ndarray) else iterable
    here = nodes.sites[site]
    child = here.children[here.arguments] if len(here.children) > here.arguments else None
    values = list(source)
    if not all(isinstance(v, NUMBER) for v in [start, *values]):
        result = start
        for value in values:
            result = result + value
        return result
    if (
        isinstance(iterable, np.ndarray)
        and not any(isinstance(v, np.ndarray) for v in values)
        and iterable.ndim == 1
        and type(start) is int
        and start == 0
        and values
    ):
        result = builtins.sum(values)
        record(nodes, site, "sum", (iterable,), (child,), result, axis=None, keepdims=False)
        return result
    result = start
    first = type(start) is int and start == 0
    for value in values:
        new = result + value
        if isinstance(new, TRACKED):
            if first and isinstance(value, TRACKED):
                nodes.keep(new, nodes.alias(new, nodes.node(value, child), site, here.target, child))
            else:
                record(nodes, site, "add", (result, value), (None, child), new)
        first = False
        result = new
    return result
