"""The recorder: what a rewritten program hands its values to, and what makes the graph of them.

Data flow is followed by identity. Every object recorded is kept alive, so that its ``id`` stays its own,
and maps to the node that made it. Where one object has several names, the name that it was loaded by
decides which node is meant: loading a name, an attribute or an item points the object at the node that was
stored there.
"""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from backproof.graph import Node, apply, constant, leaf
from backproof.trace.events import Activity, Binding, Frame, Origin, Store, Trace
from backproof.trace.lowering import LOWERINGS, METHODS, Context, UnloweredError
from backproof.trace.sites import Site
from backproof.trace.stopping import Stopper

BINARY: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any], str]] = {
    "+": (operator.add, operator.iadd, "add"),
    "-": (operator.sub, operator.isub, "subtract"),
    "*": (operator.mul, operator.imul, "multiply"),
    "/": (operator.truediv, operator.itruediv, "divide"),
    "**": (operator.pow, operator.ipow, "power"),
    "@": (operator.matmul, operator.imatmul, "matmul"),
    "//": (operator.floordiv, operator.ifloordiv, "floor_divide"),
    "%": (operator.mod, operator.imod, "remainder"),
    "&": (operator.and_, operator.iand, "logical_and"),
    "|": (operator.or_, operator.ior, "logical_or"),
    "^": (operator.xor, operator.ixor, "logical_xor"),
    "<<": (operator.lshift, operator.ilshift, ""),
    ">>": (operator.rshift, operator.irshift, ""),
}
COMPARE: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    ">": (operator.gt, "greater"),
    ">=": (operator.ge, "greater_equal"),
    "<": (operator.lt, "less"),
    "<=": (operator.le, "less_equal"),
    "==": (operator.eq, "equal"),
    "!=": (operator.ne, "not_equal"),
}
UNARY: dict[str, tuple[Callable[[Any], Any], str]] = {
    "-": (operator.neg, "negative"),
    "+": (operator.pos, "identity"),
    "~": (operator.invert, "logical_not"),
}
SCALAR = (float, np.generic)
TRACKED = (float, np.ndarray, np.generic)
NUMBER = (int, float, np.ndarray, np.generic)
COPY_LIMIT = 4_000_000  # elements; a larger array that is first seen is held, not copied
ITERATED = (zip, enumerate, reversed, list, tuple, map, filter, iter, sorted)


class FrameNames:
    """The names of one frame: each maps to the node stored there, the object it holds, and when."""

    __slots__ = ("names", "number", "result")

    def __init__(self, number: int) -> None:
        self.number = number
        self.names: dict[str, tuple[Node, Any, int]] = {}
        self.result: int | None = None


