"""Plots in the terminal."""

from __future__ import annotations

import numpy as np

from backproof.train.canvas import Canvas, bounds_of
from backproof.train.plots import Fit, terminal_plot


def test_corners():
    """Points at the corners of the bounds set the dots at the corners; outside nothing is drawn."""
    canvas = Canvas((0.0, 3.0), (-1.0, 1.0), width=4, height=2)
    canvas.dots(np.array([0.0, 3.0, 3.6, np.nan]), np.array([1.0, -1.0, 0.0, 0.0]), "data")
    lines = canvas.render().splitlines()
    assert lines[0] == " 1 ┤⠁"
    assert lines[1] == "-1 ┤   ⢀"
    assert lines[2] == "   └────"
    assert lines[3] == "    0  3"


def test_line_is_closed():
    """A line has a dot in every column between its ends, and is cut off at the bounds."""
    canvas = Canvas((0.0, 1.0), (0.0, 1.0), width=30, height=5)
    canvas.line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "fit")
    assert {column for _, column in canvas.cells} == set(range(30))
    canvas.line(np.array([0.0, 1.0]), np.array([-1e300, 1e300]), "fit")
    assert all(0 <= row < 5 for row, _ in canvas.cells)


def test_colours_only_when_asked():
    """Escape codes are written only when colour is wanted, and the picture is the same without them."""
    fit = Fit(np.arange(5.0), np.sin(np.arange(5.0)), np.arange(5.0), np.cos(np.arange(5.0)))
    plain, coloured = terminal_plot(fit), terminal_plot(fit, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[36m" in coloured
    import re

    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_bounds():
    """Bounds hold every finite value, with room around them, and exist without any."""
    assert bounds_of([np.array([1.0, np.inf]), np.array([3.0])], room=0.5) == (0.0, 4.0)
    assert bounds_of([np.array([np.nan])]) == (-1.0, 1.0)
