"""The end of a run: wherever the program is, the trace is written and the process left."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from backproof.trace import sandbox
from backproof.trace.child.frames import outwards
from backproof.trace.encoding import encode
from backproof.trace.events import Crash, Trace
from backproof.trace.hooks.holdings import settled
from backproof.trace.hooks.recorder import Recorder
from backproof.trace.labels import labels
from backproof.trace.rewriting import RECORDER
from backproof.trace.stopping import EnoughSeen, Stopper
from backproof.trace.timed import ASK, WATCH

End = Literal["stopped", "finished", "crashed", "exited", "timeout", "memory", "interrupted"]


class Ending:
    """Ends the run from wherever it is: writes the trace, and leaves without asking the program.

    An exception would not do. Programs catch everything in their loops, clean up in ``finally``, train in
    threads, and wait in calls that no exception reaches.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.overlay = sandbox.Overlay(folder / "files")
        self.space: dict[str, Any] = {}
        self.trace = Trace()
        self.recorder: Recorder | None = None
        self.once = threading.Lock()
        self.memory: tuple[int, int] | None = None
        self.error = ""
        self.followed: Callable[[list[dict[str, Any]]], object] | None = None
        self._open, self._rename, self._leave, self._stat = os.open, os.rename, os._exit, os.stat

    def is_asked_for(self) -> bool:
        """Has the caller asked for the end?"""
        try:
            self._stat(self.folder / ASK)
        except OSError:
            return False
        return True

    def write(self, ended: End, frames: list[types.FrameType], crash: Crash | None = None) -> None:
        """Write what has been recorded, with the names that these frames give to it; does not return."""
        self.once.acquire()  # for ever: whoever comes second waits until the process is gone
        self._free()
        trace = self.trace
        trace.ended, trace.crash = ended, crash
        try:
            now = self.recorder.moment.time + 1 if self.recorder is not None else 0
            if self.recorder is not None and ended == "crashed":
                self.recorder.cut_off()
            for activity in trace.activities:
                if activity.end < 0:
                    activity.end, activity.complete = now, ended in ("finished", "exited")
            names = [dict(frame.f_locals) for frame in frames if RECORDER in frame.f_globals]
            trace.labels = labels(trace, self.space, names)
            if self.followed is not None:
                own = [dict(f.f_locals) for f in frames[::-1] if WATCH in f.f_globals]
                self.followed([*own, self.space])
            if self.recorder is not None:
                trace.holdings = settled(trace.holdings, self.recorder.nodes.awaited)
            data = encode(trace)
        except (MemoryError, RecursionError):
            data = encode(Trace(ended=ended, crash=crash, files=trace.files))
        if self.error:
            self._file("error", self.error.encode(errors="replace"))
        self._file("trace", data)
        self._leave(0)

    def fail(self) -> None:
        """Say that backproof itself failed; does not return."""
        self._free()
        self._file("failure", traceback.format_exc(limit=-8).encode(errors="replace"))
        self._leave(3)

    def _free(self) -> None:
        """Lift the limits, which were the program's."""
        faulthandler.cancel_dump_traceback_later()
        sys.setrecursionlimit(10**6)  # which the sandbox takes for as much as there is room for
        if self.memory is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_AS, self.memory)

    def _file(self, name: str, data: bytes) -> None:
        part = self.folder / "part"
        handle = self._open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.close(handle)
        self._rename(part, self.folder / name)


class EndingStopper(Stopper):
    """Ends the run where enough is seen, instead of raising."""

    def __init__(self, steps: int, ending: Ending) -> None:
        super().__init__(steps)
        self.ending = ending

    def _end(self) -> None:
        self.ending.write("stopped", outwards(sys._getframe(1)))

    def stored(self, *arguments: Any) -> None:
        """A place was given a new value."""
        try:
            super().stored(*arguments)
        except EnoughSeen:
            self._end()

    def round_done(self, *arguments: Any) -> None:
        """A round of a loop is over."""
        try:
            super().round_done(*arguments)
        except EnoughSeen:
            self._end()

    def minimised(self, *arguments: Any) -> None:
        """A minimiser has been given a loss and its gradient."""
        try:
            super().minimised(*arguments)
        except EnoughSeen:
            self._end()

    def too_much(self) -> None:
        """The trace has outgrown its limit."""
        try:
            super().too_much()
        except EnoughSeen:
            self._end()
