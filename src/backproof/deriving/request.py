"""What to derive, and shapes as they are given on a command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backproof.errors import DerivationError

Shape = tuple[int | str, ...]  # sizes, or letters that stand for any


@dataclass(frozen=True, slots=True)
class Request:
    """What to derive: ``wrt`` what, which name is the loss, and shapes of what the program does not give."""

    wrt: tuple[str, ...] = ()
    loss: str | None = None
    shapes: Mapping[str, Shape] | None = None
    seconds: float = 20.0


def parsed_shapes(texts: Sequence[str]) -> dict[str, Shape]:
    """Read ``W1=5,3 b=3 c=`` as shapes; sizes may be letters, ``W=(n,m)``.

    >>> parsed_shapes(["W=5,3", "b=3", "c=", "V=(n,m)"])
    {'W': (5, 3), 'b': (3,), 'c': (), 'V': ('n', 'm')}

    Raises
    ------
    DerivationError
        When a text is no shape.
    """
    shapes: dict[str, Shape] = {}
    for text in re.findall(r"\w+=\([^)]*\)|[^\s]+?(?=,\w+=|\s|$)", " ".join(texts)):
        name, equals, numbers = text.strip(",").partition("=")
        parts = [part.strip() for part in numbers.strip("()").split(",") if part.strip()]
        if not equals or not name.isidentifier() or not all(p.isdigit() or p.isidentifier() for p in parts):
            raise DerivationError(f"--shapes: {text!r} is no shape; write NAME=5,3 (a number: NAME=).")
        shapes[name] = tuple(int(part) if part.isdigit() else part for part in parts)
    return shapes
