"""Pictures of data and fit: in the terminal, and into a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backproof.errors import BackproofError
from backproof.train.canvas import Canvas, bounds_of

Array = NDArray[np.float64]
SUFFIXES = (".png", ".svg", ".pdf")


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
    """Draw data and fit in characters."""
    canvas = Canvas(
        bounds_of([fit.x, fit.line_x]),
        bounds_of([fit.y], room=0.15),
        width=max(width - 10, 20),
        height=height,
    )
    canvas.dots(fit.x, fit.y, "data")
    canvas.line(fit.line_x, fit.line_y, "fit")
    key = "dots: the data   line: the network"
    if colour:
        key = "\x1b[36mdots\x1b[0m: the data   \x1b[33;1mline\x1b[0m: the network"
    return f"{canvas.render(colour=colour)}\n{'':8}{key}"


def check_plot_path(path: Path) -> None:
    """Refuse, before the training, a picture that could not be written after it."""
    if path.suffix.lower() not in SUFFIXES:
        raise PlotError(f"--plot {path}: the ending decides the format; there are {', '.join(SUFFIXES)}.")
    if not path.parent.is_dir():
        raise PlotError(f"--plot {path}: there is no folder {path.parent}.")


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
    steps = [step for step, loss in fit.history if loss > 0]
    right.semilogy(steps, [loss for _, loss in fit.history if loss > 0])
    right.set(xlabel="steps", title="mean loss over all samples")
    right.grid(visible=True, alpha=0.3)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        figure.savefig(temporary, format=path.suffix.lower().lstrip("."), dpi=150)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise PlotError(f"--plot {path}: cannot be written ({error.strerror or error}).") from None
