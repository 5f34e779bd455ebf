"""A value as Python source: what stands in an expression for a constant, an attribute, an index."""

from __future__ import annotations

from typing import Any

import numpy as np


class Written(np.ndarray[Any, Any]):
    """An array that is written as ``text``: what the program reads it as."""

    text: str | None = None

    @classmethod
    def of(cls, array: Any, text: str) -> Written:
        """The array with its text."""
        found = np.asarray(array).view(cls)
        found.text = text
        return found


def literal(value: Any, longest: int = 50) -> str:
    """Write a value as short Python source that evaluates to it.

    Arrays of more than ``longest`` elements are abbreviated, and no longer evaluate to themselves.

    Examples
    --------
    >>> literal(np.float64(0.5)), literal(np.zeros((2, 3))), literal(np.array([1, -2]))
    ('0.5', 'np.zeros((2, 3))', 'np.array([1, -2])')
    """
    if isinstance(value, Written) and value.text is not None:
        return value.text
    if isinstance(value, np.ndarray):
        return _array(value, longest) if value.shape else literal(value.item())
    if isinstance(value, np.floating) and not isinstance(value, np.float64):
        return _finite(str(value))
    if isinstance(value, np.generic):
        return literal(value.item())
    if isinstance(value, float):
        return _finite(repr(value))
    if isinstance(value, (tuple, list)):
        inside = ", ".join(literal(item, longest) for item in value)
        if isinstance(value, list):
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v, longest)}" for k, v in value.items()) + "}"
    if isinstance(value, (type, np.dtype)):
        return f"np.{np.dtype(value).name}"
    return "..." if value is Ellipsis else repr(value)


def _finite(text: str) -> str:
    return text.replace("inf", "np.inf").replace("nan", "np.nan")


def _array(value: np.ndarray[Any, Any], longest: int) -> str:
    shape = str(value.shape[0]) if value.ndim == 1 else str(value.shape)
    if value.dtype == np.float64 and value.size > 1:
        if not np.any(value):
            return f"np.zeros({shape})"
        if np.all(value == 1.0):
            return f"np.ones({shape})"
        if value.ndim == 2 and np.array_equal(value, np.eye(len(value))):
            return f"np.eye({len(value)})"
    if value.size == 0:
        return f"np.empty({value.shape}, {literal(value.dtype)})"
    text = np.array2string(
        value,
        separator=", ",
        threshold=longest,
        max_line_width=10**9,
        formatter={"all": lambda x: literal(x)},
    )
    return f"np.array({' '.join(text.split())})"


def index_literal(index: Any) -> str:
    """Write an index as it stands between the brackets.

    Examples
    --------
    >>> index_literal((slice(None), slice(1, None, 2), None, np.array([0, 2])))
    ':, 1::2, None, np.array([0, 2])'
    """
    if isinstance(index, tuple) and len(index) > 1:
        return ", ".join(_item(item) for item in index)
    return (
        _item(index[0]) + "," * (not isinstance(index[0], slice))
        if isinstance(index, tuple) and index
        else _item(index)
    )


def _item(item: Any) -> str:
    if not isinstance(item, slice):
        return literal(item)
    start, stop = ("" if bound is None else literal(bound) for bound in (item.start, item.stop))
    return f"{start}:{stop}" + ("" if item.step is None else f":{literal(item.step)}")
