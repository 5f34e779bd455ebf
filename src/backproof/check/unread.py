"""Gradients under a name that nothing reads, as they are left where an update was forgotten.

What a layer hands on is read, or has no name. A gradient that the program writes down by a name and never
looks at again was written down for an update. Where it is the gradient of what stays as it is, that update
may be missing; or what stays is meant to stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.check.dropped import idle_values, kept_leaves, names_of, with_older_values_apart
from backproof.check.grades import is_multiple
from backproof.check.points import informative_points
from backproof.graph import Node, adjoints, ancestors, evaluate
from backproof.step import TrainingStep
from backproof.step.cut import dependent
from backproof.trace import unread_names

MOST = 60  # values that a gradient may be that of


@dataclass(frozen=True, slots=True, eq=False)
class Unread:
    """A gradient, called ``name``, that nothing reads; it is that of a value made of ``owners`` only."""

    name: str
    gradient: Node
    owners: tuple[str, ...]


def unread_gradients(step: TrainingStep) -> tuple[Unread, ...]:
    """Find gradients under a name that nothing reads, of what is computed from no parameter of the step."""
    unread = unread_names(step.trace.files.values())
    if not unread:
        return ()
    step = with_older_values_apart(step)
    names = names_of(step)
    candidates = [n for n in idle_values(step) if names.get(n) in unread and not names[n].startswith("_")]
    kept = {leaf: name for leaf, (_, name, _) in kept_leaves(step).items()} if candidates else {}
    if not kept:
        return ()
    shapes = {np.shape(node.value) for node in candidates}
    line = ancestors([step.loss])
    moved, still = dependent(line, step.leaves), dependent(line, kept)
    fixed = [n for n in line if n in still and n not in moved and np.shape(n.value) in shapes][:MOST]
    truths = adjoints(step.loss, fixed)
    points = [{**step.state, **point} for point in informative_points(step, 2)]
    tables = [evaluate([*candidates, *truths, *truths.values()], point) for point in points]
    found = []
    for node in candidates:
        for value, truth in truths.items():
            own = is_multiple([(table[node], table[truth]) for table in tables])
            if own or (value in kept and _is_update(tables, value, node, truth)):
                below = set(ancestors([value]))
                owners = tuple(name for leaf, name in kept.items() if leaf in below)
                found.append(Unread(names[node], node, owners))
                break
    return tuple(found)


def unread_parts(step: TrainingStep) -> tuple[Unread, ...]:
    """Find gradients under a name that nothing reads, of the part of a parameter that its update leaves.

    As the rows of a table that a step reads are, where those of one look-up are updated and not of another.
    """
    unread = unread_names(step.trace.files.values())
    names = names_of(step) if unread else {}
    candidates = [n for n in idle_values(step) if names.get(n) in unread and not names[n].startswith("_")]
    if not candidates:
        return ()
    points = [{**step.state, **point} for point in informative_points(step, 2)]
    tables = [evaluate([*candidates, *step.descents, *step.truths], point) for point in points]
    found = []
    for parameter, descent, truth in zip(step.parameters, step.descents, step.truths, strict=True):
        left = [np.where(np.asarray(table[descent]) == 0, table[truth], 0.0) for table in tables]
        found += [
            Unread(names[node], node, (parameter.name,))
            for node in candidates
            if is_multiple([(_sorted(t[node]), _sorted(part)) for t, part in zip(tables, left, strict=True)])
        ]
    return tuple(found)


def _sorted(value: Any) -> Any:
    """The numbers of an array that are not zero, by size: where they stand in it says nothing."""
    numbers = np.ravel(np.asarray(value, dtype=float))
    return np.sort(numbers[numbers != 0])


def _is_update(tables: Sequence[Mapping[Node, Any]], old: Node, new: Node, truth: Node) -> bool:
    """Is this the old value less a multiple of its gradient?"""
    if np.shape(old.value) != np.shape(new.value):
        return False
    return is_multiple([(np.subtract(table[old], table[new]), table[truth]) for table in tables])
