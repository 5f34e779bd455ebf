"""Write a program back to its file: all of it or nothing, and only when the file is still what was read."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from backproof.errors import FileChangedError, FileUnwritableError
from backproof.source.editing import encoded
from backproof.source.text import Program


def write_program(program: Program, path: str | Path) -> Program:
    """Replace the file at ``path`` by the program's text, and give the program as it now stands on disk.

    The new text goes to a temporary file in the same folder, which then takes the place of the old one in one
    step; so no reader ever sees half a file. Symbolic links stay links; the mode bits stay as they are.

    Raises
    ------
    FileChangedError
        When the file's bytes are no longer those that the program was read from.
    FileUnwritableError
        When the file or its folder may not be written to.
    EditRejectedError
        When the text cannot be written in the file's encoding.
    """
    data = encoded(program)
    target = Path(os.path.realpath(path))
    try:
        _require_unchanged(program, target, path)
        if not os.access(target, os.W_OK):
            raise FileUnwritableError(f"{path} is read-only: nothing was written.")
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            shutil.copymode(target, temporary)
            with contextlib.suppress(OSError, AttributeError):  # only root may give a file away
                os.chown(temporary, target.stat().st_uid, target.stat().st_gid)
            _require_unchanged(program, target, path)
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise FileUnwritableError(f"{path} cannot be written: {error.strerror}. It is as it was.") from None
    return replace(program, data=data)


def _require_unchanged(program: Program, target: Path, path: str | Path) -> None:
    try:
        now = target.read_bytes()
    except FileNotFoundError:
        raise FileChangedError(f"{path} was removed since it was read: nothing was written.") from None
    if now != program.data:
        raise FileChangedError(f"{path} was changed since it was read: nothing was written. Check it again.")
