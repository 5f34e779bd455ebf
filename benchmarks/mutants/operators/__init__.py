"""The mistakes that people make, as changes of a program's text: one function a kind, wherever it applies."""

from __future__ import annotations

from collections.abc import Iterator

from ..mutation import Mutation
from ..observe import Shapes
from ..text import Source
from . import activations, factors, losses, names, shapes, updates

EVERY = (
    *factors.EVERY,
    *activations.EVERY,
    *shapes.EVERY,
    *updates.EVERY,
    *losses.EVERY,
)


def mutations(source: Source, seen: Shapes, loop: str) -> Iterator[Mutation]:
    """Give every mistake that can be made in a program, right or wrong: the truth is found by running it."""
    for operator in EVERY:
        yield from operator(source)
    yield from names.wrong_operand(source, seen)
    yield from updates.not_reset(source, loop)
