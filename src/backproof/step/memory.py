"""What an optimizer remembers from step to step, told from the parameters that it changes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backproof.graph import Node, ancestors, computed_from, depend
from backproof.graph.dependence import AT_ONCE
from backproof.step.change import Change, root
from backproof.step.scaled import is_square
from backproof.step.update import SUMS, THROUGH, any_reaches, follows, forgotten, keeps, mixes, terms, time_of
from backproof.step.velocities import velocities

if TYPE_CHECKING:
    from backproof.step.window import Window


def without_memory(window: Window) -> Window:
    """Tell what the optimizer remembers from the parameters.

    A sum of squares grows by what is computed from a parameter, which was computed from that sum a step
    before; in this step it only feeds the update of the parameter. A copy of a parameter that follows it
    slowly is no parameter either.
    """
    if len(window.parameters) < 2:
        return window
    window = replace(window, parameters=tuple(_newest(window.parameters)))
    memory = _feeding_others(window) | velocities(window.parameters, window.others, window.start)
    memory |= {change for change in window.parameters if _is_mean_of_squares(change)}
    rest = [change for change in window.parameters if change not in memory]
    held = Counter(node for change in rest for node in _values(change))
    for change in rest:
        own = _values(change)
        if mixes(change.after, change.before, lambda node, own=own: held[node] > (node in own)):  # type: ignore[misc]
            memory.add(change)
    if not memory:
        return window
    parameters = tuple(c for c in window.parameters if c not in memory)
    others = tuple(sorted((*window.others, *memory), key=lambda c: c.stores[-1].time))
    return replace(window, parameters=parameters, others=others)


def _newest(changes: Sequence[Change]) -> list[Change]:
    """Those of changes to one value that begin last, as an array that was led ahead in place does.

    The list that holds the array was not written to for that.
    """
    groups = defaultdict[Node, list[Change]](list)
    for change in changes:
        groups[root(change.after, 0)].append(change)
    newest = {after: max(group, key=lambda c: time_of(c.before)) for after, group in groups.items()}
    return [
        change
        for change in changes
        if (last := newest[root(change.after, 0)]) is change or not keeps(last.before, change.before)
    ]


def _feeding_others(window: Window) -> set[Change]:
    """What adds to itself nothing of its own in this step, and feeds the update of something else."""
    changes = window.parameters
    added = [
        [node for node in terms(change.after, change.before)[1] if time_of(node) >= window.start]
        for change in changes
    ]  # older is what an element of a parameter was made of, as `b[0]` in the step before
    line = ancestors([node for nodes in added for node in nodes], lambda n: time_of(n) < window.start)
    own = depend(line, [(nodes, change.before) for nodes, change in zip(added, changes, strict=True)])
    asked = [
        change
        for change, found in zip(changes, own, strict=True)
        if not found or is_momentum(change, changes) or follows(change.after, change.before, window.start)
    ]
    order = ancestors([c.after for c in changes], lambda n: time_of(n) < window.start)
    feeding = set[Change]()
    for first, bits in computed_from(order, [change.after for change in asked]):
        once = more = 0
        for change in changes:
            more |= once & bits.get(change.after, 0)
            once |= bits.get(change.after, 0)
        feeding.update(c for k, c in enumerate(asked[first : first + AT_ONCE]) if more >> k & 1)
    return feeding


def _is_mean_of_squares(change: Change) -> bool:
    """Is a share of the old value kept, and nothing but squares added to it, of whatever they are computed?

    So is the mean of the squared changes of AdaDelta, of which these changes are computed.
    """
    if keeps(change.after, change.before, whole=True):
        return False
    kept, added = terms(change.after, change.before)
    return kept and bool(added) and all(is_square(node) for node in added)


def is_momentum(change: Change, parameters: Sequence[Change]) -> bool:
    """Does this forget a share of itself, and is taken off a parameter as a whole, times a number at most?

    So is a velocity, also where the gradient is that of the place ahead to which it leads.
    """
    after, before = change.after, change.before
    if not keeps(after, before):
        return False
    if keeps(after, before, whole=True) and not 0 < forgotten(after, before) < 1:
        return False
    since = time_of(after)
    return any(
        keeps(other.after, other.before, whole=True)
        and any_reaches([other.after], after, lambda node: _is_added(node, since))
        for other in parameters
        if other is not change
    )


def _is_added(node: Node, since: int) -> bool:
    """Is this a sum, or a number times something, and not older than what is looked for in it?"""
    if 0 <= time_of(node) < since:
        return False
    number = node.operation in ("multiply", "divide") and any(np.size(o.value) == 1 for o in node.operands)
    return number or node.operation in SUMS | THROUGH


def _values(change: Change) -> Collection[Node]:
    """The values of a change, before and after."""
    return {change.before, change.after, root(change.after, 0)}
