"""What a training replaces and does not keep: `w = lr * g`, where nothing else looks like an update."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import Any

import numpy as np

from backproof.graph import Node, Users
from backproof.step.change import Change, changes_in, made_between, root
from backproof.step.containers import Containers
from backproof.step.passing import Passing
from backproof.step.update import keeps, reaches, time_of
from backproof.trace import Activity, Trace

ENOUGH = 3  # rounds of one loop, or calls of one function
LARGEST = 20_000  # nodes of a round


def replaced(trace: Trace) -> list[Change]:
    """What a round or a call reads first and then replaces by something made of it, without it as a term.

    Of the kind that replaces the most so, and of these the shortest. What is made before it is read, as an
    activation is, or a gradient, is none of these.
    """
    users = Users()
    users.enter(trace.nodes)
    passing, begun = Passing(trace, users).holds, Containers(trace).begin_with
    memo, best = dict[Any, bool](), list[Change]()
    for activity in sorted(_looked_at(trace), key=lambda a: a.end - a.start):
        start, end = activity.start, activity.end
        inside = [s for s in trace.stores if start <= s.time < end and s.before is not s.after]
        made = made_between(trace, start, end)
        read = {
            root(operand, 0) for node in made if node.operation != "identity" for operand in node.operands
        }
        found = [
            change
            for change in changes_in(trace, inside, start, memo, False, passing, begun)
            if not change.local and root(change.before, 0) in read and _is_lost(change, start)
        ]
        if len(found) > len(best):
            best = found
    return best


def _looked_at(trace: Trace) -> list[Activity]:
    """The first whole rounds of each loop and calls of each function, but for very long ones."""
    kinds = defaultdict[tuple[str, int], list[Activity]](list)
    for activity in trace.activities:
        if activity.complete and activity.end - activity.start <= LARGEST:
            kinds[activity.kind, activity.site].append(activity)
    return [a for own in kinds.values() for a in islice(own, ENOUGH)]


def _is_lost(change: Change, start: int) -> bool:
    """Is the new value made of the old one, and no sum that has it as a term?"""
    if np.asarray(change.before.value).dtype.kind != "f" or keeps(change.after, change.before):
        return False

    def inside(node: Node) -> bool:
        return time_of(node) >= start

    return reaches(change.after, change.before, inside)
