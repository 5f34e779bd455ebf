"""What a stretch of a run makes, and what it changes: places, with their values before and after."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors, depend
from backproof.step.put_in import used_as_it_was
from backproof.step.update import keeps, reaches, remembers, terms, time_of
from backproof.trace import Store, Trace

MANY = 64  # values from which on it is asked for all at once what they are computed from


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Change:
    """A place that a window changed.

    Its value when the window began and when it ended, and the stores between. ``local`` says that the place
    is a name of a call that began inside the window, one that was given its value there by another, or one
    that goes on to hold something else: what it holds is gone then.
    """

    place: tuple[Any, ...]
    before: Node
    after: Node
    stores: tuple[Store, ...]
    local: bool = False


def made_between(trace: Trace, start: int, end: int | None = None) -> list[Node]:
    """The values that a run made from one time on and before another, as in a step or a round."""
    first = bisect_left(trace.nodes, start, key=time_of)
    last = None if end is None else bisect_left(trace.nodes, end, lo=first, key=time_of)
    return trace.nodes[first:last]


def changes_in(
    trace: Trace,
    inside: list[Store],
    start: int,
    memo: dict[Any, bool],
    made: bool,
    passing: Callable[[Any], bool],
    begun: Callable[[Any, Node, int], bool],
) -> list[Change]:
    """What stores since ``start`` have changed; with ``made``, also what was made since then.

    ``passing`` tells of a place that all it is given is lost, as that of a call is when the call is over;
    ``begun`` of a place, and what it held, whether it was made so after a time.
    """
    grouped: dict[tuple[Any, ...], list[Store]] = defaultdict(list)
    for store in inside:
        grouped[store.place].append(store)
    changes: dict[Node, Change] = {}
    written = [stores for place, stores in grouped.items() if place[0] == "object"]
    begun_as = {root(s.after, 0): stores[0] for stores in written for s in stores}
    lone = _lone(grouped, memo) if len(grouped) > MANY else []
    remade = _all_remade(lone, start) if len(lone) > MANY else {}
    order = {"object": 0, "item": 1, "attribute": 2, "name": 3}
    local = {p: is_local(trace, p, start) or passing(p) for p in grouped}
    for place in sorted(grouped, key=lambda p: (local[p], order[p[0]], grouped[p][0].time)):
        runs = [grouped[place]] if place[0] == "object" else _runs(grouped[place], memo, start, remade)
        for group in runs:
            last = grouped[place][-1]
            if last is not group[-1] and (_is_target(trace, last) or _is_target(trace, group[-1])):
                continue  # the name has gone on to the next item of a loop
            before, after = group[0].before, group[-1].after
            if before is None:
                continue
            before = root(before, start)
            first = begun_as.get(before) if place[0] != "object" else None
            if first is not None:
                before = _read_before(first, after, before, start)
            if (time_of(before) >= start and not made) or time_of(root(after, start)) < start:
                continue  # made and gone in this window, or only handed on from an earlier one
            if root(after, 0) is root(before, 0) or begun(place, before, start):
                continue
            passes = local[place] or (not made and place[0] == "name" and group[0] is not grouped[place][0])
            known = changes.get(before)
            if known is None or (
                not passes
                and root(known.after, 0) is not root(after, 0)
                and group[-1].time > known.stores[-1].time
            ):
                changes[before] = Change(place, before, after, tuple(group), passes)
    found = _without_views(_once(list(changes.values())))
    return sorted(_written_to(found, written), key=lambda c: c.stores[-1].time)


def _read_before(first: Store, after: Node, before: Node, start: int) -> Node:
    """What an array was that is written into before its name is given another, if that was used as it was.

    As by a second name for it, ``w0 = w; w0[0] = 0``, between the forward pass and ``w = w - lr * g``.
    """
    older = root(first.before, 0) if first.before is not None else before
    if time_of(older) >= start or not keeps(after, older):
        return before
    return older if used_as_it_was(terms(after, older)[1], older, start) else before


def _written_to(changes: list[Change], written: list[list[Store]]) -> list[Change]:
    """Let what was made and then written to be what it is at last, as with ``w = w - lr * g; w[0] = 0``."""
    by_first = {root(stores[0].before, 0): stores for stores in written if stores[0].before is not None}
    return [
        replace(c, after=more[-1].after, stores=(*c.stores, *more))
        if (more := by_first.get(root(c.after, 0))) and more[0].time > c.stores[-1].time
        else c
        for c in changes
    ]


def _once(changes: list[Change]) -> list[Change]:
    """Join what is one value under two names before the step and after it, as ``w = w_new`` makes it.

    The name that is given the value computed stands for both; what they were before is the value itself.
    """
    groups: dict[tuple[Node, Node], list[Change]] = defaultdict(list)
    for change in changes:
        groups[value_of(change.before), root(change.after, 0)].append(change)
    found = []
    for group in groups.values():
        first = min(group, key=lambda c: time_of(c.before))
        kept = min(group, key=lambda c: (c.local, c.after.operation == "identity"))
        found.append(kept if first is kept else replace(kept, before=first.before))
    return found


def _without_views(changes: list[Change]) -> list[Change]:
    """Leave out what is another of the values, seen otherwise, as ``V`` is behind ``V = W.T``.

    Where both are written to in place, what one is given the other has, and each update is one of the whole.
    """
    by_value = {value_of(change.before): change for change in changes}
    return [c for c in changes if (whole := _whole(c, by_value)) is None or not keeps(whole.after, c.after)]


def _whole(change: Change, by_value: dict[Node, Change]) -> Change | None:
    """The change of what the value is a view of, all of it and turned or shaped otherwise."""
    node = value_of(change.before)
    while node.operation in ("identity", "transpose", "reshape"):
        node = node.operands[0]
        if node in by_value:
            return by_value[node]
    return None


def value_of(node: Node) -> Node:
    """The value that a name stands for; a number written in the source is one value for every name."""
    while node.operation == "identity" and node.operands[0].operation != "constant":
        node = node.operands[0]
    return node


def is_local(trace: Trace, place: tuple[Any, ...], start: int) -> bool:
    """Is this a name of a call that began after ``start``, or an item of what such a name holds?"""
    while place[0] == "item" and isinstance(place[1], tuple):
        place = place[1]
    if place[0] != "name":
        return False
    frame = trace.frames[place[1]]
    return frame.site is not None and frame.time >= start  # what a module's name holds is never gone


def _is_target(trace: Trace, store: Store) -> bool:
    """Was a name given its value as the target of a loop?"""
    site = trace.sites[store.site] if store.site >= 0 else None
    return site is not None and site.statement is not None and trace.sites[site.statement].kind == "For"


def _keeps(store: Store, memo: dict[Any, bool]) -> bool:
    if store not in memo:
        memo[store] = store.before is not None and remembers(store.after, root(store.before, 0))
    return memo[store]


def _lone(grouped: dict[tuple[Any, ...], list[Store]], memo: dict[Any, bool]) -> list[Store]:
    """The stores that are the only ones of their places, and keep nothing of what was there."""
    alone = (stores[0] for place, stores in grouped.items() if len(stores) == 1 and place[0] != "object")
    return [store for store in alone if not _keeps(store, memo)]


def _all_remade(stores: list[Store], start: int) -> dict[Store, bool]:
    """The answers of ``_remade`` for many stores, found together."""
    asked = [store for store in stores if _is_alike(store)]
    order = ancestors([store.after for store in asked], lambda node: not _is_since(node, start))
    found = depend(order, [([s.after], root(s.before, 0)) for s in asked if s.before is not None])
    return {**dict.fromkeys(stores, False), **dict(zip(asked, found, strict=True))}


def _runs(
    stores: list[Store], memo: dict[Any, bool], start: int, remade: dict[Store, bool]
) -> list[list[Store]]:
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
    if runs or len(stores) > 1:
        return runs
    store = stores[0]
    return [stores] if (remade[store] if store in remade else _remade(store, start)) else []


def _is_alike(store: Store) -> bool:
    """Is a number or an array replaced by one of the same shape?"""
    before = store.before
    if before is None or np.asarray(before.value).dtype.kind != "f":
        return False
    return bool(np.shape(before.value) == np.shape(store.after.value))


def _remade(store: Store, start: int) -> bool:
    """Is the new value computed from the old one since ``start``, of the same shape, in whatever way?"""
    if store.before is None or not _is_alike(store):
        return False
    return reaches(store.after, root(store.before, 0), lambda node: _is_since(node, start))


def _is_since(node: Node, start: int) -> bool:
    """Was a value made since ``start``, or is it one that an older name stands for?"""
    return time_of(node) >= start or node.operation == "identity"


def root(node: Node, start: int) -> Node:
    """The node that a name made since ``start`` stands for; a number written there is a value of its own."""
    while node.operation == "identity" and time_of(node) >= start:
        inner = node.operands[0]
        if start and inner.operation == "constant" and type(inner.value) is float:
            return node
        node = inner
    return node
