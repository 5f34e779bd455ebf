"""Jupyter notebooks: their code cells as one program, and its edits put back into the file, byte for byte."""

from __future__ import annotations

import json
import json.decoder
import json.scanner
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from backproof.errors import EditRejectedError, ProgramUnreadableError
from backproof.source.magics import as_python
from backproof.source.text import Cell, Program

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_BREAK = re.compile(r"\r\n|\r|\n")
_PIECE = re.compile(
    r"\\u[dD][89aAbB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[\da-fA-F]{4}|\\.|[^\\]", re.DOTALL
)
_FUTURE = re.compile(r"^from[ \t]+__future__[ \t]+import\b", re.MULTILINE)


class _Text(str):
    """A string of a JSON text, with the place of its quotation marks there."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Source:
    """The source of a code cell: the number of the cell, and the strings that it is made of."""

    number: int
    strings: tuple[_Text, ...]
    listed: bool

    @property
    def text(self) -> str:
        """The source as one text."""
        return "".join(self.strings)

    @property
    def python(self) -> str:
        """The source as Python, line by line."""
        return _FUTURE.sub(lambda found: "#" + found.group()[1:], as_python(self.text))


def notebook_from_text(text: str, filename: str, encoding: str, data: bytes) -> Program:
    """Make one program of the code cells of a notebook.

    Cells of text are left out; a magic becomes a line that does nothing. Behind each cell there is one empty
    line, so that what is appended to a cell has a place.

    Raises
    ------
    ProgramUnreadableError
        When the file is no notebook of format 4, or none in Python, or has no code cells.
    """
    sources = _sources(_document(text, filename), filename)
    if not sources:
        raise ProgramUnreadableError(f"{filename} has no code cells: there is no program to check.")
    parts: list[str] = []
    cells: list[Cell] = []
    row = 1
    for source in sources:
        python = source.python
        last = row + len(_BREAK.findall(python))
        cells.append(Cell(source.number, row, last))
        parts.append(python)
        row = last + 2
    return Program(filename, "\n\n".join(parts) + "\n", encoding, data, tuple(cells))


def notebook_text(program: Program) -> str:
    """Give the JSON text of a notebook with the program's edits in it, and all else as it was read.

    Raises
    ------
    EditRejectedError
        When the program's cells are not those of its file.
    """
    text = program.data.decode(program.encoding)
    sources = _sources(_document(text, program.filename), program.filename)
    if len(sources) != len(program.cells):
        raise EditRejectedError(f"{program.filename}: the cells are not those that were read.")
    changes: list[tuple[int, int, str]] = []
    for source, cell in zip(sources, program.cells, strict=True):
        changes += _changes(source, _cell_text(program, cell), text)
    for start, end, content in sorted(changes, reverse=True):
        text = text[:start] + content + text[end:]
    return text


def _cell_text(program: Program, cell: Cell) -> str:
    start = program.line_starts[cell.first - 1]
    end = program.line_starts[cell.last - 1] + len(program.lines[cell.last - 1])
    return program.text[start:end]


# ---------------------------------------------------------------------- reading
def _document(text: str, filename: str) -> dict[str, Any]:
    """The JSON text as Python's objects, its strings with their places."""
    if not text.strip():
        raise ProgramUnreadableError(f"{filename} is empty: a notebook has at least a list of cells.")
    try:
        document = _decoder().decode(text)
    except json.JSONDecodeError as error:
        raise ProgramUnreadableError(
            f"{filename}:{error.lineno}:{error.colno}: this is not a notebook's JSON: {error.msg}. "
            "Save it again from Jupyter, or name it .py if it is a program."
        ) from None
    except RecursionError:
        raise ProgramUnreadableError(f"{filename} is nested too deeply to be a notebook.") from None
    if not isinstance(document, dict) or not ("cells" in document or "worksheets" in document):
        raise ProgramUnreadableError(f"{filename} is JSON, but not a notebook: it has no cells.")
    if "worksheets" in document or document.get("nbformat", 4) != 4:
        raise ProgramUnreadableError(
            f"{filename} is a notebook of format {document.get('nbformat', 3)}, and only format 4 is read: "
            "open it in Jupyter and save it, or run 'jupyter nbconvert --to notebook --inplace' on it."
        )
    return document


