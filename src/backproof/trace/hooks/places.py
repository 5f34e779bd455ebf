"""Where values are stored: names of frames, attributes of objects, items of lists and dictionaries.

Where one object has several names, the name that it was loaded by decides which node is meant: reading a
place points the object at the node that was stored there.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Any

import numpy as np

from backproof.graph import Node, constant
from backproof.trace.events import Binding, Origin, Store
from backproof.trace.flow.guards import decided
from backproof.trace.flow.keys import Place, item_place
from backproof.trace.flow.moment import Names
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.series import wait
from backproof.trace.flow.values import TRACKED
from backproof.trace.flow.writes import assigned, augmented, augmented_item, reshaped
from backproof.trace.hooks.containers import CONTAINER, Containers
from backproof.trace.hooks.holdings import Holdings
from backproof.trace.hooks.older import as_number

SLICED = 5_000  # items of a list that are followed where a slice of it is assigned to


class Places:
    """What was stored where, and when."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.known = nodes.known
        self.moment = nodes.moment
        self.trace = nodes.trace
        self.stored_at: dict[Place, tuple[Node, Any, int]] = {}
        self.given_at: dict[Place, tuple[Node, Any, int]] = {}
        self.first_read: set[Place] = set()
        self.containers = Containers(nodes)
        self.holdings = Holdings(nodes)

    # ------------------------------------------------------------------ reading
    def load(self, frame: Names | None, name: str, value: Any) -> Any:
        """A name was read: its object now means the node stored under that name."""
        if frame is not None and isinstance(value, TRACKED):
            self.nodes.reread(value)
            self._means(frame.bound.get(name), value)
        return value

    def point(self, place: Place, value: Any) -> None:
        """A place was read: its object now means the node stored there."""
        self.nodes.reread(value)
        self._means(self._entry(place), value)

    def _means(self, entry: tuple[Node, Any, int] | None, value: Any) -> None:
        """An object means what it meant where it was stored, or what was written to it since.

        And no name that it was given elsewhere after that.
        """
        if entry is None or entry[1] is not value:
            return
        written = self.nodes.written(value)
        if written < entry[2]:
            self.known[id(value)] = entry[0]
        elif (node := self.known.get(id(value))) is not None:
            while node.operation == "identity" and node.origin is not None and node.origin.time > written:
                node = node.operands[0]
            self.known[id(value)] = node

    def _entry(self, place: Place) -> tuple[Node, Any, int] | None:
        """What a place was given last, by a statement or else with what it is a part of."""
        return self.stored_at.get(place) or self.given_at.get(place)

    def _held(self, entry: tuple[Node, Any, int] | None, value: Any) -> Node | None:
        """What a place held before another value: an array is what was last written to it since.

        But a view, as a loop gives of the rows of a table, is not put together for this.
        """
        if entry is None:
            return None
        node, old, time = entry
        viewed = not isinstance(old, np.ndarray) or id(old) in self.nodes.views
        if viewed or old is value or self.nodes.written(old) <= time:
            return node
        return self.nodes.find(old) or node

    def attribute(self, owner: Any, name: str, value: Any) -> None:
        """An attribute was read; the first time also where nothing was seen to be stored there.

        As where an initialiser is not the program's own, but that of a dataclass.
        """
        place = ("attribute", id(owner), name)
        if (
            self._entry(place) is None
            and place not in self.first_read
            and not isinstance(owner, types.ModuleType)
        ):
            self.first_read.add(place)
            self.nodes.alive[id(owner)] = owner
            self.holdings.tracked(place, value)
            self._means_there(place, value)
        self.point(place, value)

    def item(self, container: Any, key: Any, value: Any) -> None:
        """An item of a list or a dictionary was read; what it meant the first time, it means from then on."""
        place = item_place(container, key)
        if place is None:
            return
        given = self.given_at.get(place)
        if place in self.stored_at or (given is not None and given[1] is value):
            self.point(place, value)
        else:
            self.given(container, [(place[2], value)])

    def given(self, container: Any, items: Iterable[tuple[Any, Any]]) -> None:
        """A container was given items: there they mean what they mean now, whatever they are called later."""
        for key, value in items:
            if self._means_there(("item", id(container), key), value):
                self.nodes.alive[id(container)] = container

    def _means_there(self, place: Place, value: Any) -> bool:
        """A value means at a place, to which no statement gave it, what it means now, if that is known."""
        node = self.known.get(id(value)) if isinstance(value, TRACKED) else None
        if node is None:
            return False
        self.means(place, value, node)
        return True

    def means(self, place: Place, value: Any, node: Node) -> None:
        """A value means a node at a place, to which no statement gave it."""
        self.given_at[place] = (node, value, self.nodes.taken(value, self.moment.tick()))

    def handed_out(self, mapping: dict[Any, Any]) -> None:
        """A dictionary is gone through: its values mean what they mean there."""
        for key, value in mapping.items():
            if isinstance(value, TRACKED):
                self.point(("item", id(mapping), key), value)

    # ------------------------------------------------------------------ names
    def store(self, frame: Names | None, site: int, name: str, value: Any, bare: bool) -> Any:
        """``name = value``."""
        if isinstance(value, TRACKED):
            node = self.nodes.node(value, site)
            if bare or node.operation == "constant":
                node = self.nodes.alias(value, node, site, name, site)
            self._name(frame, site, name, value, node)
        elif type(value) is int:
            self._whole(frame, site, name, value)
        elif frame is not None:
            self._object(("name", frame.number, name), site, value)
        return value

    def stored(self, frame: Names | None, site: int, name: str, value: Any) -> None:
        """``name`` was bound by an unpacking or a loop."""
        if isinstance(value, TRACKED):
            node = self.nodes.find(value)
            if node is None:
                node = self.nodes.node(value, None)
            if node.name is None and node.operation == "leaf":
                node = self.nodes.renamed(node, name)
                self.nodes.keep(value, node)
            elif node.operation == "constant":
                node = self.nodes.alias(value, node, site, name)
            if frame is not None:
                self._name(frame, site, name, value, node)
        elif type(value) is int and not self._is_counted(site):
            self._whole(frame, site, name, value)
        elif type(value) is int and frame is not None:
            counted = Binding(self.moment.tick(), frame.number, name, constant(value, name))
            self.trace.counters.append(counted)
        elif frame is not None:
            self._object(("name", frame.number, name), site, value)

    def _whole(self, frame: Names | None, site: int, name: str, value: int) -> None:
        """A name was given a whole number."""
        self._number(("name", frame.number if frame else 0, name), site, value)
        if frame is not None:
            binding = Binding(self.moment.time, frame.number, name, constant(value, name))
            self.trace.bindings.append(binding)

    def _is_counted(self, site: int) -> bool:
        """Is a name bound by a loop that goes through what a site gives?"""
        number = self.trace.sites[site].statement
        return number is not None and self.trace.sites[number].kind == "For"

    def _object(self, place: Place, site: int, value: Any) -> None:
        """A place was given what is no number and no array."""
        if isinstance(value, CONTAINER):
            self.containers.stored(place, site, value)
        self.holdings.held(place, value)

    def bind(self, frame: Names, name: str, value: Any, node: Node) -> None:
        """A name of a frame means a node from now on."""
        time = self.moment.tick()
        frame.bound[name] = (node, value, self.nodes.taken(value, time))
        self.trace.bindings.append(Binding(time, frame.number, name, node))

    def _name(
        self, frame: Names | None, site: int, name: str, value: Any, node: Node, written: Node | None = None
    ) -> None:
        """A name means a node; ``written`` is what the array was that it names and that was written to."""
        if frame is None:
            return
        old = frame.bound.get(name)
        self.bind(frame, name, value, node)
        place = ("name", frame.number, name)
        before = self._held(old, value)
        if written is not None and old is not None and old[1] is value:
            before = written
        if before is None and place in self.stored_at:
            before = self.stored_at[place][0]
        store = Store(self.moment.time, place, before, node, site, self.moment.current.number)
        self.trace.stores.append(store)
        if before is not None and before is not node and old is not None and old[1] is not value:
            self.nodes.stopper.stored(store)

    # ------------------------------------------------------------------ attributes and items
    def set_attribute(self, site: int, value: Any, owner: Any, name: str, bare: bool) -> None:
        """``owner.name = value``."""
        if name == "shape" and isinstance(owner, np.ndarray):
            reshaped(self.nodes, site, owner, value)
            return
        setattr(owner, name, value)
        self.placed(("attribute", id(owner), name), site, value, owner, bare)

    def set_item(self, site: int, value: Any, container: Any, key: Any, bare: bool) -> None:
        """``container[key] = value``."""
        decided(self.nodes, key, site)
        if isinstance(container, np.ndarray):
            if wait(self.nodes, site, container, key, value):
                return
            before = self.nodes.refreshed(container, None)
            try:
                container[key] = value
            except (TypeError, ValueError):
                refused, value = value, as_number(self.nodes, site, value)
                if value is refused:
                    raise
                container[key] = value
            assigned(self.nodes, site, container, key, value, before, site)
            return
        container[key] = value
        place = item_place(container, key)
        if place is not None:
            self.placed(place, site, value, container, bare)
        elif isinstance(key, slice) and type(container) is list:
            for number in range(key.indices(len(container))[0], len(container))[:SLICED]:
                self.placed(("item", id(container), number), site, container[number], container, False)

    def placed(self, place: Place, site: int, value: Any, owner: Any, bare: bool) -> None:
        """A place that ``owner`` holds was given a value."""
        self.nodes.alive[id(owner)] = owner
        if isinstance(value, TRACKED):
            known = self.known.get(id(value))  # a view is taken anew when it is used
            node = known if known is not None and not bare else self.nodes.node(value, site)
            if bare or node.operation == "constant":
                node = self.nodes.alias(value, node, site, self.nodes.sites[site].target, site)
            old = self._entry(place)
            time = self.moment.tick()
            self.stored_at[place] = (node, value, self.nodes.taken(value, time))
            before = self._held(old, value)
            store = Store(time, place, before, node, site, self.moment.current.number)
            self.trace.stores.append(store)
            if old is not None and old[1] is not value:
                self.nodes.stopper.stored(store)
        elif type(value) is int:
            self._number(place, site, value)
        else:
            self._object(place, site, value)

    def _number(self, place: Place, site: int, value: int) -> None:
        origin = Origin(site, (), self.moment.current.number, self.moment.time)
        self.stored_at[place] = (constant(value, None, origin), value, self.moment.tick())
        self.holdings.number(place, value)

    # ------------------------------------------------------------------ augmented assignment
    def aug_name(self, frame: Names | None, site: int, op: str, name: str, old: Any, value: Any) -> Any:
        """``name op= value``."""
        self.load(frame, name, old)
        before = self.known.get(id(old)) if isinstance(old, np.ndarray) else None
        new = augmented(self.nodes, site, op, old, value)
        if isinstance(new, TRACKED):
            written = self.known.get(id(new))  # a view is taken anew when it is used
            node = written if written is not None else self.nodes.node(new, site)
            self._name(frame, site, name, new, node, before)
        return new

    def held_attribute(self, owner: Any, name: str) -> tuple[Any, str, Any]:
        """What an augmented assignment to ``owner.name`` begins with."""
        return owner, name, getattr(owner, name)

    def aug_attribute(self, site: int, op: str, owner: Any, name: str, old: Any, value: Any) -> None:
        """``owner.name op= value``, where ``old`` is what it was."""
        place = ("attribute", id(owner), name)
        self.point(place, old)
        new = augmented(self.nodes, site, op, old, value)
        setattr(owner, name, new)
        self.placed(place, site, new, owner, False)

    def held_item(self, container: Any, key: Any) -> tuple[Any, Any, Any]:
        """What an augmented assignment to ``container[key]`` begins with."""
        decided(self.nodes, key, None)
        return container, key, container[key]

    def aug_item(self, site: int, op: str, container: Any, key: Any, old: Any, value: Any) -> None:
        """``container[key] op= value``, where ``old`` is what it was."""
        if isinstance(container, np.ndarray):
            augmented_item(self.nodes, site, op, container, key, old, value)
            return
        place = item_place(container, key)
        if place is not None:
            self.point(place, old)
        new = augmented(self.nodes, site, op, old, value)
        container[key] = new
        if place is not None:
            self.placed(place, site, new, container, False)
