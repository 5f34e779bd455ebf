"""Arrays taken apart and put together: items handed out by iteration, arrays made of nested lists."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from backproof.graph import Node, apply, constant
from backproof.trace.flow.claims import record
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import NUMBER, TRACKED, flat, of_objects, same

Structure = tuple[Any, ...]  # of an unpacking: None for a name, another tuple for names in brackets
TAKEN_APART = (np.ndarray, np.flatiter, np.ndenumerate, np.nditer)
COPIES = 20_000  # objects of one copy that are looked at
PROMISES = 100_000  # numbers of one list; a larger one is taken for data


# ---------------------------------------------------------------------- taken apart
def items(nodes: Nodes, site: int | None, array: Any) -> Iterator[Any]:
    """Hand out the items of an array, each recorded."""
    if isinstance(array, np.ndarray):
        for number, value in enumerate(array):
            _record_item(nodes, site, array, number, value)
            yield value
    elif isinstance(array, np.flatiter):
        for position, value in zip(np.ndindex(array.base.shape), array, strict=False):
            _record_item(nodes, site, array.base, position, value)
            yield value
    elif isinstance(array, np.nditer):
        operand = array.operands[0]
        elements: Iterator[Any] = iter(array)
        for value in elements:
            if isinstance(value, np.ndarray) and np.shares_memory(value, operand):
                _record_item(nodes, site, operand, _position(operand, value), value)
            yield value
    else:
        for position, value in array:
            _record_item(nodes, site, array.iter.base, position, value)
            yield position, value


def _record_item(nodes: Nodes, site: int | None, array: Any, position: Any, value: Any) -> None:
    if not isinstance(value, TRACKED):
        return
    where = site if site is not None else -1
    if isinstance(value, np.generic) and nodes.promise(
        value, nodes.source(array, position), position, where, site
    ):
        return
    for base in (nodes.source(array, position), None):
        known = base if base is not None else nodes.refreshed(array, site)
        try:
            node = apply("index", known, index=position, origin=nodes.origin(where, (site,)))
            if np.shape(node.value) != np.shape(value):
                nodes.add(node)
                node = apply("reshape", node, shape=np.shape(value), origin=nodes.origin(where, (None,)))
        except Exception:
            continue
        if same(node.value, value):
            nodes.keep(value, nodes.add(node))
            nodes.note_view(value, array)
            return


def _position(array: Any, element: Any) -> tuple[int, ...]:
    """Where in an array the memory of one of its elements is."""
    left = element.__array_interface__["data"][0] - array.__array_interface__["data"][0]
    position = [0] * array.ndim
    for axis in sorted(range(array.ndim), key=lambda k: -abs(array.strides[k])):
        if array.shape[axis] > 1:
            position[axis], left = divmod(left, array.strides[axis])
    return tuple(position)


def listed(nodes: Nodes, site: int, array: Any) -> Any:
    """``array.tolist()``: the numbers in the nested lists are the items of the array."""
    values = array.tolist()
    if array.dtype.kind == "f" and array.size <= PROMISES:
        base = nodes.refreshed(array, None)
        for position, value in zip(np.ndindex(array.shape), flat(values), strict=True):
            nodes.promise(value, base, position, site)
    return values


def unpacked(nodes: Nodes, site: int, value: Any, structure: Structure) -> Any:
    """What is unpacked into names: an array as its items, inside lists and tuples as well."""
    if isinstance(value, TAKEN_APART):
        value = list(items(nodes, site, value))
    if any(structure) and isinstance(value, list | tuple) and len(value) == len(structure):
        value = [
            v if s is None else unpacked(nodes, site, v, s) for v, s in zip(value, structure, strict=True)
        ]
    return value


# ---------------------------------------------------------------------- put together
def made_array(nodes: Nodes, values: Any, site: int | None) -> Any:
    """``np.array`` of nested lists of tracked numbers, as nodes."""
    result = np.asarray(values)
    if of_objects(result):
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
    if not any(map(nodes.has, flat(values))):
        return None
    parts = [
        array_node(nodes, v, site) if isinstance(v, list | tuple) else nodes.node(v, None) for v in values
    ]
    given = [p if p is not None else constant(np.asarray(v)) for p, v in zip(parts, values, strict=True)]
    if not given:
        return None
    where = site if site is not None else -1
    return nodes.add(apply("stack", *given, axis=0, origin=nodes.origin(where, tuple(None for _ in given))))


def aliased(nodes: Nodes, site: int, original: Any, copied: Any) -> None:
    """The arrays in a copy, of whatever holds them, are what the arrays in the original are."""
    stack, seen = [(original, copied)], set[int]()
    while stack and len(seen) < COPIES:
        old, new = stack.pop()
        if old is new or id(new) in seen or type(old) is not type(new):
            continue
        seen.add(id(new))
        if isinstance(old, np.ndarray):
            node = nodes.find(old)
            if node is not None and same(node.value, new):
                nodes.alias(new, node, site, nodes.sites[site].target if new is copied else node.name)
        elif isinstance(old, list | tuple):
            stack += zip(old, new, strict=False)
        elif isinstance(old, dict):
            stack += [(old[key], new[key]) for key in old if key in new]
        elif hasattr(old, "__dict__"):
            stack.append((vars(old), vars(new)))


# ---------------------------------------------------------------------- added up
def total(nodes: Nodes, site: int, child: int | None, iterable: Iterable[Any], start: Any = 0) -> Any:
    """The builtin ``sum``: one addition after the other, as Python does it.

    ``child`` is the site of what is added up.
    """
    source = items(nodes, None, iterable) if isinstance(iterable, TAKEN_APART) else iterable
    current = nodes.moment.current
    values = list(source)
    nodes.moment.current = current
    if not all(isinstance(v, NUMBER) for v in [start, *values]):
        return builtins.sum(values, start)
    numbers = not any(isinstance(v, np.ndarray) for v in values)
    from_nothing = type(start) is int and start == 0
    if isinstance(iterable, np.ndarray) and numbers and from_nothing and iterable.ndim == 1 and values:
        result = builtins.sum(values)
        record(nodes, site, "sum", (iterable,), (child,), result, axis=None, keepdims=False)
        return result
    result = start
    for position, value in enumerate(values):
        new = result + value
        if isinstance(new, TRACKED):
            if position == 0 and from_nothing and isinstance(value, TRACKED):
                nodes.alias(new, nodes.node(value, child), site, nodes.sites[site].target, child)
            else:
                record(nodes, site, "add", (result, value), (None, child), new)
        result = new
    if isinstance(result, float):
        # Python 3.12 and later sum floats with less rounding than one addition after the other has
        exact = builtins.sum(values, start)
        if exact != result:
            node = nodes.find(result)
            if node is not None:
                nodes.keep(exact, node)
            return exact
    return result
