"""Pictures of data and fit: in the terminal, and into a file."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.errors import BackproofError
from backproof.train.writing import check_folder, write_whole

Array = NDArray[np.float64]
SUFFIXES = (".png", ".svg", ".pdf")
_MARGIN = 13  # characters that plotille puts left of the canvas
_LONGEST_LABEL = 9
_BLANK = "\u2800"  # the Braille character without a dot, which some fonts show as empty circles
_LONGEST_NAME = 8  # characters of an axis's name, for which plotille has ten with the parentheses


class PlotError(BackproofError):
    """The picture cannot be written."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What there is to see: one output over one input, the data as points and the network as a line.

    ``history`` holds (steps, loss); ``x_name`` and ``y_name`` are the labels of the axes.
    """

    x: Array
    y: Array
    line_x: Array
    line_y: Array
    history: Sequence[tuple[int, float]] = ()
    x_name: str = "x"
    y_name: str = "y"
    title: str = ""


def terminal_plot(fit: Fit, *, width: int = 72, height: int = 14, colour: bool = False) -> str:
    """Draw data and fit in characters, no wider than ``width`` or the terminal."""
    from plotille import Figure, color  # here, since only who draws should wait for it

    x_name, y_name = _short(fit.x_name), _short(fit.y_name)
    figure = Figure()
    figure.linesep = "\n"
    figure.origin = False
    figure.with_colors = colour
    figure.x_label, figure.y_label = x_name, y_name
    figure.x_ticks_fkt = figure.y_ticks_fkt = _tick
    # Beyond the canvas come an arrow with the name of the axis, and the label of the last tick; there is
    # a tick every ten characters, so that with whole tens the last one is at the end.
    beyond = max(len(f"|-> ({x_name})"), _LONGEST_LABEL)
    width = min(width, shutil.get_terminal_size().columns)
    figure.width, figure.height = max((width - _MARGIN - beyond) // 10 * 10, 10), height
    x_bounds, y_bounds = bounds_of([fit.x, fit.line_x]), bounds_of([fit.y], room=0.15)
    figure.set_x_limits(*x_bounds)
    figure.set_y_limits(*y_bounds)
    # The canvas ends one dot before its upper limit: what lies on it belongs into the last column.
    last = x_bounds[1] - (x_bounds[1] - x_bounds[0]) / (2 * figure.width)
    figure.scatter(*_drawable(fit.x, fit.y, last, y_bounds), lc="cyan")
    figure.plot(*_drawable(fit.line_x, fit.line_y, last, y_bounds), lc="bright_yellow")
    dots, line = (
        color(word, fg=shade, no_color=not colour)
        for word, shade in (("dots", "cyan"), ("line", "bright_yellow"))
    )
    lines = [row.rstrip() for row in figure.show().replace(_BLANK, " ").splitlines()]
    indent = min(_MARGIN, max(width - len("dots: the data   line: the network"), 0))
    return "\n".join([*lines, f"{'':{indent}}{dots}: the data   {line}: the network"])


def bounds_of(values: Sequence[Array], room: float = 0.0) -> tuple[float, float]:
    """Give the smallest and the largest finite value with some room around them; they always differ."""
    together = np.concatenate([value[np.isfinite(value)].ravel() for value in values])
    if not together.size:
        return -1.0, 1.0
    low, high = float(together.min()), float(together.max())
    largest = max(abs(low), abs(high))
    # Where there is nothing to tell apart, the value is shown in the middle.
    flat = high - low <= 1e-12 * largest
    around = 0.15 * (largest or 1.0) if flat else room * (high - low)
    return low - around, high + around


def _drawable(
    x: Array, y: Array, last: float, y_bounds: tuple[float, float]
) -> tuple[list[float], list[float]]:
    """Leave out what is not finite, and bring near what is far off the canvas: a line there takes long."""
    fine = np.isfinite(x) & np.isfinite(y)
    low, high = y_bounds
    near = np.clip(y[fine], low - (high - low), high + (high - low))
    return np.minimum(x[fine], last).tolist(), near.tolist()


def _tick(value: float, following: float) -> str:
    """Write a label of an axis; where it is zero but for rounding, zero."""
    return f"{0.0 if abs(value) < (following - value) / 1000 else value:.3g}"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def check_plot_path(path: Path) -> None:
    """Refuse, before the training, a picture that could not be written after it."""
    if path.suffix.lower() not in SUFFIXES:
        raise PlotError(f"--plot {path}: the ending decides the format; there are {', '.join(SUFFIXES)}.")
    check_folder(path, "--plot")


def write_plot(fit: Fit, path: Path) -> None:
    """Draw data, fit and the curve of the loss into a file, which appears whole or not at all."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    left.plot(fit.x, fit.y, ".", markersize=3, color="0.6", label="data")
    left.plot(fit.line_x, fit.line_y, color="C1", label="network")
    low, high = bounds_of([fit.y], room=0.15)
    left.set(xlabel=fit.x_name, ylabel=fit.y_name, title=fit.title, ylim=(low, high))
    left.legend(loc="upper right")
    _draw_curve(right, fit.history)
    kind = path.suffix.lower().lstrip(".")
    write_whole(path, lambda file: figure.savefig(file, format=kind, dpi=150), "--plot")


def write_curve(history: Sequence[tuple[int, float]], path: Path) -> None:
    """Draw the curve of the loss alone into a file, which appears whole or not at all."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    _draw_curve(figure.subplots(), history)
    kind = path.suffix.lower().lstrip(".")
    write_whole(path, lambda file: figure.savefig(file, format=kind, dpi=150), "--plot")


def _draw_curve(axes: Any, history: Sequence[tuple[int, float]]) -> None:
    """Draw the loss over the steps; a loss of 0 has no place on its scale."""
    drawn = [(step, loss) for step, loss in history if loss > 0]
    axes.semilogy([step for step, _ in drawn], [loss for _, loss in drawn])
    axes.set(xlabel="steps", title="mean loss over all samples")
    axes.grid(visible=True, alpha=0.3)
