"""When enough has been seen: a run is stopped after a few training steps, never let through to its end."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node, Users, unnamed
from backproof.trace.events import Activity, Guard, Store

ADDITIVE = frozenset(
    {
        "add",
        "subtract",
        "index_update",
        "index_add",
        "identity",
        "where",
        "reshape",
        "astype",
        "clip",
        "stack",
        "concatenate",
        "transpose",
    }
)

NEVER = 10**9  # steps to see: the run goes to its end, or to the limit of its nodes
GROWTH, ROOM = 4, 500  # nodes that training may grow to, once an inner loop has shown enough
WIDE = 6_000  # nodes more that it may grow by then: rounds so large are steps, and no parts of one
LARGE = (5_000, 12_000)  # nodes from which on one round less, and two rounds less, are enough
FEWEST = 2  # rounds: the first step of a training is not like the others
UNASKED = 3  # times that a place is added to, by no decision that depends on it, before that is believed
ASKED = 50  # decisions before a store that are looked at
LOOKED_AT = 200_000  # nodes looked through for one statement, before few of its places stand for all
FEW_PLACES = 8  # that do then
BEFORE = 2  # times as many nodes may come before the first update: data is made ready, the net is tried out


class EnoughSeen(BaseException):
    """Ends the user's program; a BaseException, so that ``except Exception`` lets it through."""


class Stopper:
    """Stops the program after ``steps`` rounds of a loop in each of which the same place was updated.

    An update is a store whose new value is the old one plus something that was itself computed from the old
    one, as a gradient is computed from the weights that it changes. So is the state of a recurrent or a
    residual network, whose loops run inside a step: where the loop stands inside another, the run goes on
    for a while, until the outer one has had its rounds too or the trace has grown to a multiple.
    """

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.limit = self.allowed = 0
        self.began: int | None = None
        self.nodes: list[Node] = []
        self.rounds: dict[int, dict[tuple[Any, ...], int]] = {}
        self.minimisations: dict[int, int] = {}
        self.candidates: list[Store] = []
        self.updates: list[tuple[int, tuple[Any, ...]]] = []
        self.stopped = False
        self.enough = False
        self.users = Users()
        self.entered = 0
        self.guards: list[Guard] = []
        self.unasked: dict[tuple[Any, ...], int] = {}
        self.looked_at: dict[int, int] = {}
        self.updated: dict[int, list[tuple[Any, ...]]] = {}

    def watch(self, nodes: list[Node], guards: list[Guard], limit: int) -> None:
        """Stop at the latest when this list of nodes has grown by ``limit`` since the first update.

        ``guards`` is the list of what the program goes by.
        """
        self.nodes, self.guards, self.allowed, self.limit = nodes, guards, limit, BEFORE * limit

    def stored(self, store: Store) -> None:
        """A place was given a new value; a candidate where the new one is the old one plus something."""
        if store.before is not None and added_to(store.after, store.before) is not None:
            self.candidates.append(store)
        if self.stopped:
            raise EnoughSeen

    def round_done(self, activity: Activity, outermost: bool) -> None:
        """A round of a loop is over; ``outermost`` says that the loop stands in no other."""
        for store in self.candidates:
            if self._is_learned(store) or self._is_decided(store):
                self.updates.append((store.time, _lasting(store)))
                if self.began is None:
                    self.began = len(self.nodes)
                    self.limit = self.began + self.allowed
        self.candidates.clear()
        counts = self.rounds.setdefault(activity.site, {})
        inside: set[tuple[Any, ...]] = set()
        for time, place in reversed(self.updates):
            if time < activity.start:
                break
            inside.add(place)
        for place in inside:
            counts[place] = counts.get(place, 0) + 1
        needed = self._needed()
        if not any(counts[place] >= needed for place in inside):
            return
        if outermost:
            self.stopped = True
            raise EnoughSeen
        if not self.enough and self.began is not None:
            self.enough = True
            grown = len(self.nodes) - self.began
            self.limit = min(self.limit, self.began + min(GROWTH * grown, grown + WIDE) + ROOM)

    def _is_learned(self, store: Store) -> bool:
        """Is a gradient added here? Where a statement changes many numbers, some of them tell for all."""
        places = self.updated.setdefault(store.site, [])
        looked_at = self.looked_at.get(store.site, 0)
        place = _lasting(store)
        if looked_at > LOOKED_AT and place not in places[:FEW_PLACES]:
            return False
        if self._apart(store):
            return False
        found, seen = _learned(store)
        self.looked_at[store.site] = looked_at + seen
        if found and place not in places[:FEW_PLACES]:
            places.append(place)
        return found

    def _needed(self) -> int:
        """How many rounds are enough: fewer of large ones, which take long to look at."""
        if self.never or self.began is None:
            return self.steps
        grown = len(self.nodes) - self.began
        return max(self.steps - sum(grown > size for size in LARGE), min(self.steps, FEWEST))

    def _apart(self, store: Store) -> bool:
        """Is the old value used for nothing but the sum that is stored, as that of a gradient buffer is?

        Then there is no need to look through all that is added to it.
        """
        self.users.enter(self.nodes[self.entered :])
        self.entered = len(self.nodes)
        return store.before is not None and self.users.only(unnamed(store.before), store.after, ADDITIVE)

    def _is_decided(self, store: Store) -> bool:
        """Did the program go by the old value before it added to it, as a perceptron does?

        A place that was added to a few times without is looked at no more.
        """
        place = _lasting(store)
        if store.before is None or self.unasked.get(place, 0) >= UNASKED or not _is_number(store.before):
            return False
        first = -1 if store.before.origin is None else store.before.origin.time
        for guard in reversed(self.guards[-ASKED:]):
            if guard.time < first:
                break
            if guard.time < store.time and _reaches(guard.node, store.before, first):
                return True
        self.unasked[place] = self.unasked.get(place, 0) + 1
        return False

    @property
    def never(self) -> bool:
        """Is the run to go on, whatever is seen?"""
        return self.steps >= NEVER

    def minimised(self, site: int, grown: int) -> None:
        """A minimiser has been given a loss and its gradient, for which the trace has ``grown``.

        What trains by a loop of its own beside it is still to be seen, but no minimiser to its end.
        """
        self.minimisations[site] = self.minimisations.get(site, 0) + 1
        if self.minimisations[site] >= self.steps:
            self.stopped = True
            raise EnoughSeen
        self.limit = min(self.limit, len(self.nodes) + GROWTH * grown + ROOM)

    def too_much(self) -> None:
        """The trace has outgrown its limit."""
        self.stopped = True
        raise EnoughSeen


