"""Pictures of a training in a file: data and fit, and the curve of the loss."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from backproof.errors import BackproofError
from backproof.training.panels import Curve, draw_curve, draw_losses, panels_of
from backproof.training.report import headline, table, words
from backproof.training.session import Result
from backproof.training.writing import check_folder, write_whole

SUFFIXES = (".png", ".svg", ".pdf", ".html")


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
    draw_curve(figure.subplots(), history)
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

    panels = panels_of(result)
    columns = min(len(panels), 3)
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(5.6 * columns + 4.0, 4.0 * rows), layout="constrained")
    grid = figure.add_gridspec(rows, columns + 1, width_ratios=[*[3] * columns, 2])
    for number, draw in enumerate(panels):
        draw(figure.add_subplot(grid[number // columns, number % columns]))
    draw_losses(figure.add_subplot(grid[:, columns]), result)
    return figure


def _page(figure: Any, text: Sequence[str]) -> str:
    """A page that needs no other file; the text is what was trained, a table, and sentences."""
    from importlib import resources

    from jinja2 import Environment

    file = io.BytesIO()
    _draw(figure, file, "svg")
    picture = file.getvalue().decode()
    template = resources.files("backproof.training").joinpath("picture.html.jinja").read_text("utf-8")
    page = Environment(autoescape=True).from_string(template)
    return page.render(picture=picture[picture.index("<svg") :], text=text)
