"""Lead what a program writes into a folder of its own, and let it find it there again."""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
import shutil
from pathlib import Path
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FORGOTTEN = ("chmod", "chown", "utime", "truncate", "symlink", "link", "mkfifo", "mknod", "setxattr")


class Overlay:
    """A folder in which every path of the machine has its place.

    Reading looks there first, writing goes there only, deleting reaches nothing else. ``install`` puts its
    methods in the place of Python's own functions, which it keeps under their names.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.own_open, self.own_os_open = io.open, os.open
        self.own_stat, self.own_listdir, self.own_chdir = os.stat, os.listdir, os.chdir
        self.own_mkdir, self.own_unlink, self.own_rmdir = os.mkdir, os.unlink, os.rmdir
        self.own_rename, self.own_rmtree = os.rename, shutil.rmtree

    def install(self) -> None:
        """Take the place of the functions that open, make, move and delete."""
        replaced: dict[Any, dict[str, Any]] = {
            builtins: {"open": self.open},
            io: {"open": self.open},
            shutil: {"rmtree": self.rmtree},
            os: {
                "open": self.os_open, "mkdir": self.make, "makedirs": self.make, "remove": self.remove,
                "unlink": self.remove, "rmdir": self.remove_folder, "removedirs": self.remove_folder,
                "rename": self.rename, "replace": self.rename, "renames": self.rename, "stat": self.stat,
                "listdir": self.listdir, "chdir": self.chdir,
            },
        }  # fmt: skip
        for module, functions in replaced.items():
            for name, function in functions.items():
                setattr(module, name, function)
        with contextlib.suppress(ImportError, AttributeError, KeyError):
            from numpy.lib import _datasource  # keeps io.open in a table of its own, for savetxt

            _datasource._file_openers._file_openers[None] = self.open  # type: ignore[attr-defined]
        for name in FORGOTTEN:
            if hasattr(os, name):
                setattr(os, name, lambda *_, **__: None)

    # ------------------------------------------------------------------ paths
    def place(self, path: Any) -> str:
        """Where a path lies in the folder."""
        full = os.path.abspath(os.fsdecode(path))
        if full.startswith((self.folder, os.devnull)):
            return full
        return self.folder + "/" + full.lstrip("/\\").replace(":", "")

    def seen(self, path: Any) -> Any:
        """The path that is read for ``path``: that in the folder, if the program has written it."""
        if not isinstance(path, str | bytes | os.PathLike):
            return path
        here = self.place(path)
        return here if self._stands(here) else path

    def written(self, path: Any, keep: bool) -> Any:
        """The path that is written for ``path``; ``keep`` says that what the file holds is wanted."""
        if not isinstance(path, str | bytes | os.PathLike):
            return path
        here = self.place(path)
        if here.startswith(self.folder):
            self._make(os.path.dirname(here))
            if keep and not self._stands(here) and os.path.isfile(path):
                self._copy(path, here)
        return here

    def _stands(self, path: str) -> bool:
        try:
            self.own_stat(path)
        except (OSError, ValueError):
            return False
        return True

    def _make(self, folder: str) -> None:
        if not self._stands(folder):
            self._make(os.path.dirname(folder))
            with contextlib.suppress(FileExistsError):
                self.own_mkdir(folder, 0o700)

    def _copy(self, source: Any, target: str) -> None:
        with self.own_open(source, "rb") as old, self.own_open(target, "wb") as new:
            shutil.copyfileobj(old, new)

    # ------------------------------------------------------------------ in the place of Python's
    def open(self, file: Any, mode: str = "r", *rest: Any, **keywords: Any) -> Any:
        """``open``."""
        writes = isinstance(mode, str) and not {"w", "a", "x", "+"}.isdisjoint(mode)
        path = self.written(file, "w" not in mode) if writes else self.seen(file)
        return self.own_open(path, mode, *rest, **keywords)

    def os_open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        """``os.open``."""
        if dir_fd is None:
            keep = not flags & os.O_TRUNC or not flags & os.O_CREAT
            path = self.written(path, keep) if flags & WRITING else self.seen(path)
        return self.own_os_open(path, flags, mode, dir_fd=dir_fd)

    def make(self, path: Any, *_: Any, **__: Any) -> None:
        """``os.mkdir`` and ``os.makedirs``."""
        self._make(self.place(path))

    def remove(self, path: Any, *_: Any, **__: Any) -> None:
        """``os.remove``."""
        with contextlib.suppress(OSError):
            self.own_unlink(self.place(path))

    def remove_folder(self, path: Any, *_: Any, **__: Any) -> None:
        """``os.rmdir``."""
        with contextlib.suppress(OSError):
            self.own_rmdir(self.place(path))

    def rmtree(self, path: Any, *_: Any, **__: Any) -> None:
        """``shutil.rmtree``."""
        self.discard(self.place(path))

    def discard(self, folder: str) -> None:
        """Remove a folder in truth, wherever it lies."""
        os.unlink, os.rmdir = self.own_unlink, self.own_rmdir
        try:
            self.own_rmtree(folder, ignore_errors=True)
        finally:
            os.unlink, os.rmdir = self.remove, self.remove_folder

    def rename(self, source: Any, target: Any, *_: Any, **__: Any) -> None:
        """``os.rename``: what lies outside stays where it is, and a copy of it stands at its new place."""
        found = self.seen(source)
        if not self._stands(os.fsdecode(found)):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fsdecode(source))
        place = self.written(target, keep=False)
        if found is not source:
            self.own_rename(found, place)
        elif os.path.isfile(source):
            self._copy(source, place)
        else:
            self._make(place)

    def stat(self, path: Any, *rest: Any, **keywords: Any) -> os.stat_result:
        """``os.stat``."""
        return self.own_stat(self.seen(path), *rest, **keywords)

    def listdir(self, path: Any = ".") -> list[Any]:
        """``os.listdir``: what lies in both."""
        here = self.place(path) if isinstance(path, str | os.PathLike) else ""
        if not here or not self._stands(here):
            return self.own_listdir(path)
        outside = set(self.own_listdir(path)) if self._stands(os.fspath(path)) else set()
        return sorted(outside | set(self.own_listdir(here)))

    def chdir(self, path: Any) -> None:
        """``os.chdir``."""
        outside = isinstance(path, int) or self._stands(os.fsdecode(path))
        self.own_chdir(path if outside else self.seen(path))
