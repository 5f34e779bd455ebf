"""Read a program from a file or from standard input, and say clearly why when it cannot be read."""

from __future__ import annotations

import codecs
import io
import re
import stat
import sys
import tokenize
from pathlib import Path
from typing import BinaryIO

from backproof.errors import ProgramUnreadableError
from backproof.source.syntax import require_python
from backproof.source.text import Program

STANDARD_INPUT = "-"
NOTEBOOK = ".ipynb"
_MOST_BYTES = 8_000_000  # no program is this long; /dev/zero is
_MOST_BYTES_WITH_PICTURES = 200_000_000


def read_program(path: str | Path) -> Program:
    """Read the program at ``path``, a notebook where it ends in ``.ipynb``; ``-`` is standard input.

    The encoding is the one that Python itself would use: a byte order mark, a coding comment in the first two
    lines (PEP 263), else UTF-8.

    Raises
    ------
    ProgramUnreadableError
        When there is no such file, when it is not text, or when it is not Python 3.
    """
    filename = str(path)
    return program_from_bytes(_read_bytes(filename), filename)


def program_from_bytes(data: bytes, filename: str) -> Program:
    r"""Make a program of the bytes of a file.

    >>> program_from_bytes(b"# coding: latin-1\nname = '\xe9'\n", "net.py").text
    "# coding: latin-1\nname = 'é'\n"
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ProgramUnreadableError(
            f"{filename} is saved as UTF-16, which Python does not read: save it as UTF-8."
        )
    if b"\0" in data:
        raise ProgramUnreadableError(f"{filename} is a binary file, not the text of a Python program.")
    notebook = Path(filename).suffix == NOTEBOOK
    try:
        encoding = _encoding(data, notebook)
        text = data.decode(encoding)
    except SyntaxError as error:  # an unknown coding comment, or one that contradicts the byte order mark
        raise ProgramUnreadableError(
            f"{filename}: its coding comment cannot be followed ({error.msg}): "
            "correct the comment, or save the file as UTF-8."
        ) from None
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise ProgramUnreadableError(
            f"{filename}:{row}: byte 0x{data[error.start]:02x} is not {error.encoding} text: "
            "save the file as UTF-8, or name its encoding in the first line, as in '# coding: latin-1'."
        ) from None
    except LookupError as error:  # a codec that does not make text, such as 'rot13' or 'hex'
        raise ProgramUnreadableError(
            f"{filename}: its coding comment names no text encoding ({error})."
        ) from None
    if notebook:
        from backproof.source.notebook import notebook_from_text

        program = notebook_from_text(text, filename, encoding, data)
    else:
        program = Program(filename, text, encoding, data)
    require_python(program)
    return program


def _encoding(data: bytes, notebook: bool) -> str:
    """The encoding that Python would take, or JSON is in; UTF-8 where the first lines are not text at all.

    ``detect_encoding`` blames a coding comment for a byte that is not UTF-8 in the lines where one may stand.
    """
    marked = data.startswith(codecs.BOM_UTF8)
    beginning = b"\n".join(data.removeprefix(codecs.BOM_UTF8).splitlines()[:2])
    if notebook or not re.search(rb"^[ \t\f]*#.*?coding[:=]", beginning, re.MULTILINE):
        return "utf-8-sig" if marked else "utf-8"
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]


def _read_bytes(filename: str) -> bytes:
    if filename == STANDARD_INPUT:
        return _limited(sys.stdin.buffer, "standard input")
    path = Path(filename)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ProgramUnreadableError(f"{filename} is a folder, not a program: name a .py file in it.")
        with path.open("rb") as file:
            return _limited(
                file, filename, _MOST_BYTES_WITH_PICTURES if path.suffix == NOTEBOOK else _MOST_BYTES
            )
    except FileNotFoundError:
        raise ProgramUnreadableError(f"There is no file {filename}: check the path.") from None
    except PermissionError:
        raise ProgramUnreadableError(f"{filename} may not be read: check its permissions.") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise ProgramUnreadableError(f"{filename} cannot be read: {reason}.") from None


def _limited(file: BinaryIO, name: str, most: int = _MOST_BYTES) -> bytes:
    data = file.read(most + 1)
    if len(data) > most:
        raise ProgramUnreadableError(f"{name} is longer than {most // 10**6} MB: that is no program.")
    return data
