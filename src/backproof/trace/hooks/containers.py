"""A list, tuple or dict that takes the place of another: its items take the places of the other's items.

``weights = [w - lr * g for w, g in zip(weights, gradients)]`` stores no array anywhere, and updates them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backproof.graph import Node
from backproof.trace.events import Store
from backproof.trace.flow.keys import Place
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import TRACKED

CONTAINER = (list, tuple, dict)
MOST = 5000  # items; a larger container is data


class Containers:
    """What containers the places hold."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.held: dict[Place, Any] = {}

    def stored(self, place: Place, site: int, value: Any) -> None:
        """A place was given a container: where it held one of the same form, every item was updated."""
        old = self.held.get(place)
        self.held[place] = value
        if old is None or old is value:
            return
        pairs = []
        for where, before, after in _pairs(place, old, value):
            pairs.append((where, before, after))
            if len(pairs) > MOST:
                return
        for where, before, after in pairs:
            if before is not after:
                self._store(where, site, self.nodes.node(before, None), self.nodes.node(after, None))

    def _store(self, place: Place, site: int, before: Node, after: Node) -> None:
        moment = self.nodes.moment
        store = Store(moment.tick(), place, before, after, site, moment.current.number)
        self.nodes.trace.stores.append(store)
        self.nodes.stopper.stored(store)


def _pairs(place: Place, old: Any, new: Any) -> Iterator[tuple[Place, Any, Any]]:
    """The tracked values at the same path of two containers of the same form."""
    if isinstance(old, TRACKED) and isinstance(new, TRACKED):
        yield place, old, new
    elif isinstance(old, dict) and isinstance(new, dict):
        if old.keys() == new.keys():
            for key in new:
                yield from _pairs(("item", place, key), old[key], new[key])
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _pairs(("item", place, number), before, after)
