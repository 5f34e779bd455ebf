"""Where the run is: the time, the frame, and the names of every frame."""

from __future__ import annotations

from typing import Any

from backproof.graph import Node
from backproof.trace.events import Activity, Frame, Origin, Trace


class Names:
    """The names of one frame: each maps to the node stored there, the object it holds, and when.

    ``parent`` is the frame that it was entered from; ``activity`` is the call, and ``depth`` the number of
    activities that were open when it began. ``handed`` are the arguments that were renamed for it: the
    object, what it meant to the caller, and what it means in this frame.
    """

    __slots__ = ("activity", "bound", "depth", "handed", "number", "parent")

    def __init__(self, number: int, parent: Names | None) -> None:
        self.number = number
        self.parent = parent
        self.bound: dict[str, tuple[Node, Any, int]] = {}
        self.activity: Activity | None = None
        self.depth = 0
        self.handed: list[tuple[Any, Node, Node]] = []


class Moment:
    """The present of a run. Time goes on by one with every event."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.time = 0
        self.current = self.frame(None, None)

    def tick(self) -> int:
        """Let time go on."""
        self.time += 1
        return self.time

    def origin(self, site: int, operand_sites: tuple[int | None, ...]) -> Origin:
        """The origin of a node that is made now."""
        self.time += 1
        return Origin(site, operand_sites, self.current.number, self.time)

    def frame(self, site: int | None, call: int | None, within: Names | None = None) -> Names:
        """A new frame; the present one goes on until the new one is made ``current``.

        ``within`` is the frame of the function around the one that was called.
        """
        parent = self.current if self.trace.frames else None
        names = Names(len(self.trace.frames), parent)
        number = None if parent is None else parent.number
        around = None if within is None else within.number
        self.trace.frames.append(Frame(names.number, site, call, number, self.time, around))
        return names

    def back_from(self, frame: Names) -> None:
        """A frame is over: its parent is ``current`` again, unless it was a generator closed late."""
        inner: Names | None = self.current
        while inner is not None and inner is not frame:
            inner = inner.parent
        if inner is not None and frame.parent is not None:
            self.current = frame.parent
