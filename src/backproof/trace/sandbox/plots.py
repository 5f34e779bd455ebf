"""Stand-ins for plotting libraries and progress bars, which do nothing and cost nothing."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

PLOTTING = frozenset(
    {"matplotlib", "pylab", "seaborn", "mpl_toolkits", "plotly", "bokeh", "tkinter", "turtle", "IPython"}
)


class NoPlot(types.ModuleType):
    """Stands for a plotting library.

    Every attribute, call and item is another one of it, and does nothing.
    """

    __path__: list[str] = []  # noqa: RUF012 - the import system asks for a list

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return NoPlot(name)

    def __call__(self, *_: Any, **__: Any) -> NoPlot:
        """Draw nothing."""
        return NoPlot("call")

    def __getitem__(self, _: Any) -> NoPlot:
        return NoPlot("item")

    def __setitem__(self, _: Any, __: Any) -> None:
        """Settings are forgotten."""

    def __iter__(self) -> Iterator[NoPlot]:
        return iter((NoPlot("first"), NoPlot("second")))

    def __enter__(self) -> NoPlot:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind."""


class PlotFinder:
    """Finds every module of a plotting library, and gives one that does nothing."""

    def find_spec(self, name: str, *_: Any) -> Any:
        """The import system asks for a module."""
        if name.partition(".")[0] not in PLOTTING:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: Any) -> NoPlot:
        """The module, which has every attribute."""
        return NoPlot(spec.name)

    def exec_module(self, _: types.ModuleType) -> None:
        """There is nothing to run."""


class Progress:
    """Stands for ``tqdm``: the iterable that it was given, and no bar."""

    def __init__(self, iterable: Any = None, *_: Any, **__: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable if self.iterable is not None else ())

    def __len__(self) -> int:
        return len(self.iterable)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to close."""

    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_, **__: None

    @staticmethod
    def write(*_: Any, **__: Any) -> None:
        """Print nothing."""


def without_plots() -> None:
    """Replace the plotting libraries; importing them would cost more than the whole check."""
    sys.meta_path.insert(0, PlotFinder())
    if importlib.util.find_spec("tqdm") is None:
        bar = types.ModuleType("tqdm")
        bar.tqdm = Progress  # type: ignore[attr-defined]
        bar.trange = lambda *a, **_: Progress(range(*a))  # type: ignore[attr-defined]
        for name in ("tqdm", "tqdm.auto", "tqdm.notebook"):
            sys.modules[name] = bar
