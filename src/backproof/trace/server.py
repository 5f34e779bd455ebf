"""Runs programs on request: a copy of this process each, which has all that a recorder needs imported.

Called as ``python -m backproof.trace.server``; it is never imported by the rest. A request is a line on
standard input, the folder that holds the options; the answer a line on standard output, the exit code of the
copy. Where copies cannot be made the process runs one program itself, and is gone with it. It ends when its
standard input does: then nobody is left who would read an answer.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import shutil
import signal

from backproof.runner import FORKS
from backproof.trace import child

LOOK = 1.0  # seconds after which the process looks whether its parent is still there
LONGEST = 4096  # bytes of a request, a path


def main() -> None:
    """Answer requests until there are none."""
    parent, forks = os.getppid(), _forks()
    gc.disable()
    gc.freeze()
    while (folder := _request(parent)) is not None:
        if not forks:
            child.main(folder)
        _run(folder, parent)
    os._exit(0)


def _forks() -> bool:
    """Can copies be made here, and waited for? Old kernels have no handle for a process."""
    if not FORKS:
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def _request(parent: int) -> str | None:
    """Wait for the next folder; None at the end of the requests."""
    line = b""
    while not line.endswith(b"\n"):
        if select.select([0], [], [], LOOK)[0]:
            part = os.read(0, LONGEST)
            if not part:
                return None
            line += part
        elif os.getppid() != parent:
            return None
    return os.fsdecode(line[:-1])


def _run(folder: str, parent: int) -> None:
    """Run one program in a copy of this process, and say how it ended."""
    copy = os.fork()
    if copy == 0:
        try:
            os.setsid()
            child.main(folder)
        finally:
            os._exit(1)
    try:
        handle = os.pidfd_open(copy)
        wanted = _wait(handle, parent)
        os.close(handle)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(copy, signal.SIGKILL)  # the copy is not waited for yet: its number is still its own
        with contextlib.suppress(ProcessLookupError):
            os.kill(copy, signal.SIGKILL)
        _, status = os.waitpid(copy, 0)
    if not wanted:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)
    os.write(1, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _wait(handle: int, parent: int) -> bool:
    """Wait for the end of a copy; False where nobody wants to know of it any more."""
    while True:
        ready = select.select([handle, 0], [], [], LOOK)[0]
        if handle in ready:
            return True
        if 0 in ready or os.getppid() != parent:
            return False


if __name__ == "__main__":
    main()
