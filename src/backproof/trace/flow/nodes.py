"""Which node an object is.

Data flow is followed by identity. Every object recorded is kept alive, so that its ``id`` stays its own, and
maps to the node that made it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

import numpy as np

from backproof.graph import Node, apply, constant, leaf, unnamed
from backproof.trace.events import Origin, Trace
from backproof.trace.flow.moment import Moment
from backproof.trace.flow.values import COPY_LIMIT, TRACKED, copied, same
from backproof.trace.sites import Site
from backproof.trace.stopping import Stopper

NAMED = ("Name", "Attribute", "Subscript")


class Waiting(Protocol):
    """What makes the node of an object when it is asked for."""

    def settle(self) -> Node:
        """The node."""
        ...

    def source(self, key: Any) -> Node | None:
        """The node to take an item from without asking for the whole, if there is one."""
        ...


class Promise(NamedTuple):
    """A number that was taken out of an array; most are only shown, or used as an index."""

    nodes: Nodes
    array: Node
    position: Any
    site: int
    operand_site: int | None

    def settle(self) -> Node:
        """The item of the array."""
        nodes = self.nodes
        name = nodes.sites[self.site].target if self.site >= 0 else None
        origin = nodes.origin(self.site, (self.operand_site,))
        return nodes.add(apply("index", self.array, index=self.position, name=name, origin=origin))

    def source(self, _: Any) -> Node | None:
        """A number has no items."""
        return None


class Nodes:
    """The nodes of the objects of one run, and the trace that they are entered into.

    ``changed`` says when an array was last written to; ``views`` says which array a view looks into, the
    node that the view was made by, and when. ``waiting`` holds what makes a node when an object is asked for.
    ``awaited`` are objects that a container was seen to hold before they had a node: the first that they get.
    ``former`` is what an object meant when it was read last but once.
    """

    def __init__(self, trace: Trace, moment: Moment, stopper: Stopper, limit: int) -> None:
        self.trace = trace
        self.sites: list[Site] = trace.sites
        self.moment = moment
        self.origin = moment.origin
        self.stopper = stopper
        stopper.watch(trace.nodes, trace.guards, limit)
        self.known: dict[int, Node] = {}
        self.alive: dict[int, Any] = {}
        self.changed: dict[int, int] = {}
        self.views: dict[int, tuple[Any, Node, int]] = {}
        self.waiting: dict[int, Waiting] = {}
        self.awaited: dict[int, Node | None] = {}
        self.former: dict[int, Node] = {}

    def add(self, node: Node) -> Node:
        """Enter a node into the trace."""
        self.trace.nodes.append(node)
        if len(self.trace.nodes) > self.stopper.limit:
            self.stopper.too_much()
        return node

    def keep(self, value: Any, node: Node) -> None:
        """From now on ``value`` is the result of ``node``."""
        number = id(value)
        self.known[number] = node
        self.alive[number] = value

    def find(self, value: Any) -> Node | None:
        """The node of an object, where it has one; a view whose base has changed since is taken anew."""
        number = id(value)
        node = self.known.get(number)
        if node is None:
            waiting = self.waiting.pop(number, None)
            if waiting is None:
                return None
            self.known[number] = node = waiting.settle()
        if number in self.views:
            base, made, time = self.views[number]
            if self.written(base) > time:
                fresh = self.find(base)
                if fresh is not None:
                    node = self._again(made, fresh)
                    self.known[number] = node
                    self.views[number] = (base, made, self.moment.time)
        return node

    def written(self, array: Any) -> int:
        """When an array was last written to, itself or through what it is a view of."""
        last, views = -1, self.views
        number = id(array)
        while True:
            last = max(last, self.changed.get(number, -1))
            if number not in views:
                return last
            number = id(views[number][0])

    def taken(self, value: Any, now: int) -> int:
        """When what is known of a value was so: now, but of a view, when it was taken from its base."""
        return self.views[id(value)][2] if id(value) in self.views else now

    def has(self, value: Any) -> bool:
        """Is this an object that the recorder follows?"""
        return isinstance(value, TRACKED) and (id(value) in self.known or id(value) in self.waiting)

    def source(self, array: Any, key: Any) -> Node:
        """The node to take ``array[key]`` from."""
        waiting = self.waiting.get(id(array))
        found = waiting.source(key) if waiting is not None else None
        return found if found is not None else self.node(array, None)

    def promise(
        self, value: Any, array: Node, position: Any, site: int, operand_site: int | None = None
    ) -> bool:
        """``value`` is the number of an array at ``position``, if it is; it gets a node when it is used."""
        if isinstance(value, np.bool_):
            return False  # there are only two of these, whatever array they come from
        try:
            found = array.value[position]
        except Exception:
            return False
        if found != value and (found == found or value == value):
            return False
        self.alive[id(value)] = value
        self.waiting[id(value)] = Promise(self, array, position, site, operand_site)
        return True

    def _again(self, made: Node, base: Node) -> Node:
        origin = self.origin(made.origin.site, made.origin.operand_sites)
        return self.add(apply(made.operation, base, name=made.name, origin=origin, **made.attributes))

    def reread(self, value: Any) -> None:
        """An object is about to be read, under a name by which it may mean another node."""
        node = self.known.get(id(value))
        if node is not None:
            self.former[id(value)] = node

    def twice(self, value: Any, node: Node) -> Node:
        """What an object meant that is read twice, when it was read first: ``node`` is what it means now.

        As in ``output - target`` where a program has handed on one array as both.
        """
        former = self.former.get(id(value))
        return former if former is not None and unnamed(former) is unnamed(node) else node

    def node(self, value: Any, site: int | None) -> Node:
        """The node of an operand.

        A value that is seen for the first time becomes a leaf, a number a constant.
        """
        number = id(value)
        known = self.known.get(number)
        if known is not None and number not in self.views:
            return known
        kind = type(value)
        if kind is int or kind is bool:
            text = self.sites[site].text if site is not None and self.sites[site].kind != "Constant" else None
            return constant(value, text)
        node = self.find(value)
        if node is not None:
            return node
        name = None
        if site is not None:
            name = self.sites[site].text if self.sites[site].kind in NAMED else self.sites[site].target
        held = value
        if isinstance(value, np.ndarray):
            held = np.array(value) if value.size <= COPY_LIMIT else np.asarray(value)
        elif isinstance(value, list | tuple):
            held = np.array(value)
        node = self.add(leaf(held, name, self.origin(site if site is not None else -1, ())))
        if isinstance(value, TRACKED):
            self.keep(value, node)
            if number in self.awaited:
                self.awaited[number] = node
        return node

    def refreshed(self, value: Any, site: int | None) -> Node:
        """The node of an operand whose recorded value is known to be what the object holds now.

        Whoever is about to write to an array asks for it so; what it is a view of must not wait any longer.
        """
        if id(value) in self.views:
            self.find(self.views[id(value)][0])
        node = self.node(value, site)
        if isinstance(value, np.ndarray) and not same(node.value, value):
            unseen = "was changed where the recorder could not see it"
            node = self.unknown(value, unseen, site, (node,), node.name, blind=True)
            self.keep(value, node)
        return node

    def unknown(
        self,
        value: Any,
        why: str,
        site: int | None,
        operands: Iterable[Node] = (),
        name: str | None = None,
        origin: Origin | None = None,
        blind: bool = False,
    ) -> Node:
        """Enter a value that hangs on tracked values in a way that could not be followed.

        ``operands`` are those that it is known to hang on; where it is ``blind``, or there are none, it may
        hang on anything.
        """
        held, given = copied(value), tuple(dict.fromkeys(operands))
        if origin is None:
            origin = self.origin(site if site is not None else -1, tuple(None for _ in given))
        fields = {"recorded": held, "why": why, "blind": blind or not given}
        return self.add(Node("unknown", given, fields, held, name, origin))

    def alias(
        self, value: Any, node: Node, site: int, name: str | None, operand_site: int | None = None
    ) -> Node:
        """Make a node that stands for ``node`` under another name."""
        origin = self.origin(site, (operand_site,))
        new = Node("identity", (node,), value=node.value, name=name, origin=origin)
        self.keep(value, self.add(new))
        return new

    def renamed(self, node: Node, name: str) -> Node:
        """The newest node under the name that it is bound to."""
        trace = self.trace
        if not trace.nodes or trace.nodes[-1] is not node:
            return node  # others may be computed from it already
        new = Node(node.operation, node.operands, node.attributes, node.value, name, node.origin)
        trace.nodes[-1] = new
        if node in trace.random:
            trace.random.add(new)
        return new

    def note_view(self, result: Any, source: Any) -> None:
        """Remember that ``result`` looks into the memory of ``source``."""
        if isinstance(result, np.ndarray) and isinstance(source, np.ndarray) and result is not source:
            node = self.known.get(id(result))
            if node is not None and result.base is not None and np.may_share_memory(result, source):
                self.views[id(result)] = (source, node, self.moment.time)
