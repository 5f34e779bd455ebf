"""Loops and calls as they are open, one inside the other: their rounds, and when each ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from backproof.trace.events import Activity
from backproof.trace.flow.arrays import items
from backproof.trace.flow.nodes import Nodes


class Activities:
    """The rounds and calls that are open now, outermost first."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.moment = nodes.moment
        self.stopper = nodes.stopper
        self.open: list[Activity] = []

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

    def _close(self, activity: Activity | None, depth: int) -> None:
        if len(self.open) > depth or activity is not None:
            now = self.moment.tick()
            if activity is not None:
                activity.end = now
            self.end(depth, now)
            if activity is not None:
                self.stopper.round_done(activity)

    def iterate(self, site: int, iterable: Any) -> Iterator[Any]:
        """Run a loop over ``iterable``, marking its rounds."""
        source = items(self.nodes, site, iterable) if isinstance(iterable, np.ndarray) else iter(iterable)
        depth = len(self.open)
        try:
            for value in source:
                activity = self.begin("round", site, depth)
                yield value
                self._close(activity, depth)
        finally:
            self._close(None, depth)

    def tick(self, site: int) -> None:
        """A round of a ``while`` loop begins."""
        for position in range(len(self.open) - 1, -1, -1):
            activity = self.open[position]
            if activity.kind == "round" and activity.site == site:
                self._close(activity, position)
                break
            if activity.kind == "call":
                break
        self.begin("round", site, len(self.open))

    def loop_end(self, site: int) -> None:
        """A ``while`` loop is over."""
        for position in range(len(self.open) - 1, -1, -1):
            activity = self.open[position]
            if activity.kind == "call":
                return
            if activity.site == site:
                self._close(activity, position)
                return
