"""What standard output is: a terminal with a width and colours, or a pipe that gets plain text."""

from __future__ import annotations

import os
import shutil
import sys


def terminal_width() -> int | None:
    """Give the width of the terminal; none when standard output is not one."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def wants_colour() -> bool:
    """Tell whether to write colours: on a terminal that is not a dumb one, unless ``NO_COLOR`` is set."""
    if os.environ.get("NO_COLOR"):
        return False
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def write(text: str) -> None:
    """Write a text and a line end to standard output; the empty text writes nothing."""
    if text:
        sys.stdout.write(f"{text}\n")


def warn(text: str) -> None:
    """Write a message to standard error."""
    sys.stderr.write(f"backproof: {text}\n")


def write_exactly(text: str, encoding: str) -> None:
    """Write a text in the encoding of the file that it is about, so that a pipe gets that file's bytes."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None or sys.stdout.isatty():
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    buffer.write(text.encode("utf-8" if encoding == "utf-8-sig" else encoding, errors="replace"))
    buffer.flush()
