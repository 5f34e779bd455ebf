"""Keep the user's machine as it was: no windows, no questions, no files written, no output."""

from __future__ import annotations

import builtins
import importlib.machinery
import importlib.util
import io
import os
import shutil
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ANSWER = "3"  # what input() is answered: a small odd number serves where a size is asked for
PLOTTING = frozenset({"matplotlib", "pylab", "seaborn", "mpl_toolkits", "plotly", "bokeh"})


class NoPlot(types.ModuleType):
    """Stands for a plotting library.

    Every attribute, call and item is another one of it, and does nothing.
    """

    __path__: list[str] = []  # noqa: RUF012 - the import system asks for a list

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return NoPlot(name)

    def __call__(self, *arguments: Any, **keywords: Any) -> NoPlot:
        return NoPlot("call")

    def __getitem__(self, key: Any) -> NoPlot:
        return NoPlot("item")

    def __setitem__(self, key: Any, value: Any) -> None:
        """Settings are forgotten."""

    def __iter__(self) -> Iterator[NoPlot]:
        return iter((NoPlot("first"), NoPlot("second")))

    def __enter__(self) -> NoPlot:
        return self

    def __exit__(self, *exception: object) -> None:
        """Leave nothing behind."""


class PlotFinder:
    """Finds every module of a plotting library, and gives one that does nothing."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The import system asks for a module."""
        if name.partition(".")[0] not in PLOTTING:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: Any) -> NoPlot:
        """The module, which has every attribute."""
        return NoPlot(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to run."""


class Progress:
    """Stands for ``tqdm``: the iterable that it was given, and no bar."""

    def __init__(self, iterable: Any = None, *arguments: Any, **keywords: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable if self.iterable is not None else ())

    def __len__(self) -> int:
        return len(self.iterable)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        """There is nothing to close."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments, **keywords: None

    @staticmethod
    def write(*arguments: Any, **keywords: Any) -> None:
        """Print nothing."""


def without_plots() -> None:
    """Replace the plotting libraries; importing them would cost more than the whole check."""
    sys.meta_path.insert(0, PlotFinder())  # type: ignore[arg-type]
    if importlib.util.find_spec("tqdm") is None:
        bar = types.ModuleType("tqdm")
        bar.tqdm = Progress  # type: ignore[attr-defined]
        bar.trange = lambda *a, **k: Progress(range(*a))  # type: ignore[attr-defined]
        for name in ("tqdm", "tqdm.auto", "tqdm.notebook"):
            sys.modules[name] = bar


def quiet() -> None:
    """Send what the program prints to nowhere, and answer what it asks."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    sys.stdin = io.StringIO("")
    builtins.input = lambda *prompt: ANSWER


def without_writes() -> Path:
    """Lead everything that the program would write into a folder of its own.

    And make deletions do nothing.
    """
    folder = Path(tempfile.mkdtemp(prefix="backproof-"))
    plain_open, plain_mkdir, plain_makedirs = io.open, os.mkdir, os.makedirs

    def inside(path: Any) -> Any:
        if isinstance(path, int):
            return path
        full = Path(os.path.abspath(os.fspath(path)))
        if str(full).startswith((str(folder), os.devnull)):
            return path
        moved = folder / str(full).lstrip("/\\").replace(":", "")
        plain_makedirs(moved.parent, exist_ok=True)
        return moved

    def open_(file: Any, mode: str = "r", *rest: Any, **keywords: Any) -> Any:
        if isinstance(file, str | os.PathLike):
            moved = folder / str(Path(os.path.abspath(os.fspath(file)))).lstrip("/\\").replace(":", "")
            if any(letter in mode for letter in "wax+"):
                new = inside(file)
                if (
                    ("a" in mode or "+" in mode)
                    and not moved.exists()
                    and os.path.exists(file)
                    and "w" not in mode
                ):
                    shutil.copy(file, moved)
                file = new
            elif moved.exists():
                file = moved
        return plain_open(file, mode, *rest, **keywords)

    builtins.open = open_
    io.open = open_
    os.mkdir = lambda path, *a, **k: (
        plain_mkdir(inside(path), *a, **k) if not os.path.isdir(inside(path)) else None
    )
    os.makedirs = lambda path, *a, **k: plain_makedirs(inside(path), exist_ok=True)
    nothing: Callable[..., None] = lambda *a, **k: None  # noqa: E731
    for name in ("remove", "unlink", "rmdir", "rename", "replace", "chmod", "truncate", "symlink", "link"):
        setattr(os, name, nothing)
    shutil.rmtree = nothing  # type: ignore[assignment]
    return folder
