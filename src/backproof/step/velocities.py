"""Velocities whose parameters stand ahead while the gradient is taken, as in Nesterov's method.

``w += mu * v`` before the forward pass, and behind it ``w -= lr * g`` and ``v = mu * v - lr * g``: between
the two a step gives both the same, and nothing else in it is computed from the velocity.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from backproof.graph import Node, unnamed
from backproof.step.change import Change
from backproof.step.scaled import core_of, number_times
from backproof.step.update import any_reaches, forgotten, keeps, time_of

LIMIT = 12  # summands
SAME = 1e-6  # relative: one rate


def velocities(changes: Sequence[Change], beside: Sequence[Change], start: int) -> set[Change]:
    """Those of what a step changes that go the way of a parameter, which has been led ahead by them.

    The parameter is among them or ``beside`` them, as one is on which its own gradient does not depend.

    The way has to be the same in both: what turns against the gradient is no velocity.
    """
    steps = [(c, dict(_scaled_terms(c.after, c.before))) for c in (*changes, *beside)]
    owners = [(c, ways) for c, ways in steps if ways and keeps(c.after, c.before, whole=True)]
    found = set[Change]()
    for change, ways in steps[: len(changes)]:
        if ways and _forgets(change):
            led = [
                other
                for other, own in owners
                if other is not change and own.keys() == ways.keys() and _leads(change, ways, other, own)
            ]
            others = [other.after for other, _ in steps if other is not change]
            if led and not any_reaches(others, change.before, lambda n: time_of(n) >= start):
                found.add(change)
    return found


def _forgets(change: Change) -> bool:
    """Is a share of the old value kept, or the old value the share that was kept of an older one?"""
    if forgotten(change.after, change.before) < 0:
        return True
    return number_times(unnamed(change.before)) is not None


def _leads(velocity: Change, ways: dict[Node, float], owner: Change, own: dict[Node, float]) -> bool:
    """Was the velocity added to the parameter before the step, and does it go on as the parameter does?"""
    value, kept = unnamed(velocity.before), -forgotten(velocity.after, velocity.before) or 1.0
    for node, sign in _summands(unnamed(owner.before), None):
        core, factor = core_of(node, value)
        if core is value:
            ahead = sign * factor / kept
            return all(math.isclose(own[n], ahead * ways[n], rel_tol=SAME) for n in own)
    return False


def _scaled_terms(after: Node, before: Node) -> Iterator[tuple[Node, float]]:
    """What is added to the old value, but for the numbers that it is multiplied by, and these."""
    for node, sign in _summands(unnamed(after), unnamed(before)):
        core, factor = core_of(node, unnamed(before))
        if core is not unnamed(before):
            yield core, sign * factor


def _summands(node: Node, end: Node | None) -> Iterator[tuple[Node, float]]:
    """What is added up to a value, with the sign of each; ``end`` is not looked into."""
    stack, seen = [(node, 1.0)], 0
    while stack and seen < LIMIT:
        seen += 1
        inner, sign = stack.pop(0)
        inner = unnamed(inner)
        if inner.operation in ("add", "subtract") and inner is not end:
            x, y = inner.operands
            stack += [(x, sign), (y, -sign if inner.operation == "subtract" else sign)]
        else:
            yield inner, sign
