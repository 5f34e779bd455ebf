"""Numbers that change from step to step, as a rate that decays: how they follow from the step's number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from backproof.graph import Node, apply

FEWEST = 4  # numbers that tell a law
CLOSE = 1e-12  # of the largest: what rounding leaves of equal numbers


@dataclass(frozen=True, slots=True)
class Law:
    """A number as it is in step n, counted from 0: ``a + b·n``, ``a + b·rⁿ``, or ``1/(a + b·n)``.

    Or in epoch n, where it changes only then.
    """

    kind: Literal["line", "power", "inverse"]
    a: float
    b: float
    r: float = 1.0
    every: int = 1  # steps for which it stays as it is, as those of an epoch
    ahead: int = 0  # steps of the first of them that were over before the first step

    def at(self, number: int) -> float:
        """The value in one step."""
        number = (number + self.ahead) // self.every
        match self.kind:
            case "line":
                return self.a + self.b * number
            case "power":
                return self.a + self.b * self.r**number
        return 1 / (self.a + self.b * number)

    def node(self, number: Node) -> Node:
        """The value as a node of the step's number."""
        if self.every > 1:
            number = apply(
                "floor", apply("divide", apply("add", number, float(self.ahead)), float(self.every))
            )
        if self.kind == "power":
            return apply("add", self.a, apply("multiply", self.b, apply("power", self.r, number)))
        line = apply("add", self.a, apply("multiply", self.b, number))
        return line if self.kind == "line" else apply("reciprocal", line)


def law_of(values: Sequence[float]) -> Law | None:
    """Find the law that some numbers follow, one after the other; None where there is none of these.

    >>> law_of([1.0, 1.5, 2.0, 2.5])
    Law(kind='line', a=1.0, b=0.5, r=1.0, every=1, ahead=0)
    >>> law_of([1.0, 0.5, 0.25, 0.125])
    Law(kind='power', a=0.0, b=1.0, r=0.5, every=1, ahead=0)
    >>> law_of([1.0, 3.0, 2.0, 7.0])
    """
    if len(values) < FEWEST or not np.all(np.isfinite(values)):
        return None
    first, second, third = values[:3]
    candidates = [Law("line", first, second - first)]
    if second != first:
        ratio = (third - second) / (second - first)
        if ratio != 1.0:
            scale = (second - first) / (ratio - 1.0)
            start = first - scale
            if abs(start) < 1e-9 * abs(first):
                start, scale, ratio = 0.0, first, second / first
            elif abs(start - 1.0) < 1e-9:
                start, scale, ratio = 1.0, first - 1.0, (second - 1.0) / (first - 1.0)
            if ratio > 0:
                candidates.append(Law("power", start, scale, _short(ratio)))
    if all(values):
        inverses = [1 / value for value in values]
        candidates.append(Law("inverse", inverses[0], inverses[1] - inverses[0]))
    largest = max(map(abs, values))
    for law in candidates:
        if all(abs(law.at(k) - value) <= CLOSE * largest for k, value in enumerate(values)):
            return law
    return _by_epochs(values)


def _by_epochs(values: Sequence[float]) -> Law | None:
    """The law of numbers that stay as they are for as many steps each time."""
    changes = [k for k in range(1, len(values)) if values[k] != values[k - 1]]
    lengths = {b - a for a, b in pairwise(changes)}
    if len(changes) < FEWEST - 1 or len(lengths) != 1:
        return None
    every = lengths.pop()
    if every == 1 or changes[0] > every or len(values) - changes[-1] > every:
        return None
    law = law_of([values[0], *(values[k] for k in changes)])
    return None if law is None or law.every > 1 else replace(law, every=every, ahead=every - changes[0])


def _short(ratio: float) -> float:
    """A ratio as it is written, where rounding has made another number of it."""
    written = float(f"{ratio:.12g}")
    return written if abs(written - ratio) <= CLOSE * abs(ratio) else ratio
