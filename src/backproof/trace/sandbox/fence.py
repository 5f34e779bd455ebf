"""Refuse what slips through: changes of files elsewhere, and signals to other processes."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import struct
import sys
from pathlib import Path
from typing import Any

CHANGING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PATHS = {  # what an event changes: positions of paths among its arguments, and of their folders, if any
    "os.remove": ((0, 1),), "os.rmdir": ((0, 1),), "os.mkdir": ((0, 2),), "os.chmod": ((0, 2),),
    "os.truncate": ((0, None),), "os.rename": ((0, 2), (1, 3)), "os.link": ((1, 3),), "os.symlink": ((1, 2),),
}  # fmt: skip
PROCESSES = frozenset(
    {"os.fork", "os.forkpty", "os.posix_spawn", "os.system", "os.exec", "pty.spawn", "os.kill", "os.killpg"}
)
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # system calls, alike on every architecture
WRITE_FILE, REFER, TRUNCATE, SIGNALS = 1 << 1, 1 << 13, 1 << 14, 1 << 1
SHARED = 1 << 5 | 1 << 8  # remove and make files: what locks between threads are made of
REMOVE_FOLDER = 1 << 4
REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))


def fence(folder: Path) -> None:
    """Refuse what would change files outside ``folder``, or reach other processes.

    Python's own audit events do it everywhere; on Linux so does the kernel (Landlock,
    https://docs.kernel.org/userspace-api/landlock.html), which holds for C code too.
    """
    inside, own = str(folder), os.getpid()

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if not isinstance(arguments[2], int) or not arguments[2] & CHANGING:
                return
            changed = [(arguments[0], None)]
        elif event in PATHS:
            changed = [(arguments[p], None if f is None else arguments[f]) for p, f in PATHS[event]]
        elif event in PROCESSES and not (event == "os.kill" and arguments[0] == own):
            raise PermissionError(errno.EPERM, f"{event} does not run while a program is checked")
        else:
            return
        for path, opened in changed:
            if isinstance(path, str | bytes) and not _full(path, opened).startswith((inside, "/dev/")):
                raise PermissionError(errno.EACCES, "not changed while a program is checked", path)

    with contextlib.suppress(OSError, AttributeError):
        _landlock(inside)
    sys.addaudithook(audit)


def _full(path: str | bytes, opened: Any) -> str:
    """A path in full; ``opened`` is the descriptor of the folder that it is relative to, or -1."""
    start = ""
    if isinstance(opened, int) and opened >= 0:
        with contextlib.suppress(OSError):
            start = os.readlink(f"/proc/self/fd/{opened}")
    return os.path.abspath(os.path.join(start, os.fsdecode(path)))


def _landlock(folder: str) -> None:
    """Let this process write below ``folder`` and to devices only; an older kernel is left as it is."""
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return
    changes = WRITE_FILE | REMOVE_AND_MAKE
    changes |= (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0)
    rules = struct.pack("=QQQ", changes, 0, SIGNALS)[: 24 if version >= 6 else 8]
    handle = library.syscall(CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), 0)
    if handle < 0:
        return
    try:
        devices = changes & (WRITE_FILE | TRUNCATE)
        allowed = ((folder, changes), ("/dev", devices), ("/dev/shm", devices | SHARED))
        above = os.path.dirname(
            folder
        )  # where the folder itself is removed when nobody else is left to do it
        for path, rights in (*allowed, (above, REMOVE_FOLDER)):
            if not os.path.isdir(path):
                continue
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
            library.syscall(ADD_RULE, handle, 1, struct.pack("=Qi", rights, opened), 0)
            os.close(opened)
        library.prctl(38, 1, 0, 0, 0)  # no new privileges, without which the kernel would refuse
        library.syscall(RESTRICT_SELF, handle, 0)
    finally:
        os.close(handle)
