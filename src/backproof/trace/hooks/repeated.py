"""Lists in which one object stands more than once: at each place it means what it was read as there.

``[bias_grad, weight_grad, gate_grad]`` may hold one array under two names, as where a program hands on the
wrong one: what goes through the list, beside other lists or after they are joined, has to tell the two apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from backproof.graph import Node
from backproof.trace.flow.moment import Names
from backproof.trace.flow.values import TRACKED
from backproof.trace.hooks.places import Places

LISTED = (list, tuple)
MOST = 200  # items; a longer list is data


class Repeated:
    """Notes such lists as they are made, and hands out their items."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.nodes = places.nodes
        self.noted: dict[int, Any] = {}

    def display(self, made: Any, frame: Names | None, names: Sequence[str | None]) -> Any:
        """``[a, b, c]`` was evaluated; ``names`` are those of the frame that stand there by themselves."""
        if frame is not None and len(made) == len(names) and _repeats(made):
            bound = [frame.bound.get(name) if name is not None else None for name in names]
            self.note(
                made,
                [
                    entry[0] if entry is not None and entry[1] is value else self.nodes.known.get(id(value))
                    for entry, value in zip(bound, made, strict=True)
                ],
            )
        return made

    def note(self, container: Any, meant: Sequence[Node | None]) -> None:
        """A container was made whose items mean ``meant``, where they have a node."""
        if not _repeats(container):
            return
        self.noted[id(container)] = container
        for position, (value, node) in enumerate(zip(container, meant, strict=True)):
            if node is not None:
                self.places.means(("item", id(container), position), value, node)

    def joined(self, result: Any, left: Any, right: Any) -> None:
        """``left + right`` was evaluated, of two lists."""
        if id(left) in self.noted or id(right) in self.noted:
            self.note(result, [self._meant(part, k) for part in (left, right) for k in range(len(part))])

    def copied(self, result: Any, original: Any) -> None:
        """``list(original)`` was evaluated, or something like it."""
        if isinstance(result, LISTED) and id(original) in self.noted and len(result) == len(original):
            self.note(result, [self._meant(original, k) for k in range(len(original))])

    def _meant(self, container: Any, position: int) -> Node | None:
        """What the item at a position means there."""
        value = container[position]
        entry = self.places.given_at.get(("item", id(container), position))
        if entry is not None and entry[1] is value:
            return entry[0]
        return self.nodes.known.get(id(value)) if isinstance(value, TRACKED) else None

    def items(self, container: Any) -> Iterable[Any]:
        """The items of a container, one after the other: each means what it means there."""
        return self._each(container) if id(container) in self.noted else container

    def _each(self, container: Any) -> Iterable[Any]:
        for position, value in enumerate(container):
            if isinstance(value, TRACKED):
                self.places.point(("item", id(container), position), value)
            yield value


def _repeats(container: Any) -> bool:
    """Does an object that is followed stand in a container more than once?"""
    numbers = [id(value) for value in container[:MOST] if isinstance(value, TRACKED)]
    return len(set(numbers)) < len(numbers)
