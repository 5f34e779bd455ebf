"""How one library function is expressed in operations of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace.lowering.context import Context, UnloweredError

Build = Callable[..., Node | list[Node]]


@dataclass(frozen=True, slots=True)
class Lowering:
    """One library function.

    ``build`` takes a ``Context`` and the call's own arguments, and gives the node of its result or refuses;
    a list of nodes where the result is a list or a tuple. ``mutates`` says that the function writes into
    its first argument: then the node is what that becomes. ``iterates`` says that it takes any iterable and
    runs through it once.
    """

    build: Build
    mutates: bool = False
    iterates: bool = False


Table = dict[Any, Lowering]


def table(*entries: tuple[Build, Iterable[Any]], iterates: bool = False) -> Table:
    """A table of lowerings from pairs of an expression and the functions that it stands for.

    A function that this version of NumPy does not have may be given as None.
    """
    return {
        function: Lowering(build, iterates=iterates)
        for build, functions in entries
        for function in functions
        if function is not None
    }


def numpy(name: str) -> Any:
    """A function of NumPy, or None where this version has none of that name."""
    return getattr(np, name, None)


def refuse(**keywords: Any) -> None:
    """Refuse a call in which one of these arguments is given."""
    for name, value in keywords.items():
        if value is not None and value is not np._NoValue:
            raise UnloweredError(name)


def plain_axis(axis: Any) -> Any:
    """An axis argument as an int, a tuple of ints, or None."""
    if axis is None or axis is np._NoValue:
        return None
    return tuple(int(a) for a in axis) if isinstance(axis, tuple | list) else int(axis)


def operation(name: str, *attributes: str) -> Build:
    """The call is one operation of the table.

    Arguments after the first, or the keywords of their names, are its attributes.
    """

    def build(context: Context, x: Any, *values: Any, **keywords: Any) -> Node:
        given = dict(zip(attributes, values, strict=False)) | keywords
        return context.apply(name, x, **{key: given.get(key) for key in attributes})

    return build
