"""Pictures in the terminal: data and fit, and the curve of the loss."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_MARGIN = 13  # characters that plotille puts left of the canvas
_LONGEST_LABEL = 9
_BLANK = "\u2800"  # the Braille character without a dot, which some fonts show as empty circles
_LONGEST_NAME = 8  # characters of an axis's name, for which plotille has ten with the parentheses


@dataclass(frozen=True, slots=True)
class Fit:
    """What there is to see: dots and a line; the data and the network, where nothing else is said.

    ``x_name`` and ``y_name`` are the labels of the axes.
    """

    x: Array
    y: Array
    line_x: Array
    line_y: Array
    x_name: str = "x"
    y_name: str = "y"
    dots: str = "the data"
    line: str = "the network"


def terminal_plot(fit: Fit, *, width: int = 72, height: int = 14, colour: bool = False) -> str:
    """Draw data and fit in characters, no wider than ``width`` or the terminal."""
    from plotille import color  # here, since only who draws should wait for it

    bounds = bounds_of([fit.x, fit.line_x]), bounds_of([fit.y], room=0.15)
    figure, last = _canvas(*bounds, (fit.x_name, fit.y_name), width, height, colour=colour)
    figure.scatter(*_drawable(fit.x, fit.y, last, bounds[1]), lc="cyan")
    figure.plot(*_drawable(fit.line_x, fit.line_y, last, bounds[1]), lc="bright_yellow")
    dots, line = (
        color(word, fg=shade, no_color=not colour)
        for word, shade in (("dots", "cyan"), ("line", "bright_yellow"))
    )
    room = min(width, shutil.get_terminal_size().columns) - len(f"dots: {fit.dots}   line: {fit.line}")
    legend = f"{'':{min(_MARGIN, max(room, 0))}}{dots}: {fit.dots}   {line}: {fit.line}"
    return f"{_drawn(figure)}\n{legend}"


def terminal_curve(
    history: Sequence[tuple[int, float]], *, width: int = 72, height: int = 10, colour: bool = False
) -> str:
    """Draw the curve of a loss in characters, on a logarithmic axis; where there is none yet, nothing."""
    points = np.array([(step, math.log10(loss)) for step, loss in history if 0 < loss < math.inf])
    if len(points) < 2:
        return ""
    steps, powers = points.T
    bounds = bounds_of([steps]), bounds_of([powers], room=0.05)
    figure, last = _canvas(*bounds, ("steps", "loss"), width, height, colour=colour)
    figure.x_ticks_fkt, figure.y_ticks_fkt = _count, _power
    figure.plot(*_drawable(steps, powers, last, bounds[1]), lc="cyan")
    return _drawn(figure)


def _canvas(
    x_bounds: tuple[float, float],
    y_bounds: tuple[float, float],
    names: tuple[str, str],
    width: int,
    height: int,
    *,
    colour: bool,
) -> tuple[Any, float]:
    """An empty figure no wider than the terminal, and the largest x that it shows."""
    from plotille import Figure

    figure = Figure()
    figure.linesep = "\n"
    figure.origin = False
    figure.with_colors = colour
    figure.x_label, figure.y_label = map(_short, names)
    figure.x_ticks_fkt = figure.y_ticks_fkt = _tick
    # Beyond the canvas come an arrow with the name of the axis, and the label of the last tick; there is
    # a tick every ten characters, so that with whole tens the last one is at the end.
    beyond = max(len(f"|-> ({figure.x_label})"), _LONGEST_LABEL)
    width = min(width, shutil.get_terminal_size().columns)
    figure.width, figure.height = max((width - _MARGIN - beyond) // 10 * 10, 10), height
    figure.set_x_limits(*x_bounds)
    figure.set_y_limits(*y_bounds)
    # The canvas ends one dot before its upper limit: what lies on it belongs into the last column.
    return figure, x_bounds[1] - (x_bounds[1] - x_bounds[0]) / (2 * figure.width)


def _drawn(figure: Any) -> str:
    return "\n".join(row.rstrip() for row in figure.show().replace(_BLANK, " ").splitlines())


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


def _power(value: float, _: float) -> str:
    """Write a label of a logarithmic axis."""
    return f"{10.0**value:.1e}"


def _count(value: float, _: float) -> str:
    """Write a number of steps, as 1.5M.

    >>> [_count(value, 0.0) for value in (0.0, 999.4, 1500.0, 2e6, 1.25e10)]
    ['0', '999', '1.5k', '2M', '12.5G']
    """
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.0f}"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
