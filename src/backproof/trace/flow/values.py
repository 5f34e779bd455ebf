"""The values that the recorder follows, and when a recorded value is the program's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.graph import Node

SCALAR = (float, np.generic)
TRACKED = (float, np.ndarray, np.generic)
NUMBER = (int, float, np.ndarray, np.generic)
COPIED = 5000  # elements; to compare the bytes of a larger array would take two copies of it
COPY_LIMIT = 4_000_000  # elements; a larger array that is first seen is held, not copied


def same(recorded: Any, actual: Any) -> bool:
    """Does the recorded value equal the program's, up to the order of summation?"""
    a, b = np.asarray(recorded), np.asarray(actual)
    if a.shape != b.shape:
        return False
    if a.dtype.kind in "OUSV" or b.dtype.kind in "OUSV":
        return False
    if a.dtype == b.dtype and (a.tobytes() == b.tobytes() if a.size < COPIED else np.array_equal(a, b)):
        return True
    coarse = np.float32 in (a.dtype, b.dtype) or np.float16 in (a.dtype, b.dtype)
    relative = 1e-4 if coarse else 1e-9
    with np.errstate(all="ignore"):
        finite = np.isfinite(b)
        scale = float(np.max(np.abs(b[finite]), initial=0.0)) if b.dtype.kind != "b" else 1.0
        return bool(np.allclose(a, b, rtol=relative, atol=relative * scale * 1e-3 + 1e-300, equal_nan=True))


def as_made(node: Node, actual: Any) -> Node | None:
    """The node, where its value equals the program's; None where it does not.

    Of numbers with few digits it takes those of the program, which were perhaps rounded otherwise: what is
    computed from them with more digits would differ.
    """
    if not same(node.value, actual):
        return None
    dtype = np.asarray(actual).dtype
    coarse = dtype.kind == "f" and dtype.itemsize < np.dtype(float).itemsize
    return replace(node, value=copied(actual)) if coarse else node


def copied(value: Any) -> Any:
    """A value that stays what it is when the program goes on: arrays are changed in place."""
    if isinstance(value, np.ndarray):
        return np.array(value) if value.size <= COPY_LIMIT else np.asarray(value)
    return value


def of_objects(value: Any) -> bool:
    """Is this an array of Python objects? Computing with them would run the program's own methods again."""
    return isinstance(value, np.ndarray) and value.dtype.hasobject


def boolean(value: Any) -> bool:
    """Is this a truth value, or an array of them?"""
    return bool(np.asarray(value).dtype == bool)


def flat(values: Iterable[Any]) -> Iterator[Any]:
    """Walk through nested lists and tuples."""
    for value in values:
        if isinstance(value, list | tuple):
            yield from flat(value)
        else:
            yield value
