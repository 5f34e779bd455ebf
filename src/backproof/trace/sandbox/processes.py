"""One process only: others are said to have ended well, and their work is done by threads of this one."""

from __future__ import annotations

import contextlib
import errno
import importlib.machinery
import io
import os
import signal
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

PATIENCE = 0.2  # seconds that a started thread may do nothing that is recorded


class Finished:
    """Stands for ``subprocess.Popen``: a process that has ended well and said nothing."""

    pid = returncode = 0

    def __init__(self, args: Any = (), *_: Any, **keywords: Any) -> None:
        text = any(keywords.get(k) for k in ("text", "universal_newlines", "encoding", "errors"))
        self.args = args
        self.nothing: Any = "" if text else b""
        streams = [io.StringIO() if text else io.BytesIO() for _ in range(3)]
        self.stdin, self.stdout, self.stderr = streams

    def __class_getitem__(cls, _: Any) -> type[Finished]:
        return cls

    def __enter__(self) -> Finished:
        return self

    def __exit__(self, *_: object) -> None:
        """It has ended already."""

    def communicate(self, *_: Any, **__: Any) -> tuple[Any, Any]:
        """Nothing was said, on either stream."""
        return self.nothing, self.nothing

    def wait(self, *_: Any, **__: Any) -> int:
        """It has ended well."""
        return 0

    poll = wait

    def kill(self, *_: Any) -> None:
        """It has ended already."""

    terminate = send_signal = kill


class Amending:
    """Changes modules of the standard library when they are imported; most programs import none of them."""

    def __init__(self) -> None:
        self.changes: dict[str, Callable[[Any], None]] = {
            "subprocess": _no_subprocess,
            "multiprocessing": _threads_for_processes,
            "concurrent.futures.process": _threads_for_executor,
        }
        for name in [name for name in self.changes if name in sys.modules]:
            self.changes.pop(name)(sys.modules[name])

    def find_spec(self, name: str, path: Any = None, _: Any = None) -> Any:
        """The import system asks for a module."""
        change = self.changes.pop(name, None)
        if change is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def exec_module(module: types.ModuleType) -> None:
            load(module)
            change(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _no_subprocess(module: Any) -> None:
    module.Popen = Finished


def _threads_for_processes(module: Any) -> None:
    """Work for other processes is done by threads of this one, where the recorder sees it."""
    from multiprocessing import dummy

    for name in dummy.__all__:
        setattr(module, name, getattr(dummy, name))

    class Process(dummy.DummyProcess):
        """A thread that is asked what a process is asked."""

        def __init__(self, *arguments: Any, daemon: bool | None = None, **keywords: Any) -> None:
            super().__init__(*arguments, **keywords)
            self.daemon = True if daemon is None else daemon

        def close(self) -> None:
            """There is nothing to close."""

        terminate = kill = close

    module.Process = Process
    module.get_context = lambda *_: module
    module.set_start_method = lambda *_, **__: None


def _threads_for_executor(module: Any) -> None:
    from concurrent.futures.thread import ThreadPoolExecutor

    class ProcessPoolExecutor(ThreadPoolExecutor):
        """Runs in threads."""

        def __init__(
            self, max_workers: Any = None, _: Any = None, initializer: Any = None, initargs: Any = ()
        ) -> None:
            super().__init__(max_workers, "", initializer, initargs)

    module.ProcessPoolExecutor = ProcessPoolExecutor


def threads_in_turn(progress: Callable[[], int]) -> None:
    """Let a thread that is started run before the one that starts it goes on.

    For as long as ``progress`` grows: the recorder follows one flow of calls, and a thread that only waits is
    not waited for.
    """
    start, join = threading.Thread.start, threading.Thread.join

    def start_and_wait(thread: threading.Thread) -> None:
        start(thread)
        last = -1
        while thread.is_alive() and (now := progress()) != last:
            last = now
            join(thread, PATIENCE)

    threading.Thread.start = start_and_wait  # type: ignore[method-assign,assignment]


def without_processes() -> None:
    """Start no other process and end none."""
    sys.meta_path.insert(0, Amending())

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EPERM, "no second process runs while a program is checked")

    def done(*_: Any, **__: Any) -> int:
        return 0

    def gone(*_: Any, **__: Any) -> None:
        raise SystemExit

    kill, own = os.kill, os.getpid()

    def kill_own(pid: int, number: int) -> None:
        if pid == own and number:
            if not callable(signal.getsignal(number)):
                raise SystemExit
            kill(pid, number)

    for name in dir(os):
        if name in ("fork", "forkpty"):
            setattr(os, name, refuse)
        elif name.startswith(("spawn", "posix_spawn")) or name in ("system", "startfile", "killpg", "nice"):
            setattr(os, name, done)
        elif name.startswith("exec"):
            setattr(os, name, gone)
    os.kill = kill_own
    with contextlib.suppress(ImportError):
        import _posixsubprocess

        _posixsubprocess.fork_exec = refuse
