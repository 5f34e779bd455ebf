"""Pictures of a training in a file: data and fit, and the curve of the loss."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO

from backproof.errors import BackproofError
from backproof.train.fits import fits_of
from backproof.train.plots import Fit, bounds_of
from backproof.train.report import headline, table, words
from backproof.train.session import Result
from backproof.train.writing import check_folder, write_whole

Curve = Sequence[tuple[int, float]]  # (steps, loss)
SUFFIXES = (".png", ".svg", ".pdf", ".html")
MOST_PANELS = 6  # outputs that are drawn
MOST_CURVES = 50  # networks whose losses are drawn
DOTS = 3000  # samples that are drawn one by one


class PlotError(BackproofError):
    """The picture cannot be drawn."""


def check_picture_path(path: Path) -> None:
    """Refuse, before the training, a picture that could not be written after it."""
    if path.suffix.lower() not in SUFFIXES:
        raise PlotError(f"--plot {path}: the ending decides the format; there are {', '.join(SUFFIXES)}.")
    check_folder(path, "--plot")


def write_picture(result: Result, path: Path) -> None:
    """Draw the best network and the losses of all into a file, which appears whole or not at all."""
    text = [headline(result), table(result), *words(result)] if _is_page(path) else []
    _write(_figure(result), path, text)


def write_curve(history: Curve, path: Path, text: Sequence[str] = ()) -> None:
    """Draw the curve of a loss alone; ``text`` is for a page: what was trained, a table, and sentences."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    axes.plot(*_positive(history), color="C0")
    _dress_losses(axes, "mean loss over all samples")
    _write(figure, path, text)


def _is_page(path: Path) -> bool:
    return path.suffix.lower() == ".html"


def _write(figure: Any, path: Path, text: Sequence[str]) -> None:
    if _is_page(path):
        page = _page(figure, text)
        write_whole(path, lambda file: file.write(page.encode()), "--plot")
    else:
        kind = path.suffix.lower().lstrip(".")
        write_whole(path, lambda file: _draw(figure, file, kind), "--plot")


def _draw(figure: Any, file: BinaryIO, kind: str) -> None:
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "backproof"}):  # text stays text
        figure.savefig(file, format=kind, dpi=150)


def _figure(result: Result) -> Any:
    from matplotlib.figure import Figure

    fits = fits_of(result)[:MOST_PANELS]
    columns = min(len(fits), 3)
    rows = -(-len(fits) // columns)
    figure = Figure(figsize=(5.6 * columns + 4.0, 4.0 * rows), layout="constrained")
    grid = figure.add_gridspec(rows, columns + 1, width_ratios=[*[3] * columns, 2])
    for number, fit in enumerate(fits):
        _draw_fit(figure.add_subplot(grid[number // columns, number % columns]), fit)
    _draw_losses(figure.add_subplot(grid[:, columns]), result)
    return figure


def _draw_fit(axes: Any, fit: Fit) -> None:
    every = -(-len(fit.x) // DOTS)
    axes.plot(fit.x[::every], fit.y[::every], ".", markersize=3, color="0.6", label=fit.dots)
    axes.plot(fit.line_x, fit.line_y, color="C1", label=fit.line)
    axes.set(xlabel=fit.x_name, ylabel=fit.y_name, ylim=bounds_of([fit.y], room=0.15))
    axes.legend(loc="best")


def _draw_losses(axes: Any, result: Result) -> None:
    best = result.best
    for outcome in result.outcomes[:MOST_CURVES]:
        if outcome.seed != best.seed:
            axes.plot(*_positive(outcome.history), color="0.8", linewidth=0.8)
    axes.plot(*_positive(best.history), color="C0")
    seed = f"seed {best.seed} (others grey): " if len(result.outcomes) > 1 else ""
    _dress_losses(axes, f"mean loss over all samples\n{seed}{best.final_loss:.2e} in the end")


def _dress_losses(axes: Any, title: str) -> None:
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


def _page(figure: Any, text: Sequence[str]) -> str:
    """A page that needs no other file; the text is what was trained, a table, and sentences."""
    from jinja2 import Environment

    file = io.BytesIO()
    _draw(figure, file, "svg")
    picture = file.getvalue().decode()
    template = resources.files("backproof.train").joinpath("picture.html.jinja").read_text("utf-8")
    page = Environment(autoescape=True).from_string(template)
    return page.render(picture=picture[picture.index("<svg") :], text=text)