def _decoder() -> json.JSONDecoder:
    """Python's own decoder, written in Python, so that its strings can be told where they stand."""
    decoder: Any = json.decoder  # the parts of both are unknown to the type checker
    scanner: Any = json.scanner
    made = json.JSONDecoder(strict=False)

    def parse_string(text: str, begin: int, strict: bool) -> tuple[str, int]:
        value, end = decoder.scanstring(text, begin, strict)
        found = _Text(value)
        found.start, found.end = begin - 1, end
        return found, end

    parts: Any = made
    parts.parse_string = parse_string
    parts.parse_object, parts.parse_array = decoder.JSONObject, decoder.JSONArray
    parts.scan_once = scanner.py_make_scanner(made)
    return made


def _sources(document: dict[str, Any], filename: str) -> list[_Source]:
    """The sources of the code cells, in order."""
    metadata = document.get("metadata")
    language = _language(metadata if isinstance(metadata, dict) else {})
    if language not in ("", "python", "python2", "python3", "ipython"):
        raise ProgramUnreadableError(f"{filename} is a notebook in {language}, not in Python.")
    cells = document["cells"]
    if not isinstance(cells, list):
        raise ProgramUnreadableError(f"{filename} is JSON, but not a notebook: its cells are no list.")
    found = []
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", [])
        strings = source if isinstance(source, list) else [source]
        if not all(isinstance(line, _Text) for line in strings):
            raise ProgramUnreadableError(f"{filename}: cell {number} is damaged: its source is no text.")
        found.append(_Source(number, tuple(strings), isinstance(source, list)))
    return found


def _language(metadata: dict[str, Any]) -> str:
    for part, name in (("language_info", "name"), ("kernelspec", "language")):
        inner = metadata.get(part)
        if isinstance(inner, dict) and isinstance(inner.get(name), str):
            return str(inner[name]).lower()
    return ""


# ---------------------------------------------------------------------- writing
def _changes(source: _Source, new: str, text: str) -> list[tuple[int, int, str]]:
    """The changes of the JSON text that give a cell its new text: start, end, content."""
    old = source.python
    if new == old:
        return []
    places = list(_places(source, text))
    escaped = text.isascii() and "\\u" in text
    lines, real = _LINE.findall(old), _LINE.findall(source.text)
    starts, real_starts = _starts(lines), _starts(real)
    changed = _LINE.findall(new)
    changes = []
    for tag, a, b, c, d in SequenceMatcher(None, lines, changed, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        before, after = "".join(lines[a:b]), "".join(changed[c:d])
        front = _alike(before, after)
        back = _alike(before[front:][::-1], after[front:][::-1])
        content = after[front : len(after) - back]
        start, end = (
            _real(starts[a] + front, starts, real_starts),
            _real(starts[a] + len(before) - back, starts, real_starts),
        )
        changes.append(_change(source, places, start, end, content, text, escaped))
    return changes


def _starts(lines: list[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts


def _real(offset: int, starts: list[int], real_starts: list[int]) -> int:
    """An offset in the cell's Python as one in its source: the same column of the same line."""
    line = max(k for k, start in enumerate(starts) if start <= offset)
    return real_starts[line] + offset - starts[line]


def _alike(a: str, b: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = zip(a, b, strict=False)
    return next((k for k, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))


def _places(source: _Source, text: str) -> Iterator[tuple[int, int]]:
    """Where each character of a cell's source stands in the JSON text."""
    for string in source.strings:
        for piece in _PIECE.finditer(text, string.start + 1, string.end - 1):
            yield piece.span()


def _change(
    source: _Source,
    places: list[tuple[int, int]],
    start: int,
    end: int,
    content: str,
    text: str,
    escaped: bool,
) -> tuple[int, int, str]:
    """One change of a cell's characters as a change of the JSON text."""
    written = [json.dumps(line, ensure_ascii=escaped)[1:-1] for line in _LINE.findall(content)]
    if not source.strings:
        raise EditRejectedError("An empty cell cannot be edited.")
    blank = re.search(r"\s*\Z", text[: source.strings[0].start])
    separator = f'",{blank.group() if blank else " "}"'
    if len(source.strings) > 1:
        separator = text[source.strings[0].end - 1 : source.strings[1].start + 1]
    if source.listed:
        broken = [line + separator for line in written[:-1]]
        last = written[-1:]
        if last and _BREAK.search(content[-2:]) and start < len(places):
            last = [last[0] + separator]
        new = "".join(broken + last)
    else:
        new = "".join(written)
    if start == len(places):
        place = source.strings[-1].end - 1
        return place, place, new
    return places[start][0], places[end - 1][1] if end > start else places[start][0], new
