"""Files that appear whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from backproof.errors import FileUnwritableError


def write_whole(path: Path, write: Callable[[BinaryIO], object], option: str) -> None:
    """Write beside the file, and put it in its place when all of it is on the disk.

    ``option`` is what the message names. Raises `FileUnwritableError`; what was there before then still is.
    """
    target = Path(os.path.realpath(path))  # a symbolic link stays one
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException as error:  # Ctrl-C too leaves nothing behind
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise FileUnwritableError(
                f"{option} {path}: cannot be written ({error.strerror or error})."
            ) from None
        raise


def clear_leftovers(path: Path) -> None:
    """Remove what writing this file left beside it where the process was killed."""
    target = Path(os.path.realpath(path))
    for leftover in target.parent.glob(f".{glob.escape(target.name)}.*.tmp"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def check_folder(path: Path, option: str) -> None:
    """Refuse, before the training, a file that could not be written after it."""
    if not path.parent.is_dir():
        raise FileUnwritableError(f"{option} {path}: there is no folder {path.parent}.")
    if path.exists() and not path.is_file():
        raise FileUnwritableError(f"{option} {path}: is not a file that could be replaced.")
