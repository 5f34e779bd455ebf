"""What a value that one step of a program begins with is in the other steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backproof.graph import Node, attribute, unnamed
from backproof.step import TrainingStep
from backproof.step.update import time_of
from backproof.step.window import Window


class Steps:
    """The recorded steps of a program: the same place of the source, reached as often, is the same value."""

    def __init__(self, step: TrainingStep, windows: Sequence[Window]) -> None:
        self.step, self.windows = step, list(windows)
        self.original = {copy: node for node, copy in step.copies.items()}
        self._sites: dict[int, list[Node]] = {}
        for node in step.trace.nodes:
            if node.origin is not None:
                self._sites.setdefault(node.origin.site, []).append(node)
        self._users: dict[Node, list[tuple[Node, int]]] = {}
        for copy in step.copies.values():
            for position, operand in enumerate(copy.operands):
                self._users.setdefault(operand, []).append((copy, position))

    def values(self, leaf: Node) -> list[Any] | None:
        """The values of a leaf of the step in all steps; None where they cannot be told."""
        for reading in self._readings(leaf):
            found = [node for node in reading if node is not None]
            if len(found) == len(self.windows):
                return [np.asarray(node.value) for node in found]
        return None

    def rows(self, leaf: Node) -> tuple[str, Any, Any] | None:
        """The rows of an array that a leaf is in every step, with the name of the array and the array.

        None where it is no part of an array that is the same in all steps.
        """
        for reading in self._readings(leaf):
            nodes = [unnamed(node) for node in reading if node is not None]
            bases = [unnamed(node.operands[0]) for node in nodes if node.operation == "index"]
            if len(bases) != len(self.windows) or not np.ndim(bases[0].value):
                continue
            array = np.asarray(bases[0].value)
            name = nodes[0].operands[0].name or "data"
            index = [attribute(node, "index") for node in nodes]
            if any(isinstance(i, tuple) for i in index):
                continue
            if not all(b is bases[0] or np.array_equal(b.value, array) for b in bases[1:]):
                continue
            rows = [np.arange(len(array))[i] for i in index]
            if len({row.shape for row in rows}) == 1:
                return name, array, np.stack(rows)
        return None

    def _readings(self, leaf: Node) -> Iterator[list[Node | None]]:
        """The leaf itself in every step, then as an operand of each value that is computed from it."""
        own = self.original.get(leaf)
        if own is not None and own.origin is not None and self._inside(own):
            yield [self.same(own, window) for window in self.windows]
        for user, position in self._users.get(leaf, ()):
            recorded = self.original.get(user)
            if recorded is None or recorded.origin is None or position >= len(recorded.operands):
                continue
            fellows = [self.same(recorded, window) for window in self.windows]
            yield [None if f is None else f.operands[position] for f in fellows]

    def _inside(self, node: Node) -> bool:
        window = self.step.window
        return window.start <= time_of(node) < window.end

    def same(self, node: Node, window: Window) -> Node | None:
        """What corresponds to a value of the step in another one."""
        here = self._at(node, self.step.window)
        place = next((k for k, other in enumerate(here) if other is node), None)
        there = self._at(node, window)
        return None if place is None or len(there) != len(here) else there[place]

    def made_at(self, site: int, time: int) -> Node | None:
        """The recorded node that was made at a place and time."""
        return next((n for n in self._sites.get(site, ()) if time_of(n) == time), None)

    def _at(self, node: Node, window: Window) -> list[Node]:
        """The values made at the place of a node in one step."""
        found = self._sites[node.origin.site]
        same = [n for n in found if window.start <= time_of(n) < window.end]
        return [n for n in same if n.operation == node.operation and len(n.operands) == len(node.operands)]
