"""What a picture of a training is made of: panels, each drawn on axes of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.training.fits import fits_of
from backproof.training.plots import Fit, bounds_of
from backproof.training.session import Result

Array = NDArray[np.float64]
Curve = Sequence[tuple[int, float]]  # (steps, loss)
Panel = Callable[[Any], None]
MOST_PANELS = 6  # outputs that are drawn
MOST_CURVES = 50  # networks whose losses are drawn
DOTS = 3000  # samples that are drawn one by one
GRID = 120  # points of a map along each axis
MOST_NAMES = 12  # classes whose names and counts are written


def panels_of(result: Result) -> list[Panel]:
    """What shows the best network: its outputs, or where classes of several inputs are told apart, these."""
    inputs = result.data.x.shape[1]
    if result.data.classes and inputs > 1:
        shown = [draw_map, draw_confusion] if inputs == 2 else [draw_confusion]
        return [partial(draw, result=result) for draw in shown]
    return [partial(draw_fit, fit=fit) for fit in fits_of(result)[:MOST_PANELS]]


def draw_fit(axes: Any, fit: Fit) -> None:
    """Draw dots and a line."""
    every = -(-len(fit.x) // DOTS)
    axes.plot(fit.x[::every], fit.y[::every], ".", markersize=3, color="0.6", label=fit.dots)
    axes.plot(fit.line_x, fit.line_y, color="C1", label=fit.line)
    axes.set(xlabel=fit.x_name, ylabel=fit.y_name, ylim=bounds_of([fit.y], room=0.15))
    axes.legend(loc="best")


def class_numbers(y: Array) -> NDArray[np.intp]:
    """The number of each sample's class: of the largest output, or which side of ½ the only one is on."""
    return np.asarray(y[:, 0] > 0.5, dtype=np.intp) if y.shape[1] == 1 else y.argmax(axis=1)


def draw_map(axes: Any, result: Result) -> None:
    """Draw the plane of two inputs in the colours of the classes predicted there, and the samples."""
    from matplotlib.colors import ListedColormap

    data, model = result.data, result.model(result.best)
    bounds = [bounds_of([data.x[:, column]], room=0.05) for column in (0, 1)]
    across, up = (np.linspace(*limits, GRID) for limits in bounds)
    plane = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    found = class_numbers(model.outputs(plane)).reshape(GRID, GRID)
    colours = [f"C{number}" for number in range(len(data.classes))]
    axes.imshow(
        found,
        origin="lower",
        extent=(*bounds[0], *bounds[1]),
        aspect="auto",
        cmap=ListedColormap(colours),
        vmin=-0.5,
        vmax=len(colours) - 0.5,
        alpha=0.25,
    )
    wanted = class_numbers(data.y)
    for number, (name, colour) in enumerate(zip(data.classes, colours, strict=True)):
        own = data.x[wanted == number]
        every = max(-(-len(own) // DOTS), 1)
        label = name if number < MOST_NAMES else None
        axes.plot(own[::every, 0], own[::every, 1], ".", markersize=4, color=colour, label=label)
    axes.set(xlabel=data.inputs[0], ylabel=data.inputs[1], title="samples, and the class predicted there")
    axes.legend(loc="best")


def draw_confusion(axes: Any, result: Result) -> None:
    """Draw how many samples of each class are taken for which, those held back where there are any."""
    data, model = result.data, result.model(result.best)
    part, said = (data, "samples") if data.held is None else (data.held, "samples held back")
    counts = np.zeros((len(data.classes), len(data.classes)), dtype=np.intp)
    np.add.at(counts, (class_numbers(part.y), class_numbers(model.outputs(part.x))), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    axes.set(xlabel="predicted", ylabel="wanted", title=said)
    if len(data.classes) <= MOST_NAMES:
        places = range(len(data.classes))
        axes.set_xticks(places, data.classes, rotation=45 if max(map(len, data.classes)) > 3 else 0)
        axes.set_yticks(places, data.classes)
        for row in places:
            for column in places:
                colour = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour)


def draw_losses(axes: Any, result: Result) -> None:
    """Draw the losses of all networks, and of the best one that of the samples held back too."""
    best = result.best
    for outcome in result.outcomes[:MOST_CURVES]:
        if outcome.seed != best.seed:
            axes.plot(*_positive(outcome.history), color="0.8", linewidth=0.8)
    axes.plot(*_positive(best.history), color="C0", label="samples that are learnt")
    if best.validation:
        axes.plot(*_positive(best.validation), color="C3", label="samples held back")
        axes.legend(loc="best")
    seed = f"seed {best.seed} (others grey): " if len(result.outcomes) > 1 else ""
    _dress(axes, f"mean loss over all samples\n{seed}{best.final_loss:.2e} in the end")


def draw_curve(axes: Any, history: Curve) -> None:
    """Draw the curve of one loss."""
    axes.plot(*_positive(history), color="C0")
    _dress(axes, "mean loss over all samples")


def _dress(axes: Any, title: str) -> None:
    from matplotlib.ticker import EngFormatter, MaxNLocator

    axes.set_yscale("log")
    axes.set(xlabel="steps", title=title)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.grid(visible=True, alpha=0.3)


def _positive(history: Curve) -> tuple[list[int], list[float]]:
    """What of a curve a logarithmic axis can show."""
    shown = [(step, loss) for step, loss in history if loss > 0]
    return [step for step, _ in shown], [loss for _, loss in shown]
