"""The process in which programs run: started early, so that it makes itself ready while its caller does.

It knows nothing of traces: it is asked to run what a folder holds, and says how that ended.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # what starts the process has to be quick to import
    from collections.abc import Iterable
    from pathlib import Path

SERVER = "backproof.trace.server"
FORKS = sys.platform == "linux" and hasattr(os, "pidfd_open")  # else the process runs one program, itself
PATIENCE = 3.0  # seconds that the process has to end what it runs, and itself
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
FOREIGN = ("DISPLAY", "WAYLAND_DISPLAY", "PYTHONSTARTUP", "PYTHONINSPECT")


class Ended(NamedTuple):
    """How a run ended.

    ``code`` is its exit code, negative for a signal, None where it had to be stopped; ``said`` is what a
    process said that could not even begin.
    """

    code: int | None
    said: str = ""


class Runner:
    """Runs programs, one after the other, in a process that is started once.

    Leave it by ``with`` or ``stop``, which takes the process, and what still runs in it, away. ``process`` is
    None until it is started, and when it has gone; ``busy`` says that a program runs in it.
    """

    __slots__ = ("busy", "process")

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.busy = False

    def start(self) -> None:
        """Start the process, if there is none, without waiting until it is ready."""
        if self.process is not None:
            return
        environment = os.environ | dict.fromkeys(ONE_THREAD, "1") | {"MPLBACKEND": "Agg"}
        for name in FOREIGN:
            environment.pop(name, None)
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", SERVER],
            stdin=pipe, stdout=pipe, stderr=pipe, env=environment, bufsize=0, start_new_session=True,
        )  # fmt: skip

    def run(
        self, folder: Path, limits: Iterable[tuple[float, Path | None]], ask: Path | None = None
    ) -> Ended:
        """Run what ``folder`` asks for.

        ``limits`` are times to wait, in seconds, one after the other; a later one counts only where its file
        is there by then. A run that lasts longer is stopped. At Ctrl-C the file ``ask`` is made, which asks
        the run to end itself; where it does not in a while, or Ctrl-C comes again, it is an interrupt.
        """
        self.start()
        assert self.process is not None
        assert self.process.stdin is not None
        self.busy = True
        with contextlib.suppress(BrokenPipeError):  # it is dead, and its answer says so
            self.process.stdin.write(f"{folder}\n".encode())
        for seconds, needed in limits:
            if needed is not None and not needed.exists():
                break
            try:
                ended = self._answer(self.process, seconds)
            except KeyboardInterrupt:
                if ask is None:
                    raise
                ask.touch()
                ended = self._answer(self.process, PATIENCE)
                if ended is None:
                    raise
            if ended is not None:
                return ended
        self.stop()
        return Ended(None)

    def _answer(self, process: subprocess.Popen[bytes], seconds: float) -> Ended | None:
        """Wait for the exit code; a process that closes its end has run the program itself, or is dead."""
        assert process.stdout is not None
        assert process.stderr is not None
        deadline = time.monotonic() + seconds
        if not select.select([process.stdout], [], [], seconds)[0]:
            return None
        answer = process.stdout.read(64)
        if answer:
            self.busy = False
            return Ended(int(answer))
        try:
            code = process.wait(max(deadline - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            return None
        said = process.stderr.read()
        self.stop()
        return Ended(code, said.decode(errors="replace"))

    def stop(self) -> None:
        """End the process, and what it runs."""
        process, self.process = self.process, None
        busy, self.busy = self.busy, False
        if process is None:
            return
        assert process.stdin is not None
        try:
            process.stdin.close()  # the process takes it for the end, and ends its run first
            if busy and FORKS:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(PATIENCE)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
