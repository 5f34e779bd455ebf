"""Parameters that take turns: a block of them is updated in some steps, and another in the others.

Or each in its part of one step, as a discriminator and then the generator that is to deceive it as it is now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from backproof.graph import Node
from backproof.step.change import Change, root
from backproof.step.training_step import label
from backproof.step.update import time_of, walk
from backproof.step.window import Window
from backproof.trace import Trace

OFTEN = 2  # steps that a block has had at least


def turns(trace: Trace, steps: Sequence[Window]) -> list[list[Window]]:
    """The steps of each block, where no block has anything in common with another; else none.

    The rows of a table are one to their author: a step for one of them is no turn.
    """
    groups = defaultdict[frozenset[str], list[Window]](list)
    for step in steps:
        groups[frozenset(owner(trace, step, k) for k in range(len(step.parameters)))].append(step)
    if len(groups) < 2 or any(len(group) < OFTEN for group in groups.values()):
        return []
    return list(groups.values()) if sum(map(len, groups)) == len(frozenset().union(*groups)) else []


def within(step: Window) -> list[Window]:
    """The turns of one step, in each of which parameters are changed by what those before have become.

    One alone where there are none. What was updated is kept as it is in the turns that follow.
    """
    found, kept = list[Window](), list[Node]()
    start, block = step.start, list[Change]()
    for change in sorted(step.parameters, key=lambda c: c.stores[-1].time):
        afters = {root(c.after, 0) for c in block}
        if any(root(node, 0) in afters for node in walk([change.after], lambda n: time_of(n) >= step.start)):
            found.append(_turn(step, start, block, kept))
            start, block, kept = found[-1].end, [], [*kept, *(c.after for c in block)]
        block.append(change)
    return [*found, replace(_turn(step, start, block, kept), end=step.end)]


def _turn(step: Window, start: int, block: Sequence[Change], kept: Sequence[Node]) -> Window:
    """A part of a step, in which a block of parameters is updated."""
    end = max(c.stores[-1].time for c in block) + 1
    kept = [*kept, *(c.before for c in step.parameters if c.stores[-1].time >= end)]
    taken = set(walk([c.after for c in block], lambda n: time_of(n) >= step.start and n not in kept))
    return replace(
        step,
        start=start,
        end=end,
        parameters=tuple(block),
        others=tuple(c for c in step.others if c.after in taken),
        locals=(),
        kept=(*step.kept, *kept),
    )


def owner(trace: Trace, step: Window, number: int) -> str:
    """The name of what holds a parameter, without its subscripts."""
    return label(trace, step.parameters[number]).partition("[")[0]
