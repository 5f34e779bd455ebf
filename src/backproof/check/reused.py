"""Rounds in which an update applies what is computed from older parameters alone, so that they are no steps.

As where the gradient is computed in the first round only, or is that of a cache that is never filled again.
Of the rounds in which it was computed, all gradients are right.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Node
from backproof.step import Change
from backproof.step.change import root
from backproof.step.update import keeps, terms, time_of, walk
from backproof.trace import Store

PARTED = frozenset({"index", "index_update", "index_add", "reshape", "transpose"})
MOST = 12  # rounds that are looked at


def reused(judgement: Judgement) -> tuple[str, ...]:
    """The names of parameters that some round, like these steps, changes by what older ones have given."""
    step, trace = judgement.step, judgement.step.trace
    changes = [change for window in judgement.seen for change in window.parameters]
    if step.window.decided or step.hypothesis.minimised or any(map(_is_written_into, changes)):
        return ()
    kinds = {w.kind for w in judgement.seen}
    sites = {store.site for p in step.parameters for c in p.changes for store in c.stores}
    stores = [s for s in trace.stores if s.before is not s.after and s.before is not None and s.site in sites]
    times = [s.time for s in stores]
    first = min((w.start for w in judgement.seen), default=0)
    found = list[str]()
    rounds = [a for a in trace.activities if (a.kind, a.site) in kinds and a.complete]
    for activity in rounds[:MOST]:
        begun, ended = bisect_left(times, activity.start), bisect_left(times, activity.end)
        before, inside = stores[:begun], stores[begun:ended]
        current = {s.place: s.after for s in before} | {s.place: s.before for s in reversed(inside)}
        now = {root(node, 0) for node in [*current.values(), *(s.after for s in inside)] if node is not None}
        old = {root(node, 0) for s in before for node in (s.before, s.after) if node is not None} - now
        older = [s for s in inside if _is_older(s, activity.start, first, now, old)] if old else []
        for store in older:
            if not _has_new(store, inside, older):
                found.append(trace.labels.get(store.place) or store.after.name or "?")
    return tuple(dict.fromkeys(found))


def _has_new(store: Store, inside: Sequence[Store], older: Sequence[Store]) -> bool:
    """Is the same array changed in this round by something new as well?

    As where a step of the velocity is taken ahead of the gradient, and taken back behind it.
    """
    known, grown = {root(store.after, 0)}, True
    while grown:
        chain = [s for s in inside if s.before is not None and not known.isdisjoint(_ends(s))]
        grown = any(not _ends(s) <= known for s in chain)
        known.update(*map(_ends, chain))
    return any(s not in older and len(_ends(s)) == 2 for s in chain)


def _ends(store: Store) -> set[Node]:
    """The values before and after."""
    return {root(node, 0) for node in (store.before, store.after) if node is not None}


def _is_written_into(change: Change) -> bool:
    """Is this a part of an array that has other parts, of which each has versions of its own?"""
    parted = root(change.before, 0).operation in PARTED or root(change.after, 0).operation in PARTED
    return parted or any(store.key for store in change.stores)


def _is_older(store: Store, start: int, first: int, now: set[Node], old: set[Node]) -> bool:
    """Is what is added computed from older parameters, and from none as it is now?"""
    assert store.before is not None
    before = root(store.before, 0)
    if np.array_equal(store.before.value, store.after.value) or not keeps(store.after, before):
        return False
    _, added = terms(store.after, before)
    if not now.isdisjoint(root(n, 0) for n in walk(added, lambda n: time_of(n) >= start)):
        return False
    return not old.isdisjoint(walk(added, lambda n: time_of(n) >= first))
