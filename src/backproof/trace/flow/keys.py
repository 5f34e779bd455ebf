"""Keys and indices as data: what stands between brackets, held so that the program cannot change it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

Place = tuple[Any, ...]


PLAIN = frozenset({str, int, float, complex, bool, bytes, type(None)})


@dataclass(frozen=True, slots=True)
class Identity:
    """An object of the program as a key, as in ``weights[neuron]``: it stands for itself by its number."""

    number: int


def as_data(place: Place) -> Place:
    """A place whose keys are data, so that it can be told of where the program's own classes are unknown."""
    if place[0] != "item":
        return place
    _, container, key = place
    return ("item", as_data(container) if isinstance(container, tuple) else container, key_as_data(key))


def key_as_data(key: Any) -> Any:
    """A key, or what stands for it where it is an object of the program."""
    if is_data(key):
        return key
    return tuple([key_as_data(part) for part in key]) if type(key) is tuple else Identity(id(key))


def is_data(key: Any) -> bool:
    """Is this a number, a text, or a tuple of such, and no object of the program?"""
    if type(key) is tuple:
        return all(is_data(part) for part in key)
    return type(key) in PLAIN or isinstance(key, np.generic)


def frozen_index(key: Any) -> Any:
    """A copy of an index that the program cannot change any more."""
    if isinstance(key, tuple):
        return tuple(frozen_index(part) for part in key)
    if isinstance(key, range | list):
        return np.array(key, None if len(key) else int)
    if isinstance(key, np.ndarray):
        return np.array(key)
    if isinstance(key, np.integer):
        return int(key)
    return key


def along_axis(shape: tuple[int, ...], indices: Any, axis: int | None) -> Any:
    """The index that ``np.take_along_axis`` and ``np.put_along_axis`` stand for, in an array of a shape.

    Along no axis, the array is taken flat. ValueError where the indices have other axes than the array.
    """
    given = np.array(indices)
    if axis is None:
        return np.unravel_index(given % int(np.prod(shape)), shape)
    if given.ndim != len(shape):
        raise ValueError("the indices must have as many axes as the array")
    along = axis % len(shape)
    return tuple(
        given if k == along else np.arange(size).reshape([-1 if j == k else 1 for j in range(len(shape))])
        for k, size in enumerate(shape)
    )


def item_place(container: Any, key: Any) -> Place | None:
    """The place of an item of a list or a dictionary; None where the key stands for no single one."""
    if isinstance(container, list | tuple) and isinstance(key, int | np.integer):
        return ("item", id(container), int(key) % len(container) if container else 0)
    try:
        hash(key)
    except TypeError:
        return None
    if isinstance(key, slice):
        return None
    return ("item", id(container), key)


def key_text(key: Any) -> str:
    """A key as text, to tell whether two writes went to the same part of an array."""
    if isinstance(key, tuple):
        return ", ".join(map(key_text, key))
    if isinstance(key, np.ndarray) and key.size > 20:
        return f"{key.dtype}{key.shape} {hashlib.blake2b(key.tobytes(), digest_size=8).hexdigest()}"
    text = repr(key)
    return text if len(text) < 200 else hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
