"""Loops and calls as they are open, one inside the other: their rounds, and when each ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from backproof.graph import Node, constant
from backproof.trace.events import Activity, Binding, Item
from backproof.trace.flow.arrays import TAKEN_APART, Structure, items, unpacked
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import TRACKED
from backproof.trace.hooks.repeated import Repeated


class Activities:
    """The rounds and calls that are open now, outermost first."""

    def __init__(self, nodes: Nodes, repeated: Repeated) -> None:
        self.nodes = nodes
        self.repeated = repeated
        self.moment = nodes.moment
        self.stopper = nodes.stopper
        self.open: list[Activity] = []
        self.left: list[Activity] = []  # by a break, a return or an exception

    def begin(self, kind: Literal["round", "call"], site: int, depth: int) -> Activity:
        """A round or call begins inside the ``depth`` outermost."""
        activity = Activity(kind, site, self.moment.tick(), -1, depth)
        del self.open[depth:]
        self.open.append(activity)
        self.nodes.trace.activities.append(activity)
        return activity

    def end(self, depth: int, now: int) -> None:
        """End what is still open; what the end of the run cuts off is not complete."""
        for inner in self.open[depth:]:
            if inner.end < 0:
                inner.end, inner.complete = now, not self.stopper.stopped
        del self.open[depth:]

    def leave(self, activity: Activity, depth: int, *, early: bool = False) -> None:
        """What began inside the ``depth`` outermost is over, and so is what is open in it.

        A generator that is closed late is open no more. ``early`` says that it may not have come to its end.
        """
        now = self.moment.tick()
        if early:
            self.left += [activity, *self.open[depth + 1 :]]
        if depth < len(self.open) and self.open[depth] is activity:
            self.end(depth, now)
        elif activity.end < 0:
            activity.end = now

    def cut_off(self) -> None:
        """The program has crashed: what was left with nothing recorded since is not complete."""
        trace = self.nodes.trace
        last = max((node.origin.time for node in trace.nodes[-1:] if node.origin is not None), default=-1)
        last = max([last, *(store.time for store in trace.stores[-1:])])
        for activity in self.left:
            if activity.end > last:
                activity.complete = False

    def _round_over(self, activity: Activity, depth: int) -> None:
        now = self.moment.tick()
        activity.end = now
        if depth < len(self.open) and self.open[depth] is activity:
            self.end(depth, now)
        outermost = not any(outer.kind == "round" for outer in self.open[:depth])
        self.stopper.round_done(activity, outermost)

    def iterate(
        self, site: int, iterable: Any, structure: Structure | None = None, names: tuple[str, ...] = ()
    ) -> Iterator[Any]:
        """Run a loop over ``iterable``, marking its rounds.

        ``structure`` is what the items are unpacked into, ``names`` what a comprehension binds them to.
        Asking for the next item may run a generator of the program: the round itself is in this frame.
        """
        source = (
            items(self.nodes, site, iterable)
            if isinstance(iterable, TAKEN_APART)
            else iter(self.repeated.items(iterable))
        )
        moment, current, depth = self.moment, self.moment.current, len(self.open)
        activity: Activity | None = None
        try:
            for value in source:
                moment.current = current
                activity = self.begin("round", site, depth)
                handed = value if structure is None else unpacked(self.nodes, site, value, structure)
                bound = self._bound(names, handed) if names else []
                yield handed
                done, activity = activity, None
                self._round_over(done, depth)
                self._items(done, current.number, bound)
            moment.current = current
        finally:
            if activity is not None:
                self.leave(activity, depth, early=True)

    def _bound(self, names: tuple[str, ...], handed: Any) -> list[tuple[str, Any, Node | None]]:
        """What a comprehension binds its names to, but for whole numbers, which are noted at once."""
        values = handed if len(names) > 1 and isinstance(handed, tuple | list) else (handed,)
        found = []
        for name, value in zip(names, values, strict=False):
            if type(value) is int:
                binding = Binding(self.moment.time, self.moment.current.number, name, constant(value, name))
                self.nodes.trace.counters.append(binding)
            elif isinstance(value, TRACKED):
                found.append((name, value, self.nodes.known.get(id(value))))
        return found

    def _items(self, done: Activity, frame: int, bound: list[tuple[str, Any, Node | None]]) -> None:
        """Note what a round of a comprehension bound; what has no node yet was not computed with."""
        for name, value, before in bound:
            node = before or self.nodes.known.get(id(value))
            if node is not None:
                self.nodes.trace.items.append(Item(done.start, done.end, frame, name, node))

    def delegate(self, site: int, iterable: Any) -> Any:
        """``yield from iterable``."""
        return items(self.nodes, site, iterable) if isinstance(iterable, TAKEN_APART) else iterable

    def tick(self, site: int) -> None:
        """A round of a ``while`` loop begins."""
        for position in range(len(self.open) - 1, -1, -1):
            activity = self.open[position]
            if activity.kind == "round" and activity.site == site:
                self._round_over(activity, position)
                break
            if activity.kind == "call":
                break
        self.begin("round", site, len(self.open))

    def loop_end(self, site: int) -> None:
        """A ``while`` loop is over, by its test or by leaving it."""
        if self.stopper.stopped:
            return
        for position in range(len(self.open) - 1, -1, -1):
            activity = self.open[position]
            if activity.kind == "call":
                return
            if activity.site == site:
                self._round_over(activity, position)
                return
