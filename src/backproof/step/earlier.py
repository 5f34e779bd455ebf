"""What parameters were a step before, kept beside them: their difference is the velocity of the last step.

As in ``w - lr * g + mu * (w - old)``, behind which ``old`` is given what ``w`` was; or, where the gradient is
taken at the place ahead, what a step without the velocity leads to.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backproof.graph import Node, evaluate
from backproof.step.change import Change, root
from backproof.step.loss import ancestors_since
from backproof.step.update import keeps, time_of, walk
from backproof.step.window import Window
from backproof.trace import Trace


def earlier_values(trace: Trace, window: Window, loss: Node, made: Sequence[Node]) -> dict[Node, Node]:
    """The values that parameters had a step before, and those that they have when this step begins.

    Each is read for an update and not for the loss, by a name or place that the step then gives the value of
    the parameter, whole and with no more than a step added. What the parameter goes back to is none.
    """
    befores = {root(c.before, 0): c for c in window.parameters}
    shapes = {np.shape(node.value) for node in befores}
    given = [
        (root(s.before, 0), root(s.after, 0))
        for s in trace.stores
        if window.start <= s.time < window.end
        and s.before is not None
        and np.shape(s.after.value) in shapes
        and time_of(root(s.before, 0)) < window.start
    ]
    found: dict[Node, Change] = {}
    for old, new in given:
        if old in befores or old.operation == "constant" or np.shape(old.value) != np.shape(new.value):
            continue
        own = befores.get(new) or _stepped_from(new, window)
        if own is not None and own.before is not old:
            found[old] = own
    if not found:
        return {}
    read = {root(operand, 0) for node in made for operand in node.operands if node.operation == "subtract"}
    counted = {root(node, 0) for node in ancestors_since([loss], window.start - 1)}
    return {
        old: own.before
        for old, own in found.items()
        if old in read and old not in counted and _is_left_behind(old, own, window.start)
    }


def _is_left_behind(old: Node, change: Change, start: int) -> bool:
    """Does a step go on in the direction that leads from the older value to that of the parameter?"""
    line = walk([change.after], lambda n: time_of(n) >= start)
    older = {n: n.value for n in line if time_of(n) < start or not n.operands}
    moved = np.random.default_rng(5).standard_normal(np.shape(old.value))
    more = {n: np.asarray(n.value) + moved for n in older if root(n, 0) is old}
    results = [evaluate([change.after], table)[change.after] for table in (older, {**older, **more})]
    return bool(np.vdot(np.subtract(results[1], results[0]), moved) < 0)


def _stepped_from(new: Node, window: Window) -> Change | None:
    """The parameter that a value is with a step added, if it is not what the parameter becomes itself."""
    if time_of(new) < window.start:
        return None
    for change in window.parameters:
        same = np.shape(new.value) == np.shape(change.before.value) and root(change.after, 0) is not new
        if same and keeps(new, change.before, whole=True):
            return change
    return None