class Recorder:
    """Records one run of a rewritten program into ``trace``."""

    def __init__(self, sites: list[Site], stopper: Stopper, node_limit: int = 400_000) -> None:
        self.trace = Trace(sites=sites)
        self.sites = sites
        self.time = 0
        self.node_limit = node_limit
        self.known: dict[int, Node] = {}
        self.alive: dict[int, Any] = {}
        self.places: dict[tuple[Any, ...], tuple[Node, Any, int]] = {}
        self.changed: dict[int, int] = {}
        self.views: dict[int, tuple[Any, Node, int]] = {}
        self.constants: dict[int, float] = {}
        self.literals: dict[int, Node] = {}
        self.frames: list[FrameNames] = []
        self.current = self._frame(None, None)
        self.pending: tuple[int, dict[int, int]] | None = None
        self.open: list[Activity] = []
        self.iterating = 0
        self.stopper = stopper
        self.slice = slice

    # ------------------------------------------------------------------ nodes
    def _tick(self) -> int:
        self.time += 1
        return self.time

    def _frame(self, site: int | None, call: int | None) -> FrameNames:
        frame = FrameNames(len(self.frames))
        self.frames.append(frame)
        parent = self.current.number if frame.number else None
        self.trace.frames.append(Frame(frame.number, site, call, parent, self.time))
        return frame

    def origin(self, site: int, operand_sites: tuple[int | None, ...]) -> Origin:
        """The origin of a node that is made now."""
        self.time += 1
        return Origin(site, operand_sites, self.current.number, self.time)

    def add(self, node: Node) -> Node:
        """Enter a node into the trace."""
        self.trace.nodes.append(node)
        if len(self.trace.nodes) > self.node_limit:
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
        if node is not None and number in self.views:
            base, made, time = self.views[number]
            if self.changed.get(id(base), -1) > time:
                fresh = self.find(base)
                if fresh is not None:
                    node = self._again(made, fresh)
                    self.known[number] = node
                    self.views[number] = (base, made, self.time)
        return node

    def _again(self, made: Node, base: Node) -> Node:
        origin = self.origin(made.origin.site, made.origin.operand_sites)
        return self.add(apply(made.operation, base, name=made.name, origin=origin, **made.attributes))

    def node(self, value: Any, site: int | None) -> Node:
        """The node of an operand.

        A value that is seen for the first time becomes a leaf, a number a constant.
        """
        kind = type(value)
        if kind is int or kind is bool:
            text = self.sites[site].text if site is not None and self.sites[site].kind != "Constant" else None
            return constant(value, text)
        node = self.find(value)
        if node is not None:
            return node
        name = (
            self.sites[site].text
            if site is not None and self.sites[site].kind in ("Name", "Attribute", "Subscript")
            else None
        )
        copied = value
        if isinstance(value, np.ndarray):
            copied = np.array(value) if value.size <= COPY_LIMIT else np.asarray(value)
        elif isinstance(value, list | tuple):
            copied = np.array(value)
        node = self.add(leaf(copied, name, self.origin(site if site is not None else -1, ())))
        if isinstance(value, TRACKED):
            self.keep(value, node)
        return node

    def refreshed(self, value: Any, site: int | None) -> Node:
        """The node of an operand whose recorded value is known to be what the object holds now."""
        node = self.node(value, site)
        if isinstance(value, np.ndarray) and not _same(node.value, value):
            node = self.add(
                leaf(np.array(value), node.name, self.origin(site if site is not None else -1, ()))
            )
            self.trace.unknown[node] = "was changed where the recorder could not see it"
            self.keep(value, node)
        return node

    def alias(
        self, value: Any, node: Node, site: int, name: str | None, operand_site: int | None = None
    ) -> Node:
        """Make a node that stands for ``node`` under another name."""
        new = Node(
            "identity", (node,), value=node.value, name=name, origin=self.origin(site, (operand_site,))
        )
        self.keep(value, self.add(new))
        return new

    # ------------------------------------------------------------------ operations
    def record(
        self,
        site: int,
        operation: str,
        values: tuple[Any, ...],
        sites: tuple[int | None, ...],
        result: Any,
        **attributes: Any,
    ) -> None:
        """Record that ``result`` came from ``operation`` on ``values``.

        The claim is checked, except on immutable scalars.
        """
        here = self.sites[site]
        target = self.sites[here.children[0]].text if here.kind == "AugAssign" else here.target
        operands = tuple(self.node(value, s) for value, s in zip(values, sites, strict=True))
        if isinstance(result, SCALAR) and not any(isinstance(v, np.ndarray) for v in values):
            if not operands or all(o.operation == "constant" for o in operands):
                node = constant(result, target, self.origin(site, sites))
            else:
                node = Node(operation, operands, attributes, result, target, self.origin(site, sites))
            self.keep(result, self.add(node))
            return
        made = self._claim(operation, operands, attributes, target, site, sites, result)
        if made is None:
            operands = tuple(self.refreshed(value, s) for value, s in zip(values, sites, strict=True))
            made = self._claim(operation, operands, attributes, target, site, sites, result)
        if made is None:
            self.opaque_result(site, values, result, operation)
            return
        self.keep(result, self.add(made))

    def _claim(
        self,
        operation: str,
        operands: tuple[Node, ...],
        attributes: dict[str, Any],
        target: str | None,
        site: int,
        sites: tuple[int | None, ...],
        result: Any,
    ) -> Node | None:
        """Make the node, if its own value is what the program got."""
        try:
            node = apply(operation, *operands, name=target, origin=self.origin(site, sites), **attributes)
        except Exception:
            return None
        if np.shape(node.value) != np.shape(result):
            if np.size(node.value) != np.size(result):
                return None
            self.add(node)
            node = apply(
                "reshape", node, shape=np.shape(result), name=target, origin=self.origin(site, (None,))
            )
        return node if _same(node.value, result) else None

    def opaque_result(self, site: int, values: tuple[Any, ...], result: Any, what: str) -> None:
        """A result that no operation explains.

        A leaf, remembered as unknown where it hangs on tracked values.
        """
        if not isinstance(result, TRACKED):
            return
        if self.find(result) is not None and any(result is v for v in values):
            return
        node = self.add(leaf(_copied(result), self.sites[site].target, self.origin(site, ())))
        if any(isinstance(v, TRACKED) and self.find(v) is not None for v in _flat(values)):
            self.trace.unknown[node] = what
        self.keep(result, node)

    def changed_in_place(self, value: Any, before: Node, after: Node, site: int, key: str = "") -> None:
        """An array was written to: it has a new node, and so has the array that it is a view of."""
        self.keep(value, after)
        time = self._tick()
        self.changed[id(value)] = time
        place = ("object", id(value))
        store = Store(time, place, before, after, site, self.current.number, key)
        self.trace.stores.append(store)
        view = self.views.get(id(value))
        if view is not None:
            base, made, _ = view
            old = self.known.get(id(base))
            if old is not None:
                new = self._write_back(made, old, after, site)
                if new is not None and _same(new.value, base):
                    self.views[id(value)] = (base, made, time + 1)
                    self.changed_in_place(
                        base, old, self.add(new), site, key or str(made.attributes.get("index", ""))
                    )
                    self.views[id(value)] = (base, made, self.time)
                    self.known[id(value)] = after
        self.stopper.stored(store)

    def _write_back(self, made: Node, base: Node, after: Node, site: int) -> Node | None:
        origin = self.origin(site, (None, None))
        try:
            if made.operation == "index":
                return apply(
                    "index_update", base, after, index=made.attributes["index"], name=base.name, origin=origin
                )
            one = Origin(site, (None,), self.current.number, self.time)
            if made.operation == "reshape":
                return apply("reshape", after, shape=np.shape(base.value), name=base.name, origin=one)
            if made.operation == "transpose":
                axes = made.attributes.get("axes")
                inverse = None if axes is None else tuple(int(a) for a in np.argsort(axes))
                return apply("transpose", after, axes=inverse, name=base.name, origin=one)
            if made.operation == "identity":
                return Node("identity", (after,), value=after.value, name=base.name, origin=one)
        except Exception:
            return None
        return None

    def note_view(self, result: Any, source: Any) -> None:
        """Remember that ``result`` looks into the memory of ``source``."""
        if isinstance(result, np.ndarray) and isinstance(source, np.ndarray) and result is not source:
            node = self.known.get(id(result))
            if node is not None and result.base is not None and np.may_share_memory(result, source):
                self.views[id(result)] = (source, node, self.time)

    # ------------------------------------------------------------------ hooks: expressions
    def const(self, site: int, value: float) -> float:
        """A float literal: an object of its own, so that two equal literals are not taken for one."""
        own = self.constants.get(site)
        if own is None:
            own = float(np.float64(value))
            self.constants[site] = own
            self.literals[site] = self.add(constant(own, None, self.origin(site, ())))
        self.keep(own, self.literals[site])  # not what it was stored as since
        return own

    def load(self, frame: FrameNames | None, name: str, value: Any) -> Any:
        """A name was read: its object now means the node stored under that name."""
        if frame is not None and isinstance(value, TRACKED):
            entry = frame.names.get(name)
            if entry is not None and entry[1] is value and self.changed.get(id(value), -1) < entry[2]:
                self.known[id(value)] = entry[0]
        return value

    def _point(self, place: tuple[Any, ...], value: Any) -> None:
        entry = self.places.get(place)
        if entry is not None and entry[1] is value and self.changed.get(id(value), -1) < entry[2]:
            self.known[id(value)] = entry[0]

    def attribute(self, site: int, owner: Any, name: str) -> Any:
        """``owner.name`` was read."""
        value = getattr(owner, name)
        if isinstance(value, TRACKED):
            if isinstance(owner, np.ndarray | np.generic):
                self._lowered_attribute(site, owner, name, value)
            else:
                self._point(("attribute", id(owner), name), value)
        return value

    def _lowered_attribute(self, site: int, owner: Any, name: str, value: Any) -> None:
        child = self.sites[site].children[0] if self.sites[site].children else None
        if name == "T":
            self.record(site, "transpose", (owner,), (child,), value, axes=None)
            self.note_view(value, owner)
        elif name in ("A", "A1", "flat", "real"):
            self.record(site, "reshape", (owner,), (child,), value, shape=np.shape(value))
            self.note_view(value, owner)
        else:
            self.opaque_result(site, (owner,), value, f".{name}")

    def item(self, site: int, container: Any, key: Any) -> Any:
        """``container[key]`` was read."""
        value = container[key]
        if isinstance(value, TRACKED):
            if isinstance(container, np.ndarray):
                child = self.sites[site].children[0]
                self.record(site, "index", (container,), (child,), value, index=frozen_index(key))
                self.note_view(value, container)
            else:
                place = _item_place(container, key)
                if place is not None:
                    self._point(place, value)
        return value

    def binop(self, site: int, op: str, left: Any, right: Any) -> Any:
        """``left op right``."""
        function, _, name = BINARY[op]
        result = function(left, right)
        kinds = (type(left), type(right))
        if type(result) is float or isinstance(result, TRACKED):
            children = self.sites[site].children
            sites = (children[0], children[1])
            if kinds == (int, int) or not isinstance(left, NUMBER) or not isinstance(right, NUMBER):
                if isinstance(left, list | tuple) and isinstance(right, np.ndarray | np.generic):
                    left = self.made_array(left, children[0])
                elif isinstance(right, list | tuple) and isinstance(left, np.ndarray | np.generic):
                    right = self.made_array(right, children[1])
                elif kinds == (int, int):
                    self.keep(
                        result, self.add(constant(result, self.sites[site].text, self.origin(site, ())))
                    )
                    return result
                else:
                    if type(result) is not float:
                        self.opaque_result(site, (left, right), result, op)
                    return result
            if (np.matrix in kinds) and op == "*" and np.ndim(left) and np.ndim(right):
                name = "matmul"
            if (np.matrix in kinds) and op == "**":
                self.opaque_result(site, (left, right), result, "matrix power")
                return result
            if name in ("logical_and", "logical_or", "logical_xor") and not _boolean(result):
                name = ""
            self.record(site, name, (left, right), sites, result)
        return result

    def unary(self, site: int, op: str, value: Any) -> Any:
        """``-value`` and the like."""
        function, name = UNARY[op]
        result = function(value)
        if isinstance(result, TRACKED) and isinstance(value, NUMBER):
            if name == "logical_not" and not _boolean(result):
                name = ""
            self.record(site, name, (value,), (self.sites[site].children[0],), result)
        return result

    def compare(self, site: int, op: str, left: Any, right: Any) -> Any:
        """``left < right`` and the like; arrays only, a Python bool has no identity to follow."""
        function, name = COMPARE[op]
        result = function(left, right)
        if (
            isinstance(result, np.ndarray | np.bool_)
            and isinstance(left, NUMBER)
            and isinstance(right, NUMBER)
        ):
            children = self.sites[site].children
            self.record(site, name, (left, right), (children[0], children[1]), result)
        return result

    def shown(self, value: Any) -> Any:
        """A value was formatted into a string."""
        if isinstance(value, TRACKED):
            node = self.find(value)
            if node is not None:
                self.trace.shown.append(node)
        return value

    def unpack(self, site: int, value: Any) -> Any:
        """``a, b = array``: every item is an index into it."""
        if isinstance(value, np.ndarray):
            return list(self.items(site, value))
        return value

    def items(self, site: int | None, array: Any) -> Iterator[Any]:
        """Hand out the items of an array, each recorded."""
        for number, value in enumerate(array):
            if isinstance(value, TRACKED):
                self.record_item(site, array, number, value)
            yield value

    def record_item(self, site: int | None, array: Any, number: int, value: Any) -> None:
        """Record that ``value`` is item ``number`` of ``array``."""
        where = site if site is not None else -1
        base = self.refreshed(array, site)
        try:
            node = apply("index", base, index=number, origin=self.origin(where, (site,)))
            if np.shape(node.value) != np.shape(value):
                node = apply(
                    "reshape", self.add(node), shape=np.shape(value), origin=self.origin(where, (None,))
                )
        except Exception:
            return
        if _same(node.value, value):
            self.keep(value, self.add(node))
            self.note_view(value, array)

    # ------------------------------------------------------------------ hooks: loops
    def iterate(self, site: int, iterable: Any) -> Iterator[Any]:
        """Run a loop over ``iterable``, marking its rounds."""
        source = self.items(site, iterable) if isinstance(iterable, np.ndarray) else iter(iterable)
        depth = len(self.open)
        try:
            for value in source:
                activity = self._open("round", site, depth)
                yield value
                self._close(activity, depth)
        finally:
            self._close(None, depth)

    def _open(self, kind: Any, site: int, depth: int) -> Activity:
        activity = Activity(kind, site, self._tick(), -1, depth)
        del self.open[depth:]
        self.open.append(activity)
        self.trace.activities.append(activity)
        return activity

    def _close(self, activity: Activity | None, depth: int) -> None:
        if len(self.open) > depth or activity is not None:
            now = self._tick()
            if activity is not None:
                activity.end = now
            self._end(depth, now)
            if activity is not None:
                self.stopper.round_done(activity)

    def _end(self, depth: int, now: int) -> None:
        """End what is still open; what the end of the run cuts off is not complete."""
        for inner in self.open[depth:]:
            if inner.end < 0:
                inner.end, inner.complete = now, not self.stopper.stopped
        del self.open[depth:]

    def tick(self, site: int) -> None:
        """A round of a ``while`` loop begins."""
        for position in range(len(self.open) - 1, -1, -1):
            activity = self.open[position]
            if activity.kind == "round" and activity.site == site:
                self._close(activity, position)
                break
            if activity.kind == "call":
                break
        self._open("round", site, len(self.open))

    def loop_end(self, site: int) -> None:
        """A ``while`` loop is over."""
        for position in range(len(self.open) - 1, -1, -1):
            activity = self.open[position]
            if activity.kind == "call":
                return
            if activity.site == site:
                self._close(activity, position)
                return

    # ------------------------------------------------------------------ hooks: functions
    def enter_module(self) -> FrameNames:
        """The frame of a module."""
        if self.current.number == 0 and not self.current.names:
            return self.current
        return self._frame(None, None)

    def enter(self, site: int, names: tuple[str, ...], values: tuple[Any, ...]) -> FrameNames:
        """A function of the program was called: its arguments get nodes of their own."""
        call, where = self.pending if self.pending is not None else (None, {})
        self.pending = None
        frame = self._frame(site, call)
        depth = len(self.open)
        bound = []
        for name, value in zip(names, values, strict=True):
            if isinstance(value, TRACKED):
                argument = where.get(id(value))
                node = self.node(value, argument)
                if argument is not None:
                    node = self.alias(value, node, argument, name, argument)
                bound.append((name, value, node))
        self._open("call", call if call is not None else site, depth)
        self.current = frame
        for name, value, node in bound:
            self._bind(frame, name, value, node)
        for name, value in zip(names, values, strict=True):
            if type(value) is int:
                self.trace.bindings.append(Binding(self._tick(), frame.number, name, constant(value, name)))
        frame.result = depth
        return frame

    def leave(self, frame: FrameNames) -> None:
        """A function of the program is over."""
        info = self.trace.frames[frame.number]
        if self.current is frame and info.parent is not None:
            self.current = self.frames[info.parent]
        depth = frame.result or 0
        if depth < len(self.open):
            self._end(depth, self._tick())

    def returned(self, frame: FrameNames, site: int, value: Any) -> Any:
        """A function hands back ``value``."""
        here = self.sites[site]
        if here.kind == "Tuple" and isinstance(value, tuple):
            parts = list(zip(value, here.children, strict=False))
        else:
            parts = [(value, site)]
        for part, where in parts:
            if isinstance(part, TRACKED):
                node = self.find(part)
                if node is None:
                    node = self.node(part, where)
                self.trace.returned.append(node)
                if self.sites[where].kind in ("Name", "Attribute", "Subscript"):
                    self.alias(part, node, where, node.name, where)
        if self.sites[site].function == "<lambda>":
            self.leave(frame)
        return value

    def call(self, site: int, function: Any, *arguments: Any, **keywords: Any) -> Any:
        """``function(...)``.

        Into the program's own functions, by an operation of the table, or past the recorder.
        """
        try:
            lowering = LOWERINGS.get(function)
        except TypeError:
            lowering = None
        if lowering is not None:
            return self.lowered(site, function, lowering, arguments, keywords)
        if function in ITERATED_SET:
            arguments = tuple(self.items(None, a) if isinstance(a, np.ndarray) else a for a in arguments)
            if function is reversed:
                arguments = tuple(list(a) if isinstance(a, Iterator) else a for a in arguments)
            return function(*arguments, **keywords)
        if function is getattr and len(arguments) >= 2 and isinstance(arguments[1], str):
            value = getattr(*arguments)
            if isinstance(value, TRACKED) and not isinstance(arguments[0], np.ndarray | np.generic):
                self._point(("attribute", id(arguments[0]), arguments[1]), value)
            return value
        if function is setattr:
            setattr(*arguments)
            here = self.sites[site]
            self._stored_at(
                ("attribute", id(arguments[0]), arguments[1]),
                here.children[-1],
                arguments[2],
                arguments[0],
                False,
            )
            return None
        if function is builtins.sum:
            return self._sum(site, *arguments, **keywords)
        if function is print:
            for value in arguments:
                self.shown(value)
            return function(*arguments, **keywords)
        return self.plain(site, function, arguments, keywords)

    def plain(self, site: int, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call something that is not an operation; a function of the program records itself."""
        before, current, depth = len(self.frames), self.current, len(self.open)
        here = self.sites[site]
        places = here.children[here.arguments :]
        self.pending = (
            site,
            {id(v): s for v, s in zip([*arguments, *keywords.values()], places, strict=False)},
        )
        result = function(*arguments, **keywords)
        self.pending = None
        entered = len(self.frames) > before
        if self.current is not current:
            self.current = current
        if len(self.open) > depth and not isinstance(result, Iterator):
            self._end(depth, self._tick())
        if isinstance(result, TRACKED):
            if entered:
                node = self.find(result)
                if node is not None:
                    self.alias(result, node, site, self.sites[site].target)
                return result
            if self.find(result) is None or not any(result is a for a in arguments):
                node = self.add(leaf(_copied(result), self.sites[site].target, self.origin(site, ())))
                name = getattr(function, "__qualname__", type(function).__name__)
                if _is_random(function):
                    self.trace.random.add(node)
                elif any(
                    isinstance(v, TRACKED) and self.find(v) is not None
                    for v in _flat((*arguments, *keywords.values()))
                ):
                    self.trace.unknown[node] = name
                self.keep(result, node)
        return result

    def method(self, site: int, owner: Any, name: str, *arguments: Any, **keywords: Any) -> Any:
        """``owner.name(...)``."""
        function = getattr(owner, name)
        if isinstance(owner, np.ndarray | np.generic):
            lowering = METHODS.get(name)
            if lowering is not None:
                return self.lowered(site, function, lowering, (owner, *arguments), keywords, method=True)
        if isinstance(owner, list) and name == "append":
            self.shown(arguments[0]) if arguments else None
            return function(*arguments, **keywords)
        if isinstance(owner, list | dict | set | str):
            return function(*arguments, **keywords)
        return self.call(site, function, *arguments, **keywords)

    def lowered(
        self,
        site: int,
        function: Any,
        lowering: Any,
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
        method: bool = False,
    ) -> Any:
        """Call a library function and record it as operations of the table, if they give what it gave."""
        here = self.sites[site]
        sites = here.children if method else here.children[here.arguments :]
        values = [*arguments, *keywords.values()]
        own = {id(v): s for v, s in zip(values, sites, strict=False)}
        context = Context(self, site, own)
        out = keywords.get("out")
        mutated = lowering.mutates
        node: Node | None = None
        if mutated or out is not None:
            try:
                node = lowering.build(
                    context, *arguments, **{k: v for k, v in keywords.items() if k != "out"}
                )
            except (UnloweredError, TypeError, ValueError, IndexError):
                node = None
        real = arguments[1:] if method else arguments
        current = self.current
        result = function(*real, **keywords)
        self.current = current
        if mutated:
            target = arguments[0]
            before = self.node(target, own.get(id(target)))
            if node is None or not _same(node.value, target):
                node = self.add(leaf(np.array(target), before.name, self.origin(site, ())))
                self.trace.unknown[node] = getattr(function, "__name__", "a call")
            self.changed_in_place(target, before, node, site)
            return result
        if not isinstance(result, TRACKED):
            return result
        for attempt in range(2):
            if node is None:
                try:
                    context.fresh = bool(attempt)
                    node = lowering.build(
                        context, *arguments, **{k: v for k, v in keywords.items() if k != "out"}
                    )
                except (UnloweredError, TypeError, ValueError, IndexError):
                    node = None
                    break
            if np.shape(node.value) != np.shape(result) and np.size(node.value) == np.size(result):
                node = context.apply("reshape", node, shape=np.shape(result))
            if _same(node.value, result):
                break
            node = None
        if node is None:
            self.opaque_result(site, tuple(values), result, getattr(function, "__name__", "a call"))
        elif out is not None and isinstance(result, np.ndarray):
            before = self.node(result, None)
            self.changed_in_place(result, before, node, site)
        elif self.known.get(id(result)) is not node:
            if (
                here.target
                and node.name is None
                and node.origin is not None
                and node.operation not in ("leaf", "constant")
            ):
                node = self.renamed(node, here.target)
            self.keep(result, node)
            self.note_view(result, arguments[0]) if arguments else None
        return result

    def renamed(self, node: Node, name: str) -> Node:
        """The newest node under the name that it is bound to."""
        nodes = self.trace.nodes
        if nodes and nodes[-1] is node:
            nodes[-1] = Node(node.operation, node.operands, node.attributes, node.value, name, node.origin)
            return nodes[-1]
        return node

    def _sum(self, site: int, iterable: Any, start: Any = 0) -> Any:
        """The builtin ``sum``: one addition after the other, as Python does it."""
        source = self.items(None, iterable) if isinstance(iterable, np.ndarray) else iterable
        here = self.sites[site]
        child = here.children[here.arguments] if len(here.children) > here.arguments else None
        values = list(source)
        if not all(isinstance(v, NUMBER) for v in [start, *values]):
            total = start
            for value in values:
                total = total + value
            return total
        arrays = any(isinstance(v, np.ndarray) for v in values)
        if (
            not arrays
            and isinstance(iterable, np.ndarray)
            and iterable.ndim == 1
            and type(start) is int
            and start == 0
            and values
        ):
            total = builtins.sum(values)
            self.record(site, "sum", (iterable,), (child,), total, axis=None, keepdims=False)
            return total
        total = start
        first = type(start) is int and start == 0
        for value in values:
            new = total + value
            if isinstance(new, TRACKED):
                if first and isinstance(value, TRACKED):
                    self.keep(new, self.alias(new, self.node(value, child), site, here.target, child))
                else:
                    self.record(site, "add", (total, value), (None, child), new)
            first = False
            total = new
        return total

    def made_array(self, values: Any, site: int | None) -> Any:
        """``np.array`` of nested lists of tracked numbers, as nodes."""
        result = np.asarray(values)
        if result.dtype == object:
            return values
        node = self.array_node(values, site)
        if node is not None and _same(node.value, result):
            self.keep(result, node)
        return result

    def array_node(self, values: Any, site: int | None) -> Node | None:
        """The node of an array built of nested lists: stacked where an item is tracked, a leaf otherwise."""
        if isinstance(values, np.ndarray | np.generic | float):
            return self.node(values, site)
        if not isinstance(values, list | tuple):
            return constant(values)
        if not any(self.find(v) is not None for v in _flat(values) if isinstance(v, TRACKED)):
            return None
        parts = [
            self.array_node(v, site) if isinstance(v, list | tuple) else self.node(v, None) for v in values
        ]
        nodes = [p if p is not None else constant(np.asarray(v)) for p, v in zip(parts, values, strict=True)]
        if not nodes:
            return None
        where = site if site is not None else -1
        return self.add(apply("stack", *nodes, axis=0, origin=self.origin(where, tuple(None for _ in nodes))))

    # ------------------------------------------------------------------ hooks: stores
    def _bind(self, frame: FrameNames, name: str, value: Any, node: Node) -> None:
        time = self._tick()
        frame.names[name] = (node, value, time)
        self.trace.bindings.append(Binding(time, frame.number, name, node))

    def _placed(self, place: tuple[Any, ...], site: int, value: Any, node: Node) -> None:
        old = self.places.get(place)
        time = self._tick()
        self.places[place] = (node, value, time)
        store = Store(time, place, old[0] if old is not None else None, node, site, self.current.number)
        self.trace.stores.append(store)
        if old is not None and old[1] is not value:
            self.stopper.stored(store)

    def store(self, frame: FrameNames | None, site: int, name: str, value: Any, bare: bool) -> Any:
        """``name = value``."""
        if isinstance(value, TRACKED):
            node = self.node(value, site)
            if bare:
                node = self.alias(value, node, site, name, site)
            self._name_store(frame, site, name, value, node)
        elif type(value) is int:
            self._number(("name", frame.number if frame else 0, name), site, value)
            if frame is not None:
                self.trace.bindings.append(Binding(self.time, frame.number, name, constant(value, name)))
        return value

    def _number(self, place: tuple[Any, ...], site: int, value: int) -> None:
        node = constant(value, None, Origin(site, (), self.current.number, self.time))
        self.places[place] = (node, value, self._tick())

    def _name_store(self, frame: FrameNames | None, site: int, name: str, value: Any, node: Node) -> None:
        if frame is not None:
            old = frame.names.get(name)
            self._bind(frame, name, value, node)
            place = ("name", frame.number, name)
            before = old[0] if old is not None else None
            if before is None and place in self.places:
                before = self.places[place][0]
            store = Store(self.time, place, before, node, site, self.current.number)
            self.trace.stores.append(store)
            if before is not None and before is not node and old is not None and old[1] is not value:
                self.stopper.stored(store)

    def stored(self, frame: FrameNames | None, site: int, name: str, value: Any) -> None:
        """``name`` was bound by an unpacking or a loop."""
        if isinstance(value, TRACKED):
            node = self.find(value)
            if node is None:
                node = self.node(value, None)
            if node.name is None and node.operation == "leaf":
                named = Node(node.operation, node.operands, node.attributes, node.value, name, node.origin)
                self._replace(node, named)
                self.keep(value, named)
                node = named
            if frame is not None:
                self._name_store(frame, site, name, value, node)

    def _replace(self, old: Node, new: Node) -> None:
        nodes = self.trace.nodes
        if nodes and nodes[-1] is old:
            nodes[-1] = new
        else:
            nodes.append(new)

    def set_attribute(self, site: int, value: Any, owner: Any, name: str, bare: bool) -> None:
        """``owner.name = value``."""
        setattr(owner, name, value)
        self._stored_at(("attribute", id(owner), name), site, value, owner, bare)

    def stored_attribute(self, site: int, owner: Any, name: str) -> None:
        """``owner.name`` was bound by an unpacking."""
        value = getattr(owner, name, None)
        self._stored_at(("attribute", id(owner), name), site, value, owner, False)

    def stored_item(self, site: int, container: Any, key: Any) -> None:
        """``container[key]`` was bound by an unpacking."""
        if not isinstance(container, np.ndarray):
            place = _item_place(container, key)
            if place is not None:
                self._stored_at(place, site, container[key], container, False)

    def _stored_at(self, place: tuple[Any, ...], site: int, value: Any, owner: Any, bare: bool) -> None:
        self.alive[id(owner)] = owner
        if isinstance(value, TRACKED):
            node = self.node(value, site)
            if bare:
                node = self.alias(value, node, site, self.sites[site].target, site)
            self._placed(place, site, value, node)
        elif type(value) is int:
            self._number(place, site, value)

    def set_item(self, site: int, value: Any, container: Any, key: Any, bare: bool) -> None:
        """``container[key] = value``."""
        if isinstance(container, np.ndarray):
            before = self.refreshed(container, None)
            container[key] = value
            self._array_write(site, container, key, value, before, site)
            return
        container[key] = value
        place = _item_place(container, key)
        if place is not None:
            self._stored_at(place, site, value, container, bare)

    def _array_write(
        self, site: int, array: Any, key: Any, value: Any, before: Node, operand_site: int | None
    ) -> None:
        after: Node | None = None
        try:
            if isinstance(value, list | tuple):
                new = self.array_node(value, operand_site)
                new = new if new is not None else constant(np.asarray(value))
            else:
                new = self.node(value, operand_site)
            mask = self.find(key) if isinstance(key, np.ndarray) and key.dtype == bool else None
            if mask is not None and np.ndim(value) == 0:
                expand = mask
                if np.ndim(mask.value) < np.ndim(before.value):
                    shape = np.shape(mask.value) + (1,) * (np.ndim(before.value) - np.ndim(mask.value))
                    expand = self.add(apply("reshape", mask, shape=shape, origin=self.origin(site, (None,))))
                after = apply(
                    "where",
                    expand,
                    new,
                    before,
                    name=before.name,
                    origin=self.origin(site, (None, operand_site, None)),
                )
            else:
                after = apply(
                    "index_update",
                    before,
                    new,
                    index=frozen_index(key),
                    name=before.name,
                    origin=self.origin(site, (None, operand_site)),
                )
        except Exception:
            after = None
        if after is None or not _same(after.value, array):
            after = leaf(np.array(array), before.name, self.origin(site, ()))
            self.trace.unknown[after] = "an assignment to part of an array"
        self.changed_in_place(array, before, self.add(after), site, _key_text(key))

    def aug_name(self, frame: FrameNames | None, site: int, op: str, name: str, old: Any, value: Any) -> Any:
        """``name op= value``."""
        self.load(frame, name, old)
        new = self._augmented(site, op, old, value)
        if isinstance(new, TRACKED):
            self._name_store(frame, site, name, new, self.node(new, site))
        return new

    def aug_attribute(self, site: int, op: str, owner: Any, name: str, value: Any) -> None:
        """``owner.name op= value``."""
        old = getattr(owner, name)
        place = ("attribute", id(owner), name)
        self._point(place, old)
        new = self._augmented(site, op, old, value)
        setattr(owner, name, new)
        self._stored_at(place, site, new, owner, False)

    def aug_item(self, site: int, op: str, container: Any, key: Any, value: Any) -> None:
        """``container[key] op= value``."""
        if isinstance(container, np.ndarray):
            self._aug_array_item(site, op, container, key, value)
            return
        old = container[key]
        place = _item_place(container, key)
        if place is not None:
            self._point(place, old)
        new = self._augmented(site, op, old, value)
        container[key] = new
        if place is not None:
            self._stored_at(place, site, new, container, False)

    def _aug_array_item(self, site: int, op: str, array: Any, key: Any, value: Any) -> None:
        before = self.refreshed(array, self.sites[site].children[0])
        _, in_place, name = BINARY[op]
        value_site = self.sites[site].children[1]
        operand: Node | None = None
        if isinstance(value, NUMBER):
            operand = self.refreshed(value, value_site)
        elif isinstance(value, list | tuple):
            operand = self.array_node(value, value_site)
        part = array[key]
        new = in_place(part, value)
        array[key] = new
        after: Node | None = None
        try:
            if operand is None:
                operand = constant(np.asarray(value))
            mask = self.find(key) if isinstance(key, np.ndarray) and key.dtype == bool else None
            if mask is not None and np.ndim(value) == 0 and np.shape(mask.value) == np.shape(before.value):
                whole = self.add(
                    apply(
                        name,
                        before,
                        operand,
                        origin=self.origin(site, (self.sites[site].children[0], value_site)),
                    )
                )
                after = apply(
                    "where",
                    mask,
                    whole,
                    before,
                    name=before.name,
                    origin=self.origin(site, (None, None, None)),
                )
            else:
                index = frozen_index(key)
                old = self.add(
                    apply(
                        "index",
                        before,
                        index=index,
                        origin=self.origin(self.sites[site].children[0], (None,)),
                    )
                )
                changed = self.add(
                    apply(
                        name,
                        old,
                        operand,
                        origin=self.origin(site, (self.sites[site].children[0], value_site)),
                    )
                )
                after = apply(
                    "index_update",
                    before,
                    changed,
                    index=index,
                    name=before.name,
                    origin=self.origin(site, (None, None)),
                )
        except Exception:
            after = None
        if after is None or not _same(after.value, array):
            after = leaf(np.array(array), before.name, self.origin(site, ()))
            self.trace.unknown[after] = "an assignment to part of an array"
        self.changed_in_place(array, before, self.add(after), site, _key_text(key))

    def _augmented(self, site: int, op: str, old: Any, value: Any) -> Any:
        plain, in_place, name = BINARY[op]
        children = self.sites[site].children
        if not isinstance(old, NUMBER) or not isinstance(value, NUMBER):
            if isinstance(old, np.ndarray) and isinstance(value, list | tuple):
                value = self.made_array(value, children[1])
            else:
                return in_place(old, value)
        if not isinstance(old, np.ndarray):
            result = plain(old, value)
            if isinstance(result, TRACKED):
                self.record(site, name, (old, value), (children[0], children[1]), result)
            return result
        if isinstance(old, np.matrix) and op == "*" and np.ndim(value):
            name = "matmul"
        before = self.refreshed(old, children[0])
        operand = self.refreshed(value, children[1])
        result = in_place(old, value)
        after: Node | None = None
        try:
            after = apply(
                name, before, operand, name=before.name, origin=self.origin(site, (children[0], children[1]))
            )
            if np.asarray(after.value).dtype != result.dtype:
                after = apply(
                    "astype",
                    self.add(after),
                    dtype=result.dtype,
                    name=before.name,
                    origin=self.origin(site, (None,)),
                )
        except Exception:
            after = None
        if after is None or not _same(after.value, result):
            after = leaf(np.array(result), before.name, self.origin(site, ()))
            self.trace.unknown[after] = f"{op}="
        self.add(after)
        if result is old:
            self.changed_in_place(result, before, after, site)
        else:
            self.keep(result, after)
        return result


ITERATED_SET = frozenset(ITERATED)


# ---------------------------------------------------------------------- helpers
def _same(recorded: Any, actual: Any) -> bool:
    """Does the recorded value equal the program's, up to the order of summation?"""
    a, b = np.asarray(recorded), np.asarray(actual)
    if a.shape != b.shape:
        return False
    if a.dtype.kind in "OUSV" or b.dtype.kind in "OUSV":
        return False
    if a.dtype == b.dtype and a.tobytes() == b.tobytes():
        return True
    coarse = np.float32 in (a.dtype, b.dtype) or np.float16 in (a.dtype, b.dtype)
    relative = 1e-4 if coarse else 1e-9
    with np.errstate(all="ignore"):
        finite = np.isfinite(b)
        scale = float(np.max(np.abs(b[finite]), initial=0.0)) if b.dtype.kind != "b" else 1.0
        return bool(np.allclose(a, b, rtol=relative, atol=relative * scale * 1e-3 + 1e-300, equal_nan=True))


def _copied(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return np.array(value) if value.size <= COPY_LIMIT else np.asarray(value)
    return value


def _boolean(value: Any) -> bool:
    return bool(np.asarray(value).dtype == bool)


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _flat(value)
        else:
            yield value


def _key_text(key: Any) -> str:
    text = repr(key)
    return text if len(text) < 200 else str(hash(text))


def frozen_index(key: Any) -> Any:
    """A copy of an index that the program cannot change any more."""
    if isinstance(key, tuple):
        return tuple(frozen_index(part) for part in key)
    if isinstance(key, range):
        return np.array(key)
    if isinstance(key, list | np.ndarray):
        return np.array(key)
    if isinstance(key, np.integer):
        return int(key)
    return key


def _item_place(container: Any, key: Any) -> tuple[Any, ...] | None:
    if isinstance(container, list | tuple) and isinstance(key, int | np.integer):
        return ("item", id(container), int(key) % len(container) if container else 0)
    try:
        hash(key)
    except TypeError:
        return None
    if isinstance(key, slice):
        return None
    return ("item", id(container), key)


def _is_random(function: Any) -> bool:
    module = getattr(function, "__module__", None) or ""
    owner = type(getattr(function, "__self__", None))
    return module.startswith(("random", "numpy.random")) or owner.__module__.startswith(
        ("random", "numpy.random")
    )


__all__ = ["Recorder", "frozen_index", "math"]
