"""Plots in the terminal."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backproof.training.plots import Fit, bounds_of, terminal_plot

BRAILLE = re.compile("[⠁-⣿]")


def fit_through(x, y, **names):
    """A fit whose data lie on a line through the same points."""
    x, y = np.array(x), np.array(y)
    return Fit(x, y, x, y, **names)


def canvas_of(plot, height):
    """The characters right of the axis, by row."""
    return [line[13:].ljust(60) for line in plot.splitlines()[2 : 2 + height]]


@pytest.fixture(autouse=True)
def _terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def test_a_line_has_a_dot_in_every_column():
    """From the first column to the last, rising; the last point, on the limit itself, is drawn as well."""
    rows = canvas_of(terminal_plot(fit_through([0.0, 15.0], [-1.0, 1.0]), height=9), 9)
    columns = [[row for row in range(9) if BRAILLE.match(rows[row][column])] for column in range(50)]
    assert all(columns)
    middles = [sum(found) / len(found) for found in columns]
    assert middles == sorted(middles, reverse=True)
    assert middles[0] >= 7
    assert middles[-1] <= 1
    assert not any(BRAILLE.search(row[50:]) for row in rows)


def test_ticks_and_names():
    """The ticks are the values there, zero is written as zero, and long names are shortened."""
    plot = terminal_plot(fit_through([-5.0, 20.0], [-3.0, 7.0], x_name="temperature", y_name="load"))
    lines = plot.splitlines()
    assert lines[0].split() == ["(load)", "^"]
    assert lines[-3].endswith("-> (tempera…)")
    ticks = lines[-2].split("|")[1].split()
    assert ticks == ["-5", "1.25", "7.5", "13.8", "20"]
    zero = terminal_plot(fit_through([0.0, 1.0], [-1.0, 1.0]), height=14).splitlines()[8]
    assert zero.split()[0] == "0"


def test_what_is_not_finite_or_far_off_is_cut_off():
    """Such values neither stop the plot nor move its bounds; they are only not seen."""
    x = np.arange(7.0)
    line = np.array([0.0, np.nan, np.inf, -1e300, 1e300, 1.0, 0.5])
    odd = Fit(x, np.array([0.0, 1.0, np.nan, 0.5, np.inf, 1.0, 0.25]), x, line)
    plot = terminal_plot(odd, height=5)
    labels = [float(row.split("|")[0]) for row in plot.splitlines()[1:7]]
    assert labels == sorted(labels, reverse=True)
    assert labels[0] == pytest.approx(1.15)
    assert labels[-1] == pytest.approx(-0.15)
    assert BRAILLE.search(plot)


@pytest.mark.parametrize("value", [0.0, -3.5, 1e20, 1e-200])
def test_constant_data(value):
    """One point, or a constant, is drawn in the middle."""
    rows = canvas_of(terminal_plot(fit_through([value], [value]), height=3), 3)
    assert [bool(BRAILLE.search(row)) for row in rows] == [False, True, False]


@pytest.mark.parametrize(("columns", "width"), [(200, 72), (61, 72), (46, 72), (37, 72), (200, 86), (70, 86)])
@pytest.mark.parametrize("name", ["x", "temperature"])
def test_width(monkeypatch, columns, width, name):
    """No line is longer than asked for, nor than the terminal is wide, and the room is used."""
    monkeypatch.setenv("COLUMNS", str(columns))
    fit = fit_through([-1.23456e20, 1.23456e-5], [-1.23456e20, 1.23456e-5], x_name=name)
    longest = max(len(line) for line in terminal_plot(fit, width=width).splitlines())
    assert min(columns, width) - 15 < longest <= min(columns, width)


def test_colours_only_when_asked(monkeypatch):
    """Escape codes are written only when colour is wanted, and the picture is the same without them."""
    monkeypatch.setenv("FORCE_COLOR", "1")  # what is not a terminal is else never coloured
    x = np.arange(5.0)
    fit = Fit(x, np.sin(x), x, np.cos(x))
    plain, coloured = terminal_plot(fit), terminal_plot(fit, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[36m" in coloured
    assert "\x1b[93m" in coloured
    shown = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in shown.splitlines()] == plain.splitlines()
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal_plot(fit, colour=True) == plain


def test_bounds():
    """Bounds hold every finite value, with room around them, differ, and exist without any value."""
    assert bounds_of([np.array([1.0, np.inf]), np.array([3.0])], room=0.5) == (0.0, 4.0)
    assert bounds_of([np.array([np.nan])]) == (-1.0, 1.0)
    low, high = bounds_of([np.array([1e20])])
    assert low < 1e20 < high
