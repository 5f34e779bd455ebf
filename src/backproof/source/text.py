"""A program's text as data: the text itself, places in it, and edits of it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a text: rows and columns (Unicode characters) count from 1; the end is exclusive.

    ``file`` names the module of the program that it is in, ``""`` for the program's own file. ``cell`` is the
    cell of a notebook in which the rows count; with 0 they count in the text of the program.
    """

    row: int
    column: int
    end_row: int
    end_column: int
    file: str = ""
    cell: int = 0


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of ``span`` by ``content``."""

    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One code cell of a notebook: its number among all cells, from 1, and its rows in the program's text."""

    number: int
    first: int
    last: int


@dataclass(frozen=True)
class Program:
    r"""The text of one file, with what is needed to write it back as it was.

    ``text`` has the file's own line endings and no byte order mark. ``data`` is the file as it was read, and
    stays so when ``text`` is edited: it is what ``write_program`` holds the file against. The text of a
    notebook is that of its code ``cells``, an empty line behind each. ``modules`` are the program's own that
    it imports, as far as they are known.

    >>> Program("net.py", "a = 1\r\nb = 2\r\n").lines
    ['a = 1', 'b = 2', '']
    """

    filename: str
    text: str
    encoding: str = "utf-8"
    data: bytes = b""
    cells: tuple[Cell, ...] = ()
    modules: tuple[Program, ...] = ()

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends; splits where Python's tokenizer does: at CRLF, CR and LF only."""
        return _LINE_END.split(self.text)

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset in ``text`` at which each line begins."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def line_end(self, row: int) -> str:
        """Give the ending for a new line beside ``row``: that row's own, else the file's first, else LF."""
        start = self.line_starts[row - 1]
        match = _LINE_END.search(self.text, start) or _LINE_END.search(self.text)
        return match.group() if match else "\n"


def offset_of(program: Program, row: int, column: int) -> int:
    """Turn a row and a column into an offset in the program's text.

    Raises
    ------
    ValueError
        When the text has no such place. The column just behind the last character of a line is one.
    """
    lines = program.lines
    if not (1 <= row <= len(lines) and 1 <= column <= len(lines[row - 1]) + 1):
        raise ValueError(f"{program.filename} has no place {row}:{column}")
    return program.line_starts[row - 1] + column - 1


def text_of(program: Program, span: Span) -> str:
    r"""Give the text of a span, with the file's own line endings.

    >>> text_of(Program("net.py", "grad = y - out\n"), Span(1, 8, 1, 15))
    'y - out'
    """
    start = offset_of(program, span.row, span.column)
    return program.text[start : offset_of(program, span.end_row, span.end_column)]


def span_of(program: Program, node: ast.expr | ast.stmt | ast.arg | ast.keyword | ast.alias) -> Span:
    r"""Give the place of a syntax tree's node in Unicode characters.

    The tree counts UTF-8 bytes: two for ``σ``.

    >>> program = Program("net.py", "σ = 'é' + b")
    >>> node = ast.parse(program.text).body[0].value.right
    >>> span_of(program, node), text_of(program, span_of(program, node))
    (Span(row=1, column=11, end_row=1, end_column=12, file='', cell=0), 'b')
    """
    end_row = node.end_lineno or node.lineno
    end_bytes = node.col_offset if node.end_col_offset is None else node.end_col_offset
    return Span(
        node.lineno,
        _column(program.lines[node.lineno - 1], node.col_offset),
        end_row,
        _column(program.lines[end_row - 1], end_bytes),
    )


def _column(line: str, utf8_bytes: int) -> int:
    if line.isascii():
        return utf8_bytes + 1
    return len(line.encode("utf-8")[:utf8_bytes].decode("utf-8", errors="ignore")) + 1
