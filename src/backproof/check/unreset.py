"""Sums that an update takes its gradient from, and that no step begins anew.

Where the gradient is the same in every step, as that of a hinge whose samples all count, what is left of the
steps before has its direction, and no comparison tells it.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Node, ancestors
from backproof.step import Change, Window, label
from backproof.step.change import root
from backproof.step.update import sums, terms, time_of, walk
from backproof.trace import Trace


def never_reset(judgement: Judgement) -> tuple[str, ...]:
    """The names of sums of the parameters' shapes that go on from step to step and feed the updates.

    Also those that are multiplied by the number 1, as a velocity by what it is to keep.
    """
    step = judgement.step
    used, shapes = set(ancestors(step.descents)), {p.shape for p in step.parameters}
    if not any(_is_data(node) for node in used):
        return ()
    places = {change.place for parameter in step.parameters for change in parameter.changes}
    versions = {root(store.after, 0) for store in step.trace.stores if store.place in places}
    found = []
    for change in step.remembered:
        leaf = step.copies.get(change.before)
        if leaf is None or leaf not in used or np.shape(change.before.value) not in shapes:
            continue
        if np.any(step.state.get(leaf, 0)):
            continue  # the size of gradients, and no gradient
        whole = sums(change.after, change.before, ones=True, apart=versions)
        if whole and _goes_on(step.trace, step.window, change, versions) and _adds_numbers(change):
            found.append(label(step.trace, change))
    return tuple(dict.fromkeys(found))


def _adds_numbers(change: Change) -> bool:
    """Is something else added than numbers of the source, as a count adds?"""
    _, added = terms(change.after, change.before)
    since = time_of(root(change.before, 0))
    line = walk(added, lambda n: time_of(n) > since)
    return any(_is_data(node) for node in line)


def _is_data(node: Node) -> bool:
    """Is this an array that nothing has computed?"""
    return not node.operands and node.operation != "constant" and np.size(node.value) > 1


def _goes_on(trace: Trace, window: Window, change: Change, apart: Collection[Node]) -> bool:
    """Is all of it still there when the next step adds to it, or was it when this one did?

    Where it is added to in one round only, nothing in that round has taken anything off it.
    """
    first, last = change.stores[0], change.stores[-1]
    inside = [s for s in trace.stores if s.place == change.place]
    following = next((s for s in inside if s.time > last.time), None)
    if any(not np.any(s.after.value) for s in (*change.stores, following) if s is not None):
        return False  # set to zero, also in place
    if following is not None:
        return sums(following.after, root(change.after, 0), ones=True, apart=apart)
    before = next((s for s in reversed(inside) if s.time < first.time), None)
    if before is None or before.before is None:
        gone = [s.before for s in trace.stores if s.time > last.time and s.before is not None]
        if any(root(node, 0) is root(change.after, 0) for node in gone):
            return False  # its name was given to something else
        rounds = (a for a in trace.activities if a.kind == "round" and a.complete)
        return any((a.start, a.end) == (window.start, window.end) for a in rounds)
    return sums(before.after, root(before.before, 0), ones=True, apart=apart)
