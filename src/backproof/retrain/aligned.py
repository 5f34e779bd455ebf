"""Several steps of one training side by side: what they compute alike, and in what they differ.

A step is told by its place in the computation and not in the source: the new value of a parameter in one step
stands beside its new value in the next, then what these are computed from, and so on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.errors import BackproofError
from backproof.graph import Node
from backproof.step import Window
from backproof.step.change import root
from backproof.step.update import time_of

KINDS = 2  # of steps: those of whole batches, and those of a smaller last one


class RetrainError(BackproofError):
    """The training of a program cannot be taken over."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Entry:
    """One value of a step, as it is in every step that was seen: ``nodes[k]`` in the k-th.

    ``operands`` is empty for what a step begins with: constants, data, and what the step before has made.
    """

    nodes: tuple[Node, ...]
    operands: tuple[Entry, ...] = ()

    @property
    def operation(self) -> str:
        """What it is computed by."""
        return self.nodes[-1].operation if self.operands else "leaf"

    @property
    def value(self) -> Any:
        """The value in the last step."""
        return self.nodes[-1].value

    @property
    def name(self) -> str | None:
        """What the program calls it."""
        return self.nodes[-1].name

    def attributes(self, step: int = -1) -> Mapping[str, Any]:
        """The attributes that it has in a step."""
        return self.nodes[step].attributes

    def alike(self, kinds: Sequence[int] | None = None) -> bool:
        """Has it the same attributes in every step, or in all those of one kind?"""
        firsts: dict[int, Any] = {}
        of = kinds or [0] * len(self.nodes)
        attributes = [node.attributes for node in self.nodes]
        return all(same(firsts.setdefault(k, a), a) for k, a in zip(of, attributes, strict=False))


class Aligned:
    """Consecutive steps of one kind, walked through together from what they make.

    ``since`` are the times at which the steps begin: each where the one before is over. ``kinds`` tells apart
    those that do the same with arrays of other shapes, as for the last batch of an epoch.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        first = windows[0]
        newest = max((time_of(root(c.before, 0)) for c in first.parameters), default=-1)
        self.since = [min(first.start, newest + 1), *(w.end for w in windows)]
        self.count = len(windows)
        self.kinds = [0] * self.count
        self.entries: dict[tuple[Node, ...], Entry] = {}

    def entry(self, nodes: Sequence[Node]) -> Entry:
        """The entry of what stands at one place of all steps (or of all but the last few), and of its line.

        Raises
        ------
        RetrainError
            When the steps do not compute it alike.
        """
        start = tuple(root(node, 0) for node in nodes)
        stack = [start]
        while stack:
            key = stack[-1]
            if key in self.entries:
                stack.pop()
                continue
            operands = self._operands(key)
            waiting = [operand for operand in operands if operand not in self.entries]
            if waiting:
                stack += waiting
                continue
            self.entries[key] = Entry(key, tuple(self.entries[operand] for operand in operands))
            stack.pop()
        return self.entries[start]

    def _operands(self, key: tuple[Node, ...]) -> list[tuple[Node, ...]]:
        """What stands beside each other among the operands; nothing for what is older than the step."""
        inside = [bool(n.operands) and time_of(n) >= self.since[k] for k, n in enumerate(key)]
        if not all(inside) and not _taken_from_one(key):
            return []
        if len({(node.operation, len(node.operands)) for node in key}) > 1:
            raise RetrainError(
                "The steps of the program do not all compute the same: what it computes changes on the way."
            )
        self._tell_apart([np.shape(node.value) for node in key])
        return [tuple(root(node.operands[k], 0) for node in key) for k in range(len(key[0].operands))]

    def _tell_apart(self, shapes: list[tuple[int, ...]]) -> None:
        """Let steps be of different kinds in which a value has different shapes."""
        if len(set(shapes[1:])) <= 1:  # what is remembered may begin as a number
            return
        if shapes[0] not in shapes[1:]:
            shapes = [max(shapes[1:], key=shapes.count), *shapes[1:]]
        known: dict[Any, int] = {}
        both = zip(self.kinds[: len(shapes)], shapes, strict=True)
        kinds = [known.setdefault(each, len(known)) for each in both]
        if len(known) > KINDS:
            different = list(dict.fromkeys(map(str, shapes)))
            raise RetrainError(
                f"The steps of the program differ in shape ({', '.join(different[:4])}), by more than a last"
                " batch that is smaller."
            )
        self.kinds[: len(kinds)] = kinds

    def made_by(self, entry: Entry) -> bool:
        """Was this, which a step begins with, computed by the step before, in every step but the first?"""
        later = list(enumerate(entry.nodes))[1:]
        return bool(later) and all(
            self.since[k - 1] <= time_of(node) < self.since[k] and bool(node.operands) for k, node in later
        )


def _taken_from_one(key: tuple[Node, ...]) -> bool:
    """Are these different items of one array, taken out before the step, as a loop over pairs does?"""
    wholes = {root(node.operands[0], 0) for node in key if node.operation == "index"}
    return len(wholes) == 1 and all(node.operation == "index" for node in key) and len(set(key)) > 1


def order_of(results: Iterable[Entry]) -> list[Entry]:
    """Everything that some entries are computed from, operands first."""
    done: dict[Entry, None] = {}
    stack = list(results)[::-1]
    while stack:
        entry = stack[-1]
        waiting = [operand for operand in entry.operands if operand not in done]
        if entry not in done and waiting:
            stack += waiting
            continue
        done[entry] = None
        stack.pop()
    return list(done)


def same(first: Any, second: Any) -> bool:
    """Are two attributes, or two mappings of them, equal?"""
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return np.shape(first) == np.shape(second) and bool(np.array_equal(first, second))
    if isinstance(first, Mapping):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, tuple | list):
        return (
            type(first) is type(second)
            and len(first) == len(second)
            and all(same(a, b) for a, b in zip(first, second, strict=True))
        )
    return type(first) is type(second) and bool(first == second)
