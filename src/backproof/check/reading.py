"""What an expression of names, attributes and items would have meant where it was never written.

The trace says which object every name, attribute and item held at any time; from that the value of `zs[-l]`
is known at a place that reads only `acts[-l]`.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from backproof.graph import Node, apply
from backproof.trace import Identity, Trace

Content = int | Node  # the identity of an object, or the node of a number or an array
Place = tuple[Any, ...]
NAMED = ("Name", "Attribute", "Subscript")
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
}


@lru_cache(maxsize=8192)
def parsed(text: str) -> ast.expr | None:
    """The expression that a text of one line holds; None where it holds none."""
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


class UnreadableError(Exception):
    """An expression means nothing here, or what it means was not recorded."""


class Memory:
    """What every place of a run held, and when."""

    def __init__(self, trace: Trace, local: Callable[[Node], Node]) -> None:
        self.local, self.sites = local, trace.sites
        self.built: set[Node] = set()
        events: list[tuple[int, int, Place, Content]] = []
        for number, holding in enumerate(trace.holdings):
            events.append((holding.time, number, holding.place, holding.content))
        self.rewritten: dict[Node, tuple[int, Node]] = {}
        for number, store in enumerate(trace.stores):
            if store.place[0] != "object":
                events.append((store.time, number, store.place, store.after))
            elif store.before is not None:
                self.rewritten[self._root(store.before)] = (store.time, store.after)
        for number, binding in enumerate([*trace.bindings, *trace.counters]):
            events.append((binding.time, number, ("name", binding.frame, binding.name), binding.node))
        self.times: dict[Place, list[int]] = defaultdict(list)
        self.contents: dict[Place, list[Content]] = defaultdict(list)
        self.names: dict[int, set[str]] = defaultdict(set)
        self.attributes: dict[int, set[str]] = defaultdict(set)
        self.keys: dict[int, set[str]] = defaultdict(set)
        self.objects: dict[int, set[int]] = defaultdict(set)  # that are keys
        for time, _, place, content in sorted(events, key=lambda e: e[:2]):
            self.times[place].append(time)
            self.contents[place].append(content)
            if place[0] == "name":
                self.names[place[1]].add(place[2])
            elif place[0] == "attribute":
                self.attributes[place[1]].add(place[2])
            elif place[0] == "item" and isinstance(place[2], str):
                self.keys[place[1]].add(place[2])
            elif place[0] == "item" and isinstance(place[2], Identity):
                self.objects[place[1]].add(place[2].number)

    # ------------------------------------------------------------------ places
    def content(self, place: Place, time: int) -> Content | None:
        """What a place held before a time; an array that was changed in place since is what it became."""
        index = bisect_left(self.times.get(place, ()), time)
        if not index:
            return None
        content = self.contents[place][index - 1]
        return self.current(content, time) if isinstance(content, Node) else content

    def current(self, node: Node, time: int) -> Node:
        """What an array holds at a time, after what was written into it since."""
        later = self.rewritten.get(self._root(node))
        while later is not None and later[0] < time:
            node = later[1]
            later = self.rewritten.get(self._root(node))
        return node

    def _root(self, node: Node) -> Node:
        """The node of the same array before it got other names; a copy is another array."""
        while (
            node.operation == "identity"
            and node.origin is not None
            and node.origin.site >= 0
            and self.sites[node.origin.site].kind in NAMED
        ):
            node = node.operands[0]
        return node

    def length(self, container: int, time: int) -> int | None:
        """How many items a list had."""
        found = self.content(("length", container), time)
        return int(found.value) if isinstance(found, Node) else None

    def items(self, container: int, time: int) -> list[Content] | None:
        """The items of a list, where all are known."""
        length = self.length(container, time)
        if length is None:
            return None
        found = [self.content(("item", container, k), time) for k in range(length)]
        return None if any(item is None for item in found) else [i for i in found if i is not None]

    def counters(self, frames: tuple[int, ...], time: int) -> list[str]:
        """The names that hold whole numbers, the latest first."""
        found: dict[str, int] = {}
        for frame in frames:
            for name in self.names.get(frame, ()):
                place = ("name", frame, name)
                held = self.content(place, time)
                if isinstance(held, Node) and _whole(held.value) and name not in found:
                    found[name] = self.times[place][bisect_left(self.times[place], time) - 1]
        return sorted(found, key=lambda name: -found[name])

    def is_whole(self, text: str, frames: tuple[int, ...], time: int) -> bool:
        """Does a text mean a whole number here?"""
        held = self.read(text, frames, time)
        return isinstance(held, Node) and _whole(held.value)

    # ------------------------------------------------------------------ expressions
    def read(self, text: str, frames: tuple[int, ...], time: int) -> Content | None:
        """What a text means in the first of some frames that knows its names; None where it means nothing."""
        node = parsed(text)
        if node is None:
            return None
        try:
            found = self._value(node, frames, time)
            return self._here(found) if isinstance(found, Node) else found
        except (UnreadableError, ValueError, TypeError, IndexError, KeyError, ArithmeticError):
            return None

    def key(self, text: str, frames: tuple[int, ...], time: int) -> Any:
        """The key of a subscript; None where it cannot be known."""
        node = parsed(text)
        if not isinstance(node, ast.Subscript):
            return None
        try:
            return self._key(node.slice, frames, time)
        except (UnreadableError, ValueError, TypeError, IndexError, KeyError, ArithmeticError):
            return None

    def _value(self, node: ast.expr, frames: tuple[int, ...], time: int) -> Content:
        match node:
            case ast.Name(id=name):
                for frame in frames:
                    found = self.content(("name", frame, name), time)
                    if found is not None:
                        return found
            case ast.Attribute(value=inner, attr=attribute):
                owner = self._value(inner, frames, time)
                if isinstance(owner, Node):
                    if attribute == "T":
                        return self._built("transpose", owner, axes=None)
                else:
                    held = self.content(("attribute", owner, attribute), time)
                    if held is not None:
                        return held
            case ast.Subscript(value=inner, slice=index):
                owner = self._value(inner, frames, time)
                if isinstance(owner, Node):
                    return self._built("index", owner, index=self._key(index, frames, time))
                return self._item(owner, self._item_key(index, frames, time), time)
        raise UnreadableError

    def _built(self, operation: str, operand: Node, **attributes: Any) -> Node:
        node = apply(operation, self._here(operand), **attributes)
        self.built.add(node)
        return node

    def _here(self, node: Node) -> Node:
        """The copy of a node in the step; what was built is of the step already."""
        return node if node in self.built else self.local(node)

    def _item(self, container: int, key: Any, time: int) -> Content:
        if isinstance(key, int | np.integer):
            length = self.length(container, time)
            key = int(key) + length if key < 0 and length else int(key)
        held = self.content(("item", container, key), time)
        if held is None:
            raise UnreadableError
        return held

    def _item_key(self, node: ast.expr, frames: tuple[int, ...], time: int) -> Any:
        held = self._value(node, frames, time) if isinstance(node, ast.Name | ast.Attribute) else None
        return Identity(held) if isinstance(held, int) else self._key(node, frames, time)

    def _key(self, node: ast.expr, frames: tuple[int, ...], time: int) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -self._key(inner, frames, time)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                return ARITHMETIC[type(op)](self._key(left, frames, time), self._key(right, frames, time))
            case ast.List(elts=elements):
                return np.array([self._key(e, frames, time) for e in elements])
            case ast.Tuple(elts=elements):
                return tuple(self._key(e, frames, time) for e in elements)
            case ast.Slice(lower=lower, upper=upper, step=step):
                parts = (lower, upper, step)
                return slice(*(None if p is None else self._key(p, frames, time) for p in parts))
            case ast.JoinedStr(values=parts):
                return "".join(str(self._key(part, frames, time)) for part in parts)
            case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
                return self._key(inner, frames, time)
            case ast.Call(func=ast.Name(id="str"), args=[inner]):
                return str(self._key(inner, frames, time))
            case ast.Call(func=ast.Name(id="len"), args=[inner]):
                held = self._value(inner, frames, time)
                length = len(held.value) if isinstance(held, Node) else self.length(held, time)
                if length is not None:
                    return length
        held = self._value(node, frames, time)
        if isinstance(held, Node):
            value = held.value
            return int(value) if _whole(value) else np.asarray(value)
        raise UnreadableError


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
