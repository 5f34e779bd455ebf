"""Watches a correct program run: which names have which shapes at every row of it."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import FrameType
from typing import Any

import numpy as np

from tests.check.differences import Step, observed

Shape = tuple[int | str, ...]
Shapes = Mapping[int, Mapping[str, Shape]]
ATTRIBUTES = 40  # of an object that has more, none is read


class TooLongError(Exception):
    """A program ran for longer than it may."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise ``TooLongError`` in this process when the block takes too long."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TooLongError(f"longer than {seconds} s")

    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def shapes(text: str, step: Step) -> Shapes:
    """Give the shapes of the names that can be read at each row, when it ran in the first round."""
    seen: dict[int, dict[str, Shape]] = {}

    def line(frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            row = seen.setdefault(frame.f_lineno, {})
            for name, value in frame.f_locals.items():
                if not name.startswith("_") and name not in row:
                    row.update(_shapes(name, value))
        return line

    def call(frame: FrameType, _event: str, _argument: Any) -> Any:
        return line if frame.f_code.co_filename == "program.py" else None

    previous = sys.gettrace()
    sys.settrace(call)
    try:
        observed(text, replace(step, number=1))
    finally:
        sys.settrace(previous)
    return seen


def _shapes(name: str, value: Any) -> dict[str, Shape]:
    shape = _shape(value)
    if shape is not None:
        return {name: shape}
    inside = getattr(value, "__dict__", None)
    if (
        isinstance(inside, dict)
        and not isinstance(value, type)
        and len(inside) < ATTRIBUTES
        and not callable(value)
    ):
        found = {f"{name}.{key}": _shape(part) for key, part in inside.items()}
        return {key: part for key, part in found.items() if part is not None}
    return {}


def _shape(value: Any) -> Shape | None:
    """The shape of numbers; lists of numbers have their own. Whole numbers and masks are no operands."""
    if isinstance(value, np.ndarray | np.floating):
        return value.shape if value.dtype.kind == "f" else None
    if isinstance(value, float):
        return ()
    if isinstance(value, list) and value and all(isinstance(item, float) for item in value):
        return ("list", len(value))
    return None
