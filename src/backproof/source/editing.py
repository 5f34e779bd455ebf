"""Edit a program without touching a byte outside the edits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from backproof.errors import EditRejectedError
from backproof.source.places import cell_of, in_text, part, where
from backproof.source.text import Cell, Edit, Program, Span, offset_of


def apply_edits(program: Program, edits: Iterable[Edit]) -> Program:
    r"""Give the program with its text edited.

    Edits may come in any order; one that is given twice counts once. Those of a span in a module edit that
    module. Whole lines that are inserted at one place stand one below the other. A line break in an edit's
    content becomes the line ending that the file uses at that place.

    >>> from backproof.source.text import Span
    >>> program = Program("net.py", "g = (y - out) * h\r\n", data=b"g = (y - out) * h\r\n")
    >>> apply_edits(program, [Edit(Span(1, 6, 1, 13), "out - y")]).text
    'g = (out - y) * h\r\n'

    Raises
    ------
    EditRejectedError
        When two edits overlap, one lies outside the text, or the file's encoding lacks a character.
    """
    edits = set(edits)
    own = [edit for edit in edits if part(program, edit.span.file) is program]
    modules = tuple(
        _edited(module, [edit for edit in edits if edit.span.file == module.filename])
        for module in program.modules
    )
    return replace(_edited(program, own), modules=modules)


def _edited(program: Program, edits: Iterable[Edit]) -> Program:
    """Edit the text of one file."""
    pieces: list[str] = []
    done, whole = 0, False
    grown = dict.fromkeys(program.cells, 0)
    try:
        placed = [(in_text(program, edit.span), edit.content) for edit in edits]
    except ValueError as error:
        raise EditRejectedError(f"An edit lies outside the program: {error}.") from None
    for span, written in sorted(placed):
        try:
            start = offset_of(program, span.row, span.column)
            end = offset_of(program, span.end_row, span.end_column)
        except ValueError as error:
            raise EditRejectedError(f"An edit lies outside the program: {error}.") from None
        here = where(program, span.row, span.column)
        if end < start:
            raise EditRejectedError(f"{here}: an edit ends before it begins.")
        lines = start == end and span.column == 1 and written.endswith("\n")
        if start < done or (pieces and start == end == done and not (lines and whole)):
            raise EditRejectedError(f"{here}: two edits overlap here.")
        content = written.replace("\r\n", "\n").replace("\n", program.line_end(span.row))
        pieces += [program.text[done:start], content]
        done, whole = end, lines
        cell = cell_of(program, span.row)
        if cell is not None:
            if cell_of(program, span.end_row) != cell:
                raise EditRejectedError(f"{here}: an edit reaches from one cell into the next.")
            grown[cell] += written.count("\n") - (span.end_row - span.row)
    edited = replace(program, text="".join(pieces) + program.text[done:], cells=_moved(grown))
    encoded(edited)
    return edited


def edited_text(program: Program, edits: Sequence[Edit], span: Span) -> str:
    """The text at a place with edits inside it; "" where they change the number of lines."""
    edited = apply_edits(program, edits)
    if edited.cells != program.cells or len(edited.lines) != len(program.lines):
        return ""
    grown = len(edited.text) - len(program.text)
    end = program.line_starts[span.end_row - 1] + span.end_column - 1 + grown
    start = program.line_starts[span.row - 1] + span.column - 1
    return edited.text[start:end]


def before_edits(before: Program, edits: Iterable[Edit], span: Span) -> Span:
    """Say where a place of the edited program was before these edits; inside one it is the whole edit's."""
    own = [in_text(before, edit.span) for edit in edits if edit.span.file == span.file]
    contents = [edit.content for edit in edits if edit.span.file == span.file]
    text, after = part(before, span.file), apply_edits(before, edits)
    edited = part(after, span.file)

    def back(row: int, column: int, end: bool) -> tuple[int, int]:
        goal = offset_of(edited, row, column)
        shift = 0
        for old, content in sorted(zip(own, contents, strict=True)):
            start = offset_of(text, old.row, old.column)
            stop = offset_of(text, old.end_row, old.end_column)
            if goal <= start + shift:
                break
            if goal < start + shift + len(content) or (end and goal == start + shift + len(content)):
                return (old.end_row, old.end_column) if end else (old.row, old.column)
            shift += len(content) - (stop - start)
        offset = goal - shift
        line = bisect_right(text.line_starts, offset)
        return line, offset - text.line_starts[line - 1] + 1

    (row, column), (end_row, end_column) = (
        back(span.row, span.column, end=False),
        back(span.end_row, span.end_column, end=True),
    )
    return replace(span, row=row, column=column, end_row=end_row, end_column=end_column)


def _moved(grown: dict[Cell, int]) -> tuple[Cell, ...]:
    """The cells where they stand when each has grown by some rows."""
    cells, shift = [], 0
    for cell, rows in grown.items():
        cells.append(Cell(cell.number, cell.first + shift, cell.last + shift + rows))
        shift += rows
    return tuple(cells)


def written_text(program: Program) -> str:
    """Give the text of the program's file: that of a notebook is JSON."""
    if not program.cells:
        return program.text
    from backproof.source.notebook import notebook_text

    return notebook_text(program)


def encoded(program: Program) -> bytes:
    """Give the bytes of the program's file in its own encoding, byte order mark included.

    Raises
    ------
    EditRejectedError
        When the encoding has no such characters, or would not give back the bytes that were read.
    """
    try:
        if program.data and program.data.decode(program.encoding).encode(program.encoding) != program.data:
            raise EditRejectedError(
                f"{program.filename}: text in {program.encoding} cannot be written back byte for byte: "
                "save the file as UTF-8 first."
            )
        return written_text(program).encode(program.encoding)
    except UnicodeEncodeError as error:
        raise EditRejectedError(
            f"{program.filename}: {error.object[error.start]!r} cannot be written in {program.encoding}: "
            "save the file as UTF-8 first."
        ) from None
