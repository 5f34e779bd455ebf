"""Where a program is: the frames that it is in, and the innermost place of its own files."""

from __future__ import annotations

import traceback
import types


def inwards(error: BaseException) -> list[types.FrameType]:
    """The frames that an error passed through, outermost first."""
    return [frame for frame, _ in traceback.walk_tb(error.__traceback__)]


def outwards(frame: types.FrameType | None) -> list[types.FrameType]:
    """A frame and those that called it, outermost first."""
    return [frame for frame, _ in traceback.walk_stack(frame)][::-1]


def place(lines: list[tuple[types.FrameType, int]], files: dict[str, str]) -> tuple[str, int]:
    """The innermost place in the program's own files."""
    found = ("", 0)
    for frame, row in lines:
        if frame.f_code.co_filename in files:
            found = (frame.f_code.co_filename, row)
    return found


def tracebacks(error: BaseException) -> list[types.TracebackType]:
    """The places that an error passed through, outermost first."""
    found, place = [], error.__traceback__
    while place is not None:
        found.append(place)
        place = place.tb_next
    return found
