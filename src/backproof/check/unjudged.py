"""What a step adds to beside its parameters, and what did not begin with zeros, as weights do not.

So an actor's weights are updated beside a critic's, by what was computed before the step. Sums, counts and
the memories of an optimizer begin with zeros, or enter the updates.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Node, ancestors
from backproof.step import Change, label
from backproof.step.change import root
from backproof.step.update import keeps, terms, time_of
from backproof.trace import Trace

PRODUCTS = frozenset({"multiply", "divide", "matmul", "dot", "outer"})
SEVERAL = 2  # numbers: one alone may be a clock, or a rate


def unjudged(judgement: Judgement) -> tuple[str, ...]:
    """The names of what is added to so, and enters no update of a parameter that is judged."""
    window, trace = judgement.step.window, judgement.step.trace
    judged = [change for each in (judgement, *judgement.beside) for change in each.step.window.parameters]
    known = {change.place for change in judged}
    names = {
        p.name.partition("[")[0] for each in (judgement, *judgement.beside) for p in each.step.parameters
    }
    found = [c for c in window.others if not c.local and c.place not in known and _is_added_to(c)]
    if not found:
        return ()
    feeding = set(ancestors([c.after for c in judged], lambda node: time_of(node) < window.start))
    groups: dict[str, list[Change]] = defaultdict(list)
    for change in found:
        if root(change.after, 0) not in feeding and _begins_as_weights(trace, change):
            groups[label(trace, change).partition("[")[0]].append(change)
    return tuple(
        name
        for name, group in groups.items()
        if name not in names and sum(np.size(c.before.value) for c in group) >= SEVERAL
    )


def _is_added_to(change: Change) -> bool:
    """Is something added to a number, or to an array of numbers, that is kept as it is?"""
    if np.asarray(change.before.value).dtype.kind != "f" or np.shape(change.before.value) != np.shape(
        change.after.value
    ):
        return False
    moved = bool(np.any(np.asarray(change.before.value) != np.asarray(change.after.value)))
    if not moved or not keeps(change.after, change.before, whole=True):
        return False
    added = terms(change.after, root(change.before, 0))[1]
    return any(node.operation in PRODUCTS for node in added)  # a rate times something, and no clock or count


def _begins_as_weights(trace: Trace, change: Change) -> bool:
    """Is the first value that a place is seen with none but zeros?"""
    store = next((s for s in trace.stores if s.place == change.place), None)
    first: Node = change.before
    if store is not None and store.before is not None:
        first = store.before
    elif store is not None and store.after.operation in ("add", "subtract"):
        first = store.after.operands[0]
    return bool(np.any(np.asarray(first.value)))
