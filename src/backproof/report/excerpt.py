"""Cut the lines of a program that a finding is about, and mark the place under them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from backproof.source import Program, Span, in_text

_TAB = 4
_MOST_ROWS = 6
_BEFORE = 12  # columns kept before a marked place that lies far to the right


@dataclass(frozen=True, slots=True)
class ExcerptLine:
    """A line of source with its row, the marks under one, or an ellipsis: the last two have no row."""

    row: int | None
    text: str


def excerpt(program: Program, span: Span, width: int = 100) -> list[ExcerptLine]:
    r"""Give the lines of a span, each followed by carets under exactly the span.

    Tabs are shown as blanks, control characters as their symbols, and a line wider than ``width`` terminal
    columns is clipped around the place. A span of many lines is cut short after the first few. In a notebook
    the rows count in the cell.

    >>> for line in excerpt(Program("net.py", "g = (y - out) * h"), Span(1, 6, 1, 13)):
    ...     print(line.row or " ", line.text)
    1 g = (y - out) * h
           ^^^^^^^
    """
    lines: list[ExcerptLine] = []
    counted, span = span.row, in_text(program, span)
    above = span.row - counted
    last = min(span.end_row, len(program.lines))
    for row in range(span.row, min(last, span.row + _MOST_ROWS - 1) + 1):
        source = program.lines[row - 1]
        start = span.column - 1 if row == span.row else len(source) - len(source.lstrip())
        end = span.end_column - 1 if row == span.end_row else len(source.rstrip())
        text, left, right = _clip(*_shown(source, start, max(start, end)), width)
        lines.append(ExcerptLine(row - above, text.rstrip()))
        if source.strip() or row == span.row:
            lines.append(ExcerptLine(None, " " * left + "^" * max(right - left, 1)))
    if last >= span.row + _MOST_ROWS:
        lines.append(ExcerptLine(None, "…"))
    return lines


def _shown(source: str, start: int, end: int) -> tuple[list[tuple[str, int]], int, int]:
    """Give the line as pieces with their widths, and the terminal columns where the span starts and ends."""
    cells: list[tuple[str, int]] = []
    columns = [0]
    for char in source:
        cell = _cell(char, columns[-1])
        cells.append(cell)
        columns.append(columns[-1] + cell[1])
    return cells, columns[min(start, len(source))], columns[min(end, len(source))]


def _cell(char: str, column: int) -> tuple[str, int]:
    if char == "\t":
        width = _TAB - column % _TAB
        return " " * width, width
    category = unicodedata.category(char)
    if ord(char) < 32 or ord(char) == 127:
        return chr(0x2421 if ord(char) == 127 else 0x2400 + ord(char)), 1
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp"):  # would reorder, hide or break what is shown
        return "\ufffd", 1
    if category in ("Mn", "Me"):
        return char, 0
    return char, 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _clip(cells: list[tuple[str, int]], left: int, right: int, width: int) -> tuple[str, int, int]:
    """Keep at most ``width`` columns, the start of the place among them; ellipses stand for what is cut."""
    total = sum(cell_width for _, cell_width in cells)
    if total <= width:
        return "".join(text for text, _ in cells), left, right
    room = width - 2  # an ellipsis on either side
    first = 0 if right <= room else max(0, min(left - _BEFORE, total - room))
    kept: list[tuple[int, str, int]] = []
    column = 0
    for text, cell_width in cells:
        if first <= column and column + cell_width <= first + room:
            kept.append((column, text, cell_width))
        column += cell_width
    begin, end = kept[0][0], kept[-1][0] + kept[-1][2]
    shift = 1 - begin if begin else 0
    clipped = ("…" if begin else "") + "".join(text for _, text, _ in kept) + ("…" if end < total else "")
    return clipped, max(left, begin) + shift, min(right, end) + shift
