"""The data of a step, and other data of the same program that the step could have had.

A program that learns one sample a step shows four samples in four steps. All the others are in the array that
it takes them from: the recorded step is looked at with those, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.graph import OPERATIONS, Node, ancestors
from backproof.step import TrainingStep
from backproof.step.picked import Rows, rows_of
from backproof.step.update import time_of

MOST = 200  # samples: a share of them is known to a few per cent


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What a step takes of an array: ``picked`` rows of it."""

    node: Node
    picked: Rows

    @property
    def position(self) -> int | None:
        """Where in a tuple of indices the rows stand."""
        return self.picked.position

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.picked.count

    @property
    def rows(self) -> tuple[int, ...]:
        """Those that are taken."""
        return self.picked.numbers

    def of(self, rows: np.ndarray[Any, Any]) -> Any:
        """Take other rows."""
        return self.picked.of(self.node.operands[0].value, self.node.attributes["index"], rows)


def data_leaves(step: TrainingStep) -> list[Node]:
    """The leaves that the loss is computed from and that no update changes: inputs, targets, constants."""
    own = set(step.leaves)
    changed = {step.copies.get(c.before) for c in (*step.window.parameters, *step.window.others)}
    return [n for n in ancestors([step.loss]) if n.operation == "leaf" and n not in own and n not in changed]


def samples(step: TrainingStep) -> list[Mapping[Node, Any]]:
    """Values for the data of the step, the recorded ones first, then those of other samples.

    Only the recorded ones where the program does not take its samples out of an array.
    """
    recorded: dict[Node, Any] = {}
    originals = {copy: node for node, copy in step.copies.items()}
    line, leaves = step_line(step)
    since = _beginning(step)
    choices = [choice for node in line if (choice := chosen_rows(node, since)) is not None]
    if not choices or any(c.count != choices[0].count or c.rows != choices[0].rows for c in choices):
        return [recorded]
    count, rows = choices[0].count, choices[0].rows
    wanted = {originals[leaf]: leaf for leaf in leaves}
    found: list[Mapping[Node, Any]] = [recorded]
    for taken in _others(count, rows):
        try:
            values = {choice.node: choice.of(taken) for choice in choices}
            with np.errstate(all="ignore"):
                table = _again(line, values)
        except (ValueError, IndexError, TypeError):
            return [recorded]
        point = {copy: table[node] for node, copy in wanted.items() if node in table}
        if any(np.shape(value) != np.shape(leaf.value) for leaf, value in point.items()):
            return [recorded]
        found.append(point)
    return found


def _read(step: TrainingStep) -> list[Node]:
    """Every leaf that the loss or an update reads and that is no parameter."""
    own = set(step.leaves)
    changed = {step.copies.get(c.before) for c in (*step.window.parameters, *step.window.others)}
    results = [step.loss, *step.descents]
    return [n for n in ancestors(results) if n.operation == "leaf" and n not in own and n not in changed]


def _beginning(step: TrainingStep) -> int:
    """The time since which samples are chosen for this step: when the one before was over."""
    before = max(time_of(c.before) for c in step.window.parameters)
    return min(step.window.start, before + 1)


def step_line(step: TrainingStep) -> tuple[list[Node], list[Node]]:
    """What this step makes of its data before any parameter comes in: nodes of the trace, and the leaves.

    The nodes are those that the leaves were computed from since the step before, operands first.
    """
    originals = {copy: node for node, copy in step.copies.items()}
    leaves = [leaf for leaf in _read(step) if leaf in originals]
    since = _beginning(step)
    return ancestors([originals[leaf] for leaf in leaves], stop=lambda node: time_of(node) < since), leaves


def chosen_rows(node: Node, since: int) -> Choice | None:
    """Is this the choice of some rows of an array that is older than the step?"""
    if node.operation != "index" or time_of(node) < since or time_of(node.operands[0]) >= since:
        return None
    index = node.attributes.get("index")
    picked = None if isinstance(index, list | dict) else rows_of(index, np.shape(node.operands[0].value))
    return None if picked is None or picked.count < 2 else Choice(node, picked)


def _others(count: int, rows: tuple[int, ...]) -> list[np.ndarray[Any, Any]]:
    """Other rows, as many at a time as the step takes, spread evenly over the array."""
    size = len(rows)
    if not size or size >= count:
        return []
    rest = np.setdiff1d(np.arange(count), np.unique(rows))
    order = np.random.default_rng(0).permutation(rest)
    groups = min(len(order) // size, max(1, MOST // size))
    return [order[k * size : (k + 1) * size] for k in range(groups)]


def _again(line: list[Node], values: Mapping[Node, Any]) -> dict[Node, Any]:
    """Compute what depends on ``values`` anew; only that is in the result."""
    table = dict(values)
    for node in line:
        if node not in table and any(operand in table for operand in node.operands):
            operands = [table.get(operand, operand.value) for operand in node.operands]
            table[node] = OPERATIONS[node.operation].value(*operands, **node.attributes)
    return table
