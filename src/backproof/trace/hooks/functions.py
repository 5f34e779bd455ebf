"""The program's own functions: entered, with nodes for their arguments, left, and what they return."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from backproof.graph import Node, constant
from backproof.trace.events import Binding
from backproof.trace.flow.moment import Names
from backproof.trace.flow.values import TRACKED
from backproof.trace.hooks.loops import Activities
from backproof.trace.hooks.places import Places
from backproof.trace.hooks.repeated import Repeated


class Functions:
    """The frames of the program's own functions.

    ``pending`` is the call that is being made: its site, and its arguments, each with its site.
    """

    def __init__(self, places: Places, activities: Activities, repeated: Repeated) -> None:
        self.repeated = repeated
        self.places = places
        self.nodes = places.nodes
        self.moment = places.moment
        self.activities = activities
        self.pending: tuple[int, list[tuple[Any, int]]] | None = None
        self.entered = False

    def enter_module(self) -> Names:
        """The frame of a module: the program's own is there from the beginning."""
        if not self.entered:
            self.entered = True
            return self.moment.current
        self.moment.current = self.moment.frame(None, None)
        return self.moment.current

    def enter(
        self, site: int, names: tuple[str, ...], values: tuple[Any, ...], within: Names | None
    ) -> Names:
        """A function of the program was called: its arguments get nodes of their own.

        ``within`` is the frame of the function that it was defined in.
        """
        call, given = self.pending if self.pending is not None else (None, ())
        where = defaultdict[int, list[int]](list)
        for value, argument in reversed(given):
            where[id(value)].append(argument)
        self.pending = None
        frame = self.moment.frame(site, call, within)
        depth = len(self.activities.open)
        bound, meant = [], dict[int, Node]()
        for name, value in zip(names, values, strict=True):
            if isinstance(value, TRACKED):
                sites = where[id(value)]
                argument = (sites.pop() if len(sites) > 1 else sites[0]) if sites else None
                node = before = meant.get(id(value)) or self.nodes.node(value, argument)
                meant[id(value)] = before
                if argument is not None:
                    node = self.nodes.alias(value, before, argument, name, argument)
                    frame.handed.append((value, before, node))
                elif node.operation == "constant":
                    node = self.nodes.alias(value, node, site, name)  # a default
                bound.append((name, value, node))
        frame.activity = self.activities.begin("call", call if call is not None else site, depth)
        self.moment.current = frame
        for name, value, node in bound:
            self.places.bind(frame, name, value, node)
        for name, value in zip(names, values, strict=True):
            if type(value) is int:
                binding = Binding(self.moment.tick(), frame.number, name, constant(value, name))
                self.nodes.trace.bindings.append(binding)
            elif not isinstance(value, TRACKED):
                self.places.holdings.held(("name", frame.number, name), value)
        frame.depth = depth
        return frame

    def leave(self, frame: Names) -> None:
        """A function of the program is over: to the caller its arguments mean what they meant before."""
        self.moment.back_from(frame)
        for value, before, inside in reversed(frame.handed):
            if self.nodes.known.get(id(value)) is inside:
                self.nodes.keep(value, before)
        if frame.activity is not None:
            raised = sys.exc_info()[0] is not None
            self.activities.leave(frame.activity, frame.depth, early=raised)

    def resumed(self, frame: Names, value: Any) -> Any:
        """A generator goes on, with what it was sent."""
        self.moment.current = frame
        return value

    def returned(self, frame: Names, site: int, value: Any) -> Any:
        """A function hands back ``value``."""
        here = self.nodes.sites[site]
        if here.kind == "Tuple" and isinstance(value, tuple):
            parts: Iterable[tuple[Any, int]] = zip(self.repeated.items(value), here.children, strict=False)
        else:
            parts = [(value, site)]
        meant = list[Node | None]()
        for part, where in parts:
            if isinstance(part, TRACKED):
                node = self.nodes.find(part)
                if node is None:
                    node = self.nodes.node(part, where)
                self.nodes.trace.returned.append(node)
                if self.nodes.sites[where].kind in ("Name", "Attribute", "Subscript"):
                    node = self.nodes.alias(part, node, where, node.name, where)
                meant.append(node)
            else:
                meant.append(None)
        if len(meant) > 1:
            self.repeated.note(value, meant)
        if here.function == "<lambda>":
            self.leave(frame)
        return value