def _lasting(store: Store) -> tuple[Any, ...]:
    """The place of a store; a name of a function is the same in every call."""
    return ("name", store.site, store.key) if store.place[0] == "name" else (store.place, store.key)


def _is_number(node: Node) -> bool:
    return np.asarray(node.value).dtype.kind == "f"


def _reaches(start: Node, goal: Node, first: int) -> bool:
    """Is ``start`` computed from ``goal``, which was made at the time ``first``?"""
    stack, done = [start], {start}
    while stack and len(done) < 2000:
        node = stack.pop()
        if node is goal:
            return True
        if node.origin is not None and node.origin.time >= first:
            stack.extend(o for o in node.operands if o not in done)
            done.update(node.operands)
    return False


def added_to(after: Node, before: Node) -> Node | None:
    """The node where ``before`` enters ``after`` by additions alone, or None."""
    stack, seen = [after], 0
    first = -1 if before.origin is None else before.origin.time
    while stack and seen < 2000:
        node = stack.pop()
        seen += 1
        if node is before:
            return node
        if node.origin is not None and node.origin.time < first:
            continue  # older than what is looked for
        if node.operation in ADDITIVE:
            stack.extend(node.operands)
        elif node.operation == "index":
            stack.append(node.operands[0])  # all parameters may be changed as one vector, and cut apart
        elif node.operation == "multiply":
            for x, y in (node.operands, node.operands[::-1]):
                if x is before and (np.ndim(x.value) == 0 or np.ndim(y.value) == 0):
                    return x
    return None


def _learned(store: Store) -> tuple[bool, int]:
    """Is what was added computed from the value that it is added to, as a gradient is?

    Also says how many nodes were looked at to know.
    """
    if store.before is None:
        return False, 0
    before = unnamed(store.before)  # what the forward pass read may have been handed out under another name
    first = before.origin.time if before.origin is not None else -1
    stack = [(store.after, True)]
    done: set[tuple[Node, bool]] = set()
    while stack:
        node, additive = stack.pop()
        if (node, additive) in done or len(done) > 50_000:
            continue
        done.add((node, additive))
        if node is before:
            if not additive:
                return True, len(done)
            continue
        if node.origin is not None and node.origin.time < first:
            continue
        inner = additive and node.operation in ADDITIVE
        parts = additive and node.operation == "index"
        stack.extend((operand, inner or (parts and at == 0)) for at, operand in enumerate(node.operands))
    return False, len(done)
