"""Plots in the terminal: dots and lines in Braille characters, two by four dots to a character."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # by row and column inside a character
_BLANK = 0x2800
_COLOURS = {"data": "36", "fit": "33;1"}  # cyan, bright yellow


@dataclass
class Canvas:
    """A picture of ``width`` by ``height`` characters that shows x and y within bounds."""

    x_bounds: tuple[float, float]
    y_bounds: tuple[float, float]
    width: int = 64
    height: int = 14
    cells: dict[tuple[int, int], int] = field(default_factory=dict)
    kinds: dict[tuple[int, int], str] = field(default_factory=dict)

    def dots(self, x: Array, y: Array, kind: str) -> None:
        """Draw points; what lies outside the bounds is left out."""
        columns, rows = self._places(x, y)
        for column, row in zip(columns, rows, strict=True):
            self._set(int(column), int(row), kind)

    def line(self, x: Array, y: Array, kind: str) -> None:
        """Draw a line through points in order, cut off at the bounds."""
        columns, rows = self._places(x, y)
        for index in range(len(columns) - 1):
            count = int(max(abs(columns[index + 1] - columns[index]), abs(rows[index + 1] - rows[index]), 1))
            for step in np.linspace(0.0, 1.0, count + 1):
                column = columns[index] + step * (columns[index + 1] - columns[index])
                row = rows[index] + step * (rows[index + 1] - rows[index])
                self._set(round(column), round(row), kind)

    def _places(self, x: Array, y: Array) -> tuple[Array, Array]:
        (left, right), (bottom, top) = self.x_bounds, self.y_bounds
        fine = np.isfinite(x) & np.isfinite(y)
        columns = (x[fine] - left) / ((right - left) or 1.0) * (2 * self.width - 1)
        rows = (top - y[fine]) / ((top - bottom) or 1.0) * (4 * self.height - 1)
        limit = 16.0 * (self.width + self.height)  # far outside is far enough
        return np.rint(np.clip(columns, -limit, limit)), np.rint(np.clip(rows, -limit, limit))

    def _set(self, column: int, row: int, kind: str) -> None:
        if 0 <= column < 2 * self.width and 0 <= row < 4 * self.height:
            place = (row // 4, column // 2)
            self.cells[place] = self.cells.get(place, 0) | _DOTS[row % 4][column % 2]
            self.kinds[place] = kind

    def render(self, *, colour: bool = False) -> str:
        """The picture with its axes, as text."""
        bottom, top = self.y_bounds
        middle = (bottom + top) / 2
        # Where the middle is zero but for rounding, say zero.
        labels = [
            f"{value:.3g}" for value in (top, 0.0 if abs(middle) < (top - bottom) / 1000 else middle, bottom)
        ]
        margin = max(len(label) for label in labels)
        at = {0: labels[0], self.height // 2: labels[1], self.height - 1: labels[2]}
        lines = []
        for row in range(self.height):
            cells = "".join(self._cell(row, column, colour) for column in range(self.width))
            label = at.get(row, "")
            lines.append(f"{label:>{margin}} {'┤' if label else '│'}{cells}".rstrip())
        lines.append(f"{'':{margin}} └{'─' * self.width}")
        left, right = (f"{bound:.3g}" for bound in self.x_bounds)
        lines.append(f"{'':{margin}}  {left}{right:>{self.width - len(left)}}")
        return "\n".join(lines)

    def _cell(self, row: int, column: int, colour: bool) -> str:
        dots = self.cells.get((row, column))
        if dots is None:
            return " "
        character = chr(_BLANK + dots)
        return f"\x1b[{_COLOURS[self.kinds[row, column]]}m{character}\x1b[0m" if colour else character


def bounds_of(values: Sequence[Array], room: float = 0.0) -> tuple[float, float]:
    """The smallest and the largest finite value, with some room around them."""
    together = np.concatenate([value[np.isfinite(value)].ravel() for value in values])
    if not together.size:
        return -1.0, 1.0
    low, high = float(together.min()), float(together.max())
    around = room * ((high - low) or 1.0)
    return low - around, high + around
