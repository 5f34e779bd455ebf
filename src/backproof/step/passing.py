"""Names that only pass: what an update gives them is read by nobody, and then they hold something else.

As where a loop binds ``b`` to each bias, and ``b = b - lr * db`` leaves the bias itself as it is.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

from backproof.graph import Node, Users
from backproof.step.change import root
from backproof.step.update import reaches, remembers, time_of
from backproof.trace import Store, Trace


class Passing:
    """Tells of the names of a trace which of them only pass."""

    def __init__(self, trace: Trace, users: Users) -> None:
        self.trace, self.users = trace, users
        self.stores = defaultdict[Any, list[Store]](list)
        self.places = defaultdict[Node, set[Any]](set)
        for store in trace.stores:
            if store.place[0] == "name":
                self.stores[store.place].append(store)
            self.places[root(store.after, 0)].add(store.place)
        self.over = {a.start - 1 for a in trace.activities if a.kind == "call" and a.complete}
        handed = {objective.time for objective in trace.objectives}
        self.minimised = {a.end - 1 for a in trace.activities if a.kind == "round" and a.start in handed}
        self.known: dict[Any, bool] = {}

    def holds(self, place: Any) -> bool:
        """Is all that updates give to this name lost?"""
        if place[0] != "name":
            return False
        if place not in self.known:
            self.known[place] = self._only_passes(place)
        return self.known[place]

    def _only_passes(self, place: Any) -> bool:
        frame = self.trace.frames[place[1]]
        if any(store.time in self.minimised for store in self.stores[place]):
            return False  # a minimiser updates it
        gone = frame.site is not None and frame.time in self.over
        found = False
        for store, following in pairwise([*self.stores[place], None]):
            assert store is not None
            before, new = store.before, root(store.after, 0)
            if before is None or store.before is store.after or not remembers(new, root(before, 0)):
                continue
            in_place = any(other[0] == "object" for other in self.places[new])
            if in_place or (following is None and not gone):
                continue  # an array that is changed is the one that was read
            kept = following is not None and reaches(
                following.after,
                new,
                lambda node, new=new: time_of(node) > time_of(new),  # type: ignore[misc]
            )
            if kept or self.users.of.get(new) or self.places[new] != {place}:
                return False
            found = True
        return found
