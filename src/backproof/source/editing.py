"""Edit a program without touching a byte outside the edits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from backproof.errors import EditRejectedError
from backproof.source.text import Edit, Program, offset_of


def apply_edits(program: Program, edits: Iterable[Edit]) -> Program:
    r"""Give the program with its text edited.

    Edits may come in any order; one that is given twice counts once. A line break in an edit's content
    becomes the line ending that the file uses at that place.

    >>> from backproof.source.text import Span
    >>> program = Program("net.py", "g = (y - out) * h\r\n", data=b"g = (y - out) * h\r\n")
    >>> apply_edits(program, [Edit(Span(1, 6, 1, 13), "out - y")]).text
    'g = (out - y) * h\r\n'

    Raises
    ------
    EditRejectedError
        When two edits overlap, one lies outside the text, or the file's encoding lacks a character.
    """
    pieces: list[str] = []
    done = 0
    for edit in sorted(set(edits), key=lambda edit: (edit.span, edit.content)):
        span = edit.span
        try:
            start = offset_of(program, span.row, span.column)
            end = offset_of(program, span.end_row, span.end_column)
        except ValueError as error:
            raise EditRejectedError(f"An edit lies outside the program: {error}.") from None
        if end < start:
            raise EditRejectedError(
                f"{program.filename}:{span.row}:{span.column}: an edit ends before it begins."
            )
        if start < done or (pieces and start == end == done):
            raise EditRejectedError(f"{program.filename}:{span.row}:{span.column}: two edits overlap here.")
        content = edit.content.replace("\r\n", "\n").replace("\n", program.line_end(span.row))
        pieces += [program.text[done:start], content]
        done = end
    edited = replace(program, text="".join(pieces) + program.text[done:])
    encoded(edited)
    return edited


def encoded(program: Program) -> bytes:
    """Give the bytes of the program's text in the file's own encoding, byte order mark included.

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
        return program.text.encode(program.encoding)
    except UnicodeEncodeError as error:
        raise EditRejectedError(
            f"{program.filename}: {error.object[error.start]!r} cannot be written in {program.encoding}: "
            "save the file as UTF-8 first."
        ) from None
