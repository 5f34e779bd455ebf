"""The limits of a run: its memory, and its time by the clock."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
import threading
import time
from typing import Any

from backproof.trace.child.ending import Ending
from backproof.trace.child.frames import outwards, place
from backproof.trace.events import Crash

LOOK = 0.25  # seconds after which the run looks whether it is still wanted
GRACE = 1.5  # seconds after the time limit at which a call that holds the interpreter is cut off


def limit(options: dict[str, Any], ending: Ending) -> None:
    """Limit the memory, and the time: by a thread, and by one that does not need the interpreter."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (options["memory"], before[1]))
        ending.memory = before
    deadline = time.monotonic() + options["seconds"]
    faulthandler.dump_traceback_later(options["seconds"] + GRACE, exit=True, file=options["stacks"])
    main, parent = threading.main_thread().ident, os.getppid()
    leave, parent_of = os._exit, os.getppid

    def watch() -> None:
        idle = threading.Event()
        while (left := deadline - time.monotonic()) > 0:
            idle.wait(min(left, LOOK))
            if parent_of() != parent:  # nobody is left to read the trace, or to clear up
                ending.overlay.discard(str(ending.folder))
                leave(1)
            if ending.followed is not None and ending.is_asked_for():
                ending.write("interrupted", outwards(sys._current_frames()[main]) if main else [])
        frames = outwards(sys._current_frames().get(main)) if main is not None else []
        file, row = place([(frame, frame.f_lineno) for frame in frames], ending.trace.files)
        ending.write("timeout", frames, Crash("TimeoutError", "", file, row))

    threading.Thread(target=watch, daemon=True).start()

    def exit_at_once(_: int) -> None:
        frames = outwards(sys._getframe(1))
        file, row = place([(frame, frame.f_lineno) for frame in frames], ending.trace.files)
        ending.write("exited", frames, Crash("SystemExit", "", file, row))

    os._exit = exit_at_once  # type: ignore[assignment]
