"""Series of writes to the items of a large array: one node for all of them, made when the array is asked for.

``for k in range(60000): targets[k, labels[k]] = 1`` writes sixty thousand times to an array that nobody reads
meanwhile. A node for every write would be as many copies of the array.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node, apply, constant
from backproof.trace.events import Origin, Store
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import NUMBER, of_objects, same

LARGE = 2000  # elements; every write to a smaller array has a node of its own
WALK = (
    300  # nodes that are looked through for the array itself; a value that hangs on more is not waited with
)

Position = tuple[int, ...]


class Series:
    """Writes to items of one array.

    ``before`` is the array's node before the first. A position has one number for each of the first ``axes``
    of the array; ``touched`` are the positions written to, and all that they begin with.
    """

    def __init__(self, nodes: Nodes, array: Any, axes: int) -> None:
        self.nodes = nodes
        self.array = array
        self.axes = axes
        self.before = nodes.node(array, None)
        self.site, self.frame, self.time = -1, 0, 0
        self.positions: list[Position] = []
        self.values: list[Node] = []
        self.touched: set[Position] = set()

    def write(self, site: int, position: Position, value: Node) -> None:
        """The item at a position was given a value."""
        moment = self.nodes.moment
        self.positions.append(position)
        self.values.append(value)
        self.touched.update(position[: k + 1] for k in range(self.axes))
        self.site, self.frame = site, moment.current.number
        moment.tick()
        self.time = moment.tick()  # and the time before: there will be a node and a store
        self.nodes.changed[id(self.array)] = self.time

    def source(self, key: Any) -> Node | None:
        """The node to take an item from that was not written to."""
        position = _within(key, self.array.shape)
        return None if position is None or position[: self.axes] in self.touched else self.before

    def settle(self) -> Node:
        """The array is asked for: one node for all that was written."""
        nodes, array, name = self.nodes, self.array, self.before.name
        origin = Origin(self.site, (None, self.site), self.frame, self.time - 1)
        index = tuple(np.array(axis) for axis in zip(*self.positions, strict=True))
        after: Node | None = None
        try:
            after = apply("index_update", self.before, self._values(), index=index, name=name, origin=origin)
        except Exception:
            after = None
        if after is None or not same(after.value, array):
            after = nodes.unknown(
                array, "assignments to the items of an array", None, (self.before,), name, origin, blind=True
            )
        else:
            nodes.add(after)
        nodes.keep(array, after)
        place = ("object", id(array))
        store = Store(self.time, place, self.before, after, self.site, self.frame, "items")
        nodes.trace.stores.append(store)
        nodes.stopper.stored(store)
        return after

    def _values(self) -> Node:
        """The values as one array, a number where all are numbers."""
        if all(value.operation == "constant" for value in self.values):
            return constant(np.stack([value.value for value in self.values]))
        origin = Origin(self.site, tuple(None for _ in self.values), self.frame, self.time - 1)
        return apply("stack", *self.values, axis=0, origin=origin)


def wait(nodes: Nodes, site: int, container: Any, key: Any, value: Any) -> bool:
    """Do ``container[key] = value`` if its node can wait: into a large array that the value is not from."""
    array, position = _whole(nodes, container, _position(key))
    if position is None or array.size < LARGE or of_objects(array) or id(array) in nodes.views:
        return False
    position = _within(position, array.shape)
    if position is None:
        return False
    series = nodes.waiting.get(id(array))
    if not isinstance(series, Series) or series.axes != len(position):
        nodes.node(array, None)
        series = Series(nodes, array, len(position))
    new = _value(nodes, site, value, array.shape[len(position) :], series.before)
    if new is None:
        return False
    container[key] = value
    nodes.known.pop(id(array), None)
    nodes.waiting[id(array)] = series
    series.write(site, position, new)
    return True


def _whole(nodes: Nodes, array: Any, position: Position | None) -> tuple[Any, Position | None]:
    """The array that a view looks into, and the position in it, where the view is one of its items."""
    while position is not None and id(array) in nodes.views:
        base, made, _ = nodes.views[id(array)]
        outer = _position(made.attributes.get("index")) if made.operation == "index" else None
        if outer is None or base.ndim != array.ndim + len(outer):
            break
        array, position = base, (*outer, *position)
    return array, position


def _value(nodes: Nodes, site: int, value: Any, part: tuple[int, ...], before: Node) -> Node | None:
    """The node of what is written, in the shape of what it is written to."""
    if not isinstance(value, NUMBER) or np.ndim(value) > len(part):
        return None
    try:
        if not nodes.has(value):
            return constant(np.broadcast_to(np.array(value), part) if part else value)
        node = nodes.refreshed(value, site)
        if _hangs_on(node, before):
            return None
        if np.shape(value) != part:
            node = nodes.add(apply("broadcast_to", node, shape=part, origin=nodes.origin(site, (site,))))
    except ValueError:  # the program will hear of it
        return None
    return node


def _position(key: Any) -> Position | None:
    """A key as numbers for the first axes; None where it is anything else."""
    parts = key if isinstance(key, tuple) else (key,)
    if not parts or not all(isinstance(p, int | np.integer) and not isinstance(p, bool) for p in parts):
        return None
    return tuple(int(p) for p in parts)


def _within(key: Any, shape: tuple[int, ...]) -> Position | None:
    """A position counted from the beginning of each axis; None where it is outside."""
    position = _position(key)
    if position is None or len(position) > len(shape):
        return None
    if not all(-n <= p < n for p, n in zip(position, shape, strict=False)):
        return None
    return tuple(p % n for p, n in zip(position, shape, strict=False))


def _hangs_on(node: Node, before: Node) -> bool:
    """Is a value computed from the array, or is that too long a question?"""
    first = -1 if before.origin is None else before.origin.time
    stack, seen = [node], {node}
    while stack:
        node = stack.pop()
        if node is before or len(seen) > WALK:
            return True
        if node.origin is not None and node.origin.time < first:
            continue
        for operand in node.operands:
            if operand not in seen:
                seen.add(operand)
                stack.append(operand)
    return False
