"""When enough has been seen: a run is stopped after a few training steps, never let through to its end."""

from __future__ import annotations

from typing import Any

from backproof.graph import Node
from backproof.trace.events import Activity, Store

ADDITIVE = frozenset(
    {
        "add",
        "subtract",
        "index_update",
        "index_add",
        "identity",
        "where",
        "reshape",
        "astype",
        "clip",
        "stack",
    }
)


class EnoughSeen(BaseException):
    """Ends the user's program; a BaseException, so that ``except Exception`` lets it through."""


class Stopper:
    """Counts the updates of parameters by rounds of a loop, and stops the program after ``steps`` rounds
    with one.

    An update is a store whose new value is the old one plus something that was itself computed from the old
    one, as a gradient is computed from the weights that it changes.
    """

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.updates: dict[tuple[Any, ...], list[int]] = {}
        self.candidates: list[Store] = []
        self.stopped = False

    def stored(self, store: Store) -> None:
        """A place was given a new value; a candidate where the new one is the old one plus something."""
        if store.before is not None and added_to(store.after, store.before) is not None:
            self.candidates.append(store)
        if self.stopped:
            raise EnoughSeen

    def round_done(self, activity: Activity) -> None:
        """A round of a loop is over.

        Enough, when this loop has had ``steps`` rounds that update the same place.
        """
        for store in self.candidates:
            place = (store.place, store.key)
            if learns(store):
                self.updates.setdefault(place, []).append(store.time)
        self.candidates.clear()
        for times in self.updates.values():
            if len(times) >= self.steps and sum(1 for t in times if t >= activity.start) >= 1:
                self.stopped = True
                raise EnoughSeen

    def too_much(self) -> None:
        """The trace has outgrown its limit."""
        self.stopped = True
        raise EnoughSeen


def added_to(after: Node, before: Node) -> Node | None:
    """The node where ``before`` enters ``after`` by additions alone, or None."""
    stack, seen = [after], 0
    while stack and seen < 2000:
        node = stack.pop()
        seen += 1
        if node is before:
            return node
        if node.operation in ADDITIVE:
            stack.extend(node.operands)
        elif node.operation == "index" and node.operands[0] is before:
            return node
        elif node.operation == "multiply":
            stack.extend(o for o in node.operands if o is before)
    return None


def learns(store: Store) -> bool:
    """Is what was added computed from the value that it is added to, as a gradient is?"""
    before = store.before
    if before is None:
        return False
    first = before.origin.time if before.origin is not None else -1
    stack = [(store.after, True)]
    done: set[tuple[Node, bool]] = set()
    while stack:
        node, additive = stack.pop()
        if (node, additive) in done or len(done) > 50_000:
            continue
        done.add((node, additive))
        if node is before:
            if not additive:
                return True
            continue
        if node.origin is not None and node.origin.time < first:
            continue
        if node.operation == "index" and additive and node.operands[0] is before:
            continue
        inner = additive and node.operation in ADDITIVE
        stack.extend((operand, inner) for operand in node.operands)
    return False
