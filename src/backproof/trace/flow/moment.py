"""Where the run is: the time, the frame, and the names of every frame."""

from __future__ import annotations

from typing import Any

from backproof.graph import Node
from backproof.trace.events import Frame, Origin, Trace


class Names:
    """The names of one frame: each maps to the node stored there, the object it holds, and when.

    ``depth`` is the number of activities that were open when the frame was entered.
    """

    __slots__ = ("bound", "depth", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.bound: dict[str, tuple[Node, Any, int]] = {}
        self.depth = 0


class Moment:
    """The present of a run. Time goes on by one with every event."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.time = 0
        self.frames: list[Names] = []
        self.current = self.frame(None, None)

    def tick(self) -> int:
        """Let time go on."""
        self.time += 1
        return self.time

    def origin(self, site: int, operand_sites: tuple[int | None, ...]) -> Origin:
        """The origin of a node that is made now."""
        self.time += 1
        return Origin(site, operand_sites, self.current.number, self.time)

    def frame(self, site: int | None, call: int | None) -> Names:
        """A new frame; the present one goes on until the new one is made ``current``."""
        names = Names(len(self.frames))
        self.frames.append(names)
        parent = self.current.number if names.number else None
        self.trace.frames.append(Frame(names.number, site, call, parent, self.time))
        return names
