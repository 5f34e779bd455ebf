"""When the lists and dictionaries of a run were there for the first time."""

from __future__ import annotations

from typing import Any

from backproof.graph import Node
from backproof.trace import Trace

HELD = frozenset({"item", "length", "size"})  # places whose second part is a container


class Containers:
    """The lists and dictionaries of a trace, by the time at which each is first known to be there."""

    def __init__(self, trace: Trace) -> None:
        self.seen: dict[Any, int] = {}
        for holding in trace.holdings:
            for each in (holding.content, holding.place[1] if holding.place[0] in HELD else None):
                if isinstance(each, int):
                    self.seen.setdefault(each, holding.time)

    def begin_with(self, place: tuple[Any, ...], before: Node, start: int) -> bool:
        """Is a value the number that an item of a list or dictionary is made with, after ``start``?

        As the zero of ``grads = [0.0] * n``, which is one value in the source.
        """
        if place[0] != "item" or before.operation != "constant":
            return False
        return self.seen.get(place[1], -1) >= start
