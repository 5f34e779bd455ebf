"""Masks in the loss of a step that the parameters of an older step have decided.

As where the mask of a rectifier is computed in the first round and kept: both passes agree in using it, and
the units that it lets through are those of then.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Node
from backproof.step.bent import FORMED
from backproof.step.change import root
from backproof.step.update import time_of, walk

COMPARISONS = frozenset({"greater", "greater_equal", "less", "less_equal"})
JOINED = FORMED | {"logical_and", "logical_or", "logical_not"}


def outdated(judgement: Judgement) -> tuple[Node, ...]:
    """The masks of the step that were decided by older parameters and data, and by no chance.

    What is asked of the parameters alone prunes them.
    """
    step, window = judgement.step, judgement.step.window
    earlier = [w for w in judgement.seen if w.end <= window.start]
    if not earlier:
        return ()
    first = min(w.start for w in earlier)
    now = {root(c.before, 0) for c in window.parameters}
    old = {root(n, 0) for w in earlier for c in w.parameters for n in (c.before, c.after)} - now
    begun = {root(c.before, 0) for c in min(earlier, key=lambda w: w.start).parameters}
    drawn = {node for node in step.trace.random if time_of(node) >= first}
    guards = [g.node for g in step.trace.guards if window.start <= g.time < window.end]
    found = []
    for mask in _older_masks([step.hypothesis.node, *guards], window.start):
        line = {root(n, 0) for n in walk([mask], lambda n: time_of(n) >= first)}
        data = any(not n.operands and np.size(n.value) > 1 and n not in begun for n in line)
        if data and not old.isdisjoint(line) and now.isdisjoint(line) and drawn.isdisjoint(line):
            found.append(mask)
    return tuple(found)


def _older_masks(results: list[Node], start: int) -> Iterator[Node]:
    for node in walk(results, lambda n: time_of(n) >= start):
        if 0 <= time_of(node) < start and node.operands and np.size(node.value) > 1:
            inner = node
            while inner.operation in JOINED:
                inner = inner.operands[0]
            if inner.operation in COMPARISONS:
                yield node
