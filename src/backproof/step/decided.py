"""Parameters that reach their own update by a decision only: ``if label * score < 1: w += rate * label * x``.

So learn a perceptron and the weights of a hinge. What was asked depends on the weights; what is added to them
does not, but on the sample that was asked of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from backproof.graph import Node
from backproof.step.change import Change, root
from backproof.step.update import terms, time_of, walk
from backproof.trace.events import Guard

TRIES = 8  # decisions made at one place that are looked at


def decided_changes(guards: Iterable[Guard], changes: Sequence[Change], start: int) -> list[Change]:
    """What is added to by a decision that depends on it, where something of the sample enters both.

    All since ``start``, and before anything is updated. What else the same decision depends on, and is added
    to, is learned with it, as a bias is. Nothing is, where what one decision has updated is asked of by the
    next: then these are several steps.
    """
    updated = {store.after for change in changes for store in change.stores}
    last = max((store.time for change in changes for store in change.stores), default=start)

    def line_of(nodes: list[Node]) -> set[Node]:
        return set(walk(nodes, lambda node: time_of(node) >= start and node not in updated))

    used = {change: line_of(added) for change in changes if (added := _added(change))}
    learned: set[Change] = set()
    tries = Counter[int]()
    for guard in guards:
        if tries[guard.site] >= TRIES:
            continue
        tries[guard.site] += 1
        line = line_of([guard.node])
        if guard.time < last and _is_asked_of(line, used):
            return []
        asked = [change for change in used if change.before in line and not _tried_out(change, used, line)]
        befores = {change.before for change in asked}
        if any(_is_of_the_sample(used[change] & line - befores) for change in asked):
            learned.update(asked)
    return [change for change in changes if change in learned]


def _is_asked_of(line: Iterable[Node], used: Iterable[Change]) -> bool:
    """Does a decision depend on what has become of something that is added to, and is again later?"""
    between = {root(s.after, 0) for change in used for s in change.stores[:-1]}
    return any(root(node, 0) in between for node in line)


def _tried_out(change: Change, used: Mapping[Change, set[Node]], line: Iterable[Node]) -> bool:
    """Was it asked what the sum would be, as a random search does, and no sample of the weights?"""
    return any(
        node.operation in ("add", "subtract")
        and change.before in node.operands
        and not used[change].isdisjoint(node.operands)
        for node in line
    )


def _added(change: Change) -> list[Node]:
    """What was added to a number or an array of numbers that is kept, if it is anything but zero."""
    if np.asarray(change.before.value).dtype.kind != "f":
        return []
    kept, added = terms(change.after, change.before)
    return added if kept and any(np.any(node.value) for node in added) else []


def _is_of_the_sample(shared: set[Node]) -> bool:
    """Is there anything but numbers that the source holds?"""
    return any(node.operation != "constant" for node in shared)


def sampled(loss: Node, changes: Sequence[Change], start: int) -> list[Node]:
    """What is older than a step, which begins at ``start``, and enters its updates and its loss."""

    def older(nodes: list[Node]) -> set[Node]:
        line = walk(nodes, lambda node: time_of(node) >= start)
        return {node for node in line if time_of(node) < start and node.operation != "constant"}

    befores = {change.before for change in changes}
    return sorted((older([loss]) & older([c.after for c in changes])) - befores, key=time_of)
