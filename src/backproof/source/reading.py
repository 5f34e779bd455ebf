"""Read a program from a file or from standard input, and say clearly why when it cannot be read."""

from __future__ import annotations

import io
import stat
import sys
import tokenize
from pathlib import Path
from typing import BinaryIO

from backproof.errors import ProgramUnreadableError
from backproof.source.syntax import require_python
from backproof.source.text import Program

STANDARD_INPUT = "-"
_MOST_BYTES = 8_000_000  # no program is this long; /dev/zero is


def read_program(path: str | Path) -> Program:
    """Read the program at ``path``; ``-`` is standard input.

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
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
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
    program = Program(filename, text, encoding, data)
    require_python(program)
    return program


def _read_bytes(filename: str) -> bytes:
    if filename == STANDARD_INPUT:
        return _limited(sys.stdin.buffer, "standard input")
    path = Path(filename)
    if path.suffix == ".ipynb":
        raise ProgramUnreadableError(
            f"{filename} is a notebook, and those cannot be read yet: "
            "export it with 'jupyter nbconvert --to script' and check the .py file."
        )
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ProgramUnreadableError(f"{filename} is a folder, not a program: name a .py file in it.")
        with path.open("rb") as file:
            return _limited(file, filename)
    except FileNotFoundError:
        raise ProgramUnreadableError(f"There is no file {filename}: check the path.") from None
    except PermissionError:
        raise ProgramUnreadableError(f"{filename} may not be read: check its permissions.") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise ProgramUnreadableError(f"{filename} cannot be read: {reason}.") from None


def _limited(file: BinaryIO, name: str) -> bytes:
    data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ProgramUnreadableError(f"{name} is longer than {_MOST_BYTES // 10**6} MB: that is no program.")
    return data
