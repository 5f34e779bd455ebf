"""What NumPy took before 2.4 and refuses since: an array of one number for a number, and None for no axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backproof.trace.flow.nodes import Nodes
from backproof.trace.hooks.library import lowered
from backproof.trace.lowering import METHODS

REFUSES = np.lib.NumpyVersion(np.__version__) >= "2.4.0"
SHAPED = frozenset({np.zeros, np.ones, np.empty})
NUMBERS = frozenset({float, int, *(f for f in vars(math).values() if type(f) is type(math.exp))})
CHANGED = SHAPED | NUMBERS if REFUSES else frozenset[Any]()  # functions that took more
REFUSED = ", which NumPy refuses since 2.4"


def as_before(nodes: Nodes, site: int, function: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a call of what has ``CHANGED``, as they were understood before."""
    if function in NUMBERS:
        return tuple(as_number(nodes, site, argument) for argument in arguments)
    if arguments and arguments[0] is None:
        _note(nodes, site, f"np.{function.__name__}(None){REFUSED}")
        return ((), *arguments[1:])
    return arguments


def as_number(nodes: Nodes, site: int, value: Any) -> Any:
    """An array of one number as that number, recorded; anything else as it is."""
    if not _is_one(value):
        return value
    _note(nodes, site, f"an array of one number in place of a number{REFUSED}")
    return lowered(nodes, site, (site, site), value.reshape, METHODS["reshape"], (value, ()), {}, method=True)


def _is_one(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0 and value.size == 1


def _note(nodes: Nodes, site: int, text: str) -> None:
    """Tell the reader once, as of an import that the program lacks."""
    supplied = nodes.trace.supplied
    if text not in (told for told, _ in supplied):
        supplied.append((text, nodes.sites[site].span.row))
