"""What lists, dictionaries and objects hold: where else the program could have read a value."""

from __future__ import annotations

import types
from typing import Any

from backproof.graph import Node, constant
from backproof.trace.events import Holding
from backproof.trace.flow.keys import Place
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import TRACKED
from backproof.trace.hooks.containers import CONTAINER

MOST = 200  # items; a longer list is data
DEEP = 3  # lists in lists
NO_OBJECTS = (
    types.ModuleType, types.FunctionType, types.MethodType, types.BuiltinFunctionType, type,
    str, bytes, complex, bool, type(None), range, slice,
)  # fmt: skip


class Holdings:
    """Notes which object a place holds, and what a container holds when it is first seen, and since."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.lengths: dict[int, int] = {}

    def held(self, place: Place, value: Any) -> None:
        """A place was given something that is not followed itself."""
        if isinstance(value, NO_OBJECTS):
            return
        if isinstance(value, CONTAINER):
            self._note(place, id(value))
            self.nodes.alive[id(value)] = value
            self.read(value)
        elif hasattr(value, "__dict__"):
            self.nodes.alive[id(value)] = value
            self._note(place, id(value))

    def number(self, place: Place, value: int) -> None:
        """A place was given a whole number."""
        self._note(place, constant(value))

    def read(self, container: Any, depth: int = 0) -> None:
        """A container is there: note its items, unless nothing was added since that was done."""
        number, length = id(container), len(container)
        if self.lengths.get(number) == length:
            return
        self.lengths[number] = length
        self.nodes.alive[number] = container
        self._note(("size" if isinstance(container, dict) else "length", number), constant(length))
        if length > MOST or depth > DEEP:
            return
        pairs = container.items() if isinstance(container, dict) else enumerate(container)
        for key, value in list(pairs):
            self._item(number, key, value, depth)

    def called(self, container: Any, method: str) -> None:
        """A method of a container was called, which may have changed what it holds."""
        length = self.lengths.get(id(container))
        if length is None:
            return
        if method == "append" and 0 <= length == len(container) - 1 < MOST:
            self.lengths[id(container)] = length + 1
            self._note(("length", id(container)), constant(length + 1))
            self._item(id(container), length, container[-1], 0)
        elif method not in ("get", "items", "keys", "values", "index", "count", "copy"):
            self.lengths[id(container)] = -1

    def tracked(self, place: Place, value: Any) -> None:
        """A place is seen to hold a number or an array, which need not have a node yet."""
        node = self.nodes.known.get(id(value))
        if node is None:
            self.nodes.alive[id(value)] = value
            self.nodes.awaited.setdefault(id(value), None)
        self._note(place, node if node is not None else id(value))

    def _item(self, number: int, key: Any, value: Any, depth: int) -> None:
        place = ("item", number, key)
        if isinstance(value, TRACKED):
            self.tracked(place, value)
        elif type(value) is int:
            self._note(place, constant(value))
        elif isinstance(value, CONTAINER):
            self._note(place, id(value))
            self.read(value, depth + 1)
        else:
            self.held(place, value)

    def _note(self, place: Place, content: int | Node) -> None:
        moment = self.nodes.moment
        self.nodes.trace.holdings.append(Holding(moment.tick(), place, content))


def settled(holdings: list[Holding], awaited: dict[int, Node | None]) -> list[Holding]:
    """Put the nodes in that objects were given after a container was seen to hold them."""
    found = []
    for holding in holdings:
        node = awaited.get(holding.content) if isinstance(holding.content, int) else None
        found.append(holding if node is None else Holding(holding.time, holding.place, node))
    return found
