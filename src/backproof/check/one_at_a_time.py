"""Numbers of one list that are updated one at a time, each by an error computed anew from those before it."""

from __future__ import annotations

from itertools import pairwise

from backproof.check.judgement import Judgement
from backproof.step import Window
from backproof.step.change import root
from backproof.step.turns import owner
from backproof.trace import Trace


def one_at_a_time(judgement: Judgement) -> str | None:
    """The list whose numbers take turns, each step beginning with what the one before has made of another.

    None where the steps take samples in turn, and the same number of several of them.
    """
    trace, steps = judgement.step.trace, judgement.windows
    found = [_handed_on(trace, former, later) for former, later in pairwise(steps)]
    names = {name for name in found if name is not None}
    return (
        names.pop() if len(names) == 1 and 2 * sum(name is not None for name in found) > len(found) else None
    )


def _handed_on(trace: Trace, former: Window, later: Window) -> str | None:
    """The list of which the later step takes other numbers than the former, and reads what that has made."""
    made = {root(change.after, 0) for change in former.parameters}
    if made.isdisjoint(root(node, 0) for node in later.kept):
        return None
    if {c.place for c in former.parameters} & {c.place for c in later.parameters}:
        return None
    owners = {owner(trace, step, k) for step in (former, later) for k in range(len(step.parameters))}
    return owners.pop() if len(owners) == 1 else None
