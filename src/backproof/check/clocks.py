"""An optimizer that makes up for its empty memory by another number than `1 - beta ** step`.

It counts its steps once for every parameter, or once an epoch, or takes the rate of another memory.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Node
from backproof.step import Change, Window, label
from backproof.step.change import root
from backproof.step.lengths import corrections
from backproof.step.update import forgotten, time_of, walk

SAME = 1e-9  # relative
WHOLE = 1e-6  # relative: a count of steps, by what it makes of a rate
NEARLY_ONE = 1 - 1e-6  # corrections of late steps are all alike


def unequal_clocks(judgement: Judgement) -> dict[str, Node]:
    """The parameters of a step whose corrections `1 - beta ** t` were made with another `t` than the first's.

    With one of these corrections each. What was not updated from the first step on may have a count of its
    own; and what is computed from parameters, as a slope `1 - y ** 2`, corrects no memory.
    """
    step, trace = judgement.step, judgement.step.trace
    start, changes = step.window.start, step.window.parameters
    if any(len(window.parameters) != len(changes) for window in judgement.seen):
        return {}
    learned = {root(node, 0) for change in changes for node in (change.before, change.after)}
    by_site: dict[int, dict[str, Node]] = defaultdict(dict)
    for change in changes:
        for node in corrections(trace, (change,), start):
            line = walk([node], lambda n: time_of(n) >= start)
            if learned.isdisjoint(root(n, 0) for n in line):
                by_site[node.origin.site].setdefault(label(trace, change), node)
    found: dict[str, Node] = {}
    for nodes in by_site.values():
        first = float(np.ravel(next(iter(nodes.values())).value)[0])
        for name, node in nodes.items():
            if abs(float(np.ravel(node.value)[0]) - first) > SAME * abs(first):
                found.setdefault(name, node)
    return found


def exchanged_rates(judgement: Judgement) -> dict[str, Node]:
    """The corrections of memories by the rate of another one, which theirs gives at no whole step.

    With the label of the memory. Two rates are exchanged where ``m / (1 - beta2 ** t)`` is computed.
    """
    step = judgement.step
    pairs = list(_corrected(judgement, step.window))
    rates = {change.place: _kept_share(change) for change, _ in pairs}
    found: dict[str, Node] = {}
    for change, node in pairs:
        own, value = rates[change.place], float(np.ravel(node.value)[0])
        others = (rate for rate in rates.values() if rate is not None and rate != own)
        if own is not None and not _is_whole(value, own) and any(_is_whole(value, rate) for rate in others):
            found.setdefault(label(step.trace, change), node)
    return found


def standing_clock(judgement: Judgement) -> Node | None:
    """A correction that is the same in two steps on end, though its memory went on from one to the other.

    So it is where an epoch of several batches counts as one step.
    """
    windows = sorted(judgement.seen, key=lambda window: window.start)
    for first, second in pairwise(windows):
        if {c.place for c in first.parameters} != {c.place for c in second.parameters}:
            continue
        earlier = {(c.place, node.origin.site): (c, node) for c, node in _corrected(judgement, first)}
        for change, node in _corrected(judgement, second):
            before = earlier.get((change.place, node.origin.site))
            if before is None or root(before[0].after, 0) is not root(change.before, 0):
                continue
            values = [float(np.ravel(n.value)[0]) for n in (before[1], node)]
            if values[0] < NEARLY_ONE and values[0] == values[1]:
                return node
    return None


def _corrected(judgement: Judgement, window: Window) -> Iterator[tuple[Change, Node]]:
    """The memories of an optimizer that a window divides by a correction, each with that."""
    memories = {root(change.after, 0): change for change in window.others}
    known = {root(n, 0): n for n in corrections(judgement.step.trace, window.parameters, window.start)}
    for node in walk([c.after for c in window.parameters], lambda n: time_of(n) >= window.start):
        if node.operation == "divide" and len(node.operands) == 2:
            memory, number = (root(operand, 0) for operand in node.operands)
            if memory in memories and number in known:
                yield memories[memory], known[number]


def _kept_share(change: Change) -> float | None:
    """The number that a memory is multiplied by in a step; None where that is not read off."""
    taken = forgotten(change.after, change.before)
    share = -taken if taken < 0 else 1 - taken  # of `beta * m`, or of `m - (1 - beta) * m`
    return share if 0 < share < 1 else None


def _is_whole(correction: float, rate: float) -> bool:
    """Is this `1 - rate ** t` for a whole number of steps?"""
    if not 0 < correction < NEARLY_ONE:
        return False
    steps = math.log1p(-correction) / math.log(rate)
    return round(steps) > 0 and abs(steps - round(steps)) <= WHOLE * steps
