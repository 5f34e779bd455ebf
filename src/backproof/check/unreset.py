"""Sums that an update takes its gradient from, and that no step begins anew.

Where the gradient is the same in every step, as that of a hinge whose samples all count, what is left of the
steps before has its direction, and no comparison tells it.
"""

from __future__ import annotations

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import ancestors
from backproof.step import Change, label
from backproof.step.change import root
from backproof.step.update import sums, terms, time_of, walk
from backproof.trace import Trace


def never_reset(judgement: Judgement) -> tuple[str, ...]:
    """The names of sums of the parameters' shapes that go on from step to step and feed the updates."""
    step = judgement.step
    used, shapes = set(ancestors(step.descents)), {p.shape for p in step.parameters}
    found = []
    for change in step.window.others:
        leaf = step.copies.get(change.before)
        if (
            leaf is None
            or leaf not in used
            or leaf in step.state
            or np.shape(change.before.value) not in shapes
        ):
            continue
        if sums(change.after, change.before) and _adds_numbers(change) and _goes_on(step.trace, change):
            found.append(label(step.trace, change))
    return tuple(dict.fromkeys(found))


def _adds_numbers(change: Change) -> bool:
    """Is something else added than numbers of the source, as a count adds?"""
    _, added = terms(change.after, change.before)
    since = time_of(root(change.before, 0))
    line = walk(added, lambda n: time_of(n) > since)
    return any(not n.operands and n.operation != "constant" and np.size(n.value) > 1 for n in line)


def _goes_on(trace: Trace, change: Change) -> bool:
    """Is all of it still there when the next step adds to it, or was it when this one did?"""
    first, last = change.stores[0], change.stores[-1]
    inside = [s for s in trace.stores if s.place == change.place]
    following = next((s for s in inside if s.time > last.time), None)
    if any(not np.any(s.after.value) for s in (*change.stores, following) if s is not None):
        return False  # set to zero, also in place
    if following is not None:
        return sums(following.after, root(change.after, 0))
    before = next((s for s in reversed(inside) if s.time < first.time), None)
    return before is not None and before.before is not None and sums(before.after, root(before.before, 0))
