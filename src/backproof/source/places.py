"""Places as their author counts them: in which file, in which cell of a notebook, and where in it."""

from __future__ import annotations

from dataclasses import replace

from backproof.source.text import Cell, Program, Span


def part(program: Program, file: str) -> Program:
    """Give the module of a program that a span's ``file`` names; the program itself where it names none."""
    return next((module for module in program.modules if module.filename == file), program)


def cell_of(program: Program, row: int) -> Cell | None:
    """Give the cell that a row of the program's text belongs to; the empty line behind it is its own."""
    return next((cell for cell in program.cells if cell.first <= row <= cell.last + 1), None)


def in_cell(program: Program, span: Span) -> Span:
    """Count the rows of a span in the cell that it begins in; in a program without cells it stays."""
    cell = None if span.file or span.cell else cell_of(program, span.row)
    if cell is None:
        return span
    skipped = cell.first - 1
    return replace(span, row=span.row - skipped, end_row=span.end_row - skipped, cell=cell.number)


def in_text(program: Program, span: Span) -> Span:
    """Count the rows of a span in the program's text again.

    Raises
    ------
    ValueError
        When the notebook has no such cell.
    """
    if not span.cell:
        return span
    for cell in program.cells:
        if cell.number == span.cell:
            skipped = cell.first - 1
            return replace(span, row=span.row + skipped, end_row=span.end_row + skipped, cell=0)
    raise ValueError(f"{program.filename} has no code cell {span.cell}")


def where(program: Program, row: int, column: int | None = None) -> str:
    r"""Write a place of the program's text as a reader finds it.

    >>> where(Program("net.py", "a = 1"), 1, 5)
    'net.py:1:5'
    >>> where(Program("net.ipynb", "a = 1\n\nb = 2\n", cells=(Cell(1, 1, 1), Cell(3, 3, 3))), 3)
    'net.ipynb:cell 3:1'
    """
    cell = cell_of(program, row)
    inside = f"cell {cell.number}:{row - cell.first + 1}" if cell is not None else str(row)
    return f"{program.filename}:{inside}" + ("" if column is None else f":{column}")
