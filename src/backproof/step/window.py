"""Find the training step in a trace.

The round of a loop, or the call, that holds a whole forward, backward and update.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backproof.graph import Node, Users, median
from backproof.step.update import (
    SUMS,
    THROUGH,
    learns,
    mixes,
    reaches,
    remembers,
    terms,
    time_of,
    walk,
)
from backproof.trace import Activity, Store, Trace

MINIMISED = "minimised"  # the kind of a step that a minimiser makes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Change:
    """A place that a window changed.

    Its value when the window began and when it ended, and the stores between. ``local`` says that the place
    is a name of a call that began inside the window: what it holds is gone when the call is over.
    """

    place: tuple[Any, ...]
    before: Node
    after: Node
    stores: tuple[Store, ...]
    local: bool = False


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Window:
    """One training step in time.

    ``parameters`` are the places updated in it, ``locals`` the local names that look like one, ``states``
    what it hands to the next step and no gradient changes, ``others`` the rest that it changed.
    """

    start: int
    end: int
    kind: tuple[str, int]
    parameters: tuple[Change, ...]
    others: tuple[Change, ...]
    locals: tuple[Change, ...] = ()
    states: tuple[Change, ...] = ()


def windows(trace: Trace, states: Collection[Any] = ()) -> list[Window]:
    """The training steps of a trace, in order of time; none where nothing in it looks like one."""
    return next(iter(trainings(trace, states)), [])


def trainings(trace: Trace, states: Collection[Any] = ()) -> list[list[Window]]:
    """The training steps of a trace: those that the program makes itself, then those of every minimiser.

    ``states`` are places that hold no parameters, though they are updated as if they did.

    A window is a step when every value that its updates use is either made inside it, or older than the
    parameters that it changes: then forward and backward pass lie wholly inside. Of those that are, the
    ones that update the most parameters are taken, and of these the shortest.
    """
    stores = [s for s in trace.stores if s.before is not s.after]
    times = [s.time for s in stores]
    handed = {objective.time for objective in trace.objectives}
    groups: dict[tuple[str, int], list[Window]] = defaultdict(list)
    tried: dict[tuple[str, int], int] = defaultdict(int)
    whole = Activity("round", -1, 0, max(times, default=0) + 1, -1)
    memo: dict[Any, bool] = {}
    users = Users()
    users.enter(trace.nodes)
    for activity in [*trace.activities, whole]:
        if not activity.complete:
            continue
        key = (MINIMISED if activity.start in handed else activity.kind, activity.site)
        inside = stores[bisect_left(times, activity.start) : bisect_left(times, activity.end)]
        if not inside or (tried[key] > 40 and not groups[key]):
            continue
        changes = _changes(trace, inside, activity.start, memo)
        carried = tuple(c for c in changes if c.place in states)
        changes = [c for c in changes if c.place not in states]
        learning = [c for c in changes if _learns(c, memo, users)]
        parameters = [c for c in learning if not c.local]
        if not parameters:
            continue
        tried[key] += 1
        if not _self_contained(activity, parameters):
            continue
        local = tuple(c for c in learning if c.local)
        chosen = {*parameters, *local}
        others = tuple(c for c in changes if c not in chosen)
        groups[key].append(
            Window(activity.start, activity.end, key, tuple(parameters), others, local, carried)
        )
    own = [group for key, group in groups.items() if group and key[0] != MINIMISED]
    found = [group for key, group in groups.items() if group and key[0] == MINIMISED]
    if own:
        most = max(len(w.parameters) for group in own for w in group)
        best = [group for group in own if max(len(w.parameters) for w in group) == most]
        found.insert(0, min(best, key=lambda group: median([w.end - w.start for w in group])))
    return [[_without_memory(step) for step in steps] for steps in found]


def _without_memory(window: Window) -> Window:
    """Tell what the optimizer remembers from the parameters.

    A sum of squares grows by what is computed from a parameter, which was computed from that sum a step
    before; in this step it only feeds the update of the parameter. A copy of a parameter that follows it
    slowly is no parameter either.
    """
    memory = set[Change]()
    if len(window.parameters) < 2:
        return window
    for change in window.parameters:
        _, added = terms(change.after, change.before)
        own = walk(added, lambda node: time_of(node) >= window.start)
        if change.before in own:
            continue
        updated = [c.after for c in window.parameters if c is not change]
        if change.after in walk(updated, lambda node: time_of(node) >= window.start):
            memory.add(change)
    rest = [change for change in window.parameters if change not in memory]
    memory |= {c for c in rest if mixes(c.after, c.before, _values(rest, c))}
    if not memory:
        return window
    parameters = tuple(c for c in window.parameters if c not in memory)
    others = tuple(sorted((*window.others, *memory), key=lambda c: c.stores[-1].time))
    return replace(window, parameters=parameters, others=others)


def _values(changes: Iterable[Change], own: Change) -> set[Node]:
    """The values, before and after, of all changes but one."""
    return {node for c in changes if c is not own for node in (c.before, c.after, root(c.after, 0))}


def _learns(change: Change, memo: dict[Any, bool], users: Users) -> bool:
    key = (change.before, change.after)
    if key not in memo:
        numbers = np.asarray(change.before.value).dtype.kind in "fi"
        memo[key] = numbers and not users.only(*key, SUMS | THROUGH) and learns(*key)
    return memo[key]


def _changes(trace: Trace, inside: list[Store], start: int, memo: dict[Any, bool]) -> list[Change]:
    grouped: dict[tuple[Any, ...], list[Store]] = defaultdict(list)
    for store in inside:
        grouped[store.place].append(store)
    changes: dict[Node, Change] = {}
    order = {"object": 0, "item": 1, "attribute": 2, "name": 3}
    local = {p: _is_local(trace, p, start) for p in grouped}
    for place in sorted(grouped, key=lambda p: (local[p], order[p[0]], grouped[p][0].time)):
        for group in [grouped[place]] if place[0] == "object" else _runs(grouped[place], memo, start):
            before, after = group[0].before, group[-1].after
            if before is None:
                continue
            before = root(before, start)
            if time_of(before) >= start or time_of(root(after, start)) < start:
                continue  # made and gone in this window, or only handed on from an earlier one
            if root(after, 0) is root(before, 0):
                continue
            known = changes.get(before)
            if known is None or (
                not local[place]
                and root(known.after, 0) is not root(after, 0)
                and group[-1].time > known.stores[-1].time
            ):
                changes[before] = Change(place, before, after, tuple(group), local[place])
    return sorted(changes.values(), key=lambda c: c.stores[-1].time)


def _is_local(trace: Trace, place: tuple[Any, ...], start: int) -> bool:
    """Is this a name of a call that began after ``start``, or an item of what such a name holds?"""
    while place[0] == "item" and isinstance(place[1], tuple):
        place = place[1]
    return bool(place[0] == "name" and trace.frames[place[1]].time >= start)


def _keeps(store: Store, memo: dict[Any, bool]) -> bool:
    if store not in memo:
        memo[store] = store.before is not None and remembers(store.after, root(store.before, 0))
    return memo[store]


def _runs(stores: list[Store], memo: dict[Any, bool], start: int) -> list[list[Store]]:
    """The stores under one name, split where the name takes up another value.

    As the target of a loop does.
    """
    runs: list[list[Store]] = []
    last: Store | None = None
    for store in stores:
        kept = _keeps(store, memo)
        if kept and last is not None and runs and runs[-1][-1] is last:
            runs[-1].append(store)
        elif kept:
            runs.append([store])
        last = store if kept else None
    return runs or [[s] for s in stores if len(stores) == 1 and _remade(s, start)]


def _remade(store: Store, start: int) -> bool:
    """Is the new value computed from the old one since ``start``, of the same shape, in whatever way?"""
    before, after = store.before, store.after
    if before is None or np.asarray(before.value).dtype.kind != "f":
        return False
    return np.shape(before.value) == np.shape(after.value) and reaches(
        after, root(before, 0), lambda node: time_of(node) >= start
    )


def root(node: Node, start: int) -> Node:
    """The node that a name made since ``start`` stands for; a number written there is a value of its own."""
    while node.operation == "identity" and time_of(node) >= start:
        inner = node.operands[0]
        if start and inner.operation == "constant" and type(inner.value) is float:
            return node
        node = inner
    return node


def _self_contained(activity: Activity, parameters: list[Change]) -> bool:
    befores = {c.before for c in parameters}
    oldest = min(time_of(b) for b in befores)
    edge = [
        node
        for node in walk(
            [c.after for c in parameters], lambda n: time_of(n) >= activity.start and n not in befores
        )
        if time_of(node) < activity.start and node not in befores
    ]
    late = [node for node in edge if time_of(node) > oldest and node.operands]
    for node in walk(late, lambda n: time_of(n) > oldest and n not in befores):
        if node in befores and node not in late:
            return False
    return True
