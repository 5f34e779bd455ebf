"""Find the training step in a trace.

The round of a loop, or the call, that holds a whole forward, backward and update.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from backproof.graph import Node, Users, ancestors, depend, median
from backproof.step.bent import projected, unbent
from backproof.step.change import MANY, Change, changes_in, root
from backproof.step.contained import taken_over
from backproof.step.containers import Containers
from backproof.step.cut import dependent
from backproof.step.decided import decided_changes
from backproof.step.memory import without_memory
from backproof.step.passing import Passing
from backproof.step.update import (
    SUMS,
    THROUGH,
    keeps,
    learns,
    terms,
    time_of,
)
from backproof.step.windowed import cuts_in, is_part_of, outside_of
from backproof.trace import Activity, Store, Trace

ENOUGH = 12  # steps of a kind, where a search for them takes long
LONGEST = 20_000  # nodes of such a step
FRUITLESS = 100  # rounds of a loop that change a lot and update nothing: then no round of it is a step
STEADY = 0.75  # of the rounds of a loop that update parameters: if fewer are whole, they are parts of steps
SEVERAL = 3  # updates of one parameter in a run, each of a step of its own
MINIMISED = "minimised"  # the kind of a step that a minimiser makes
WHOLE = ("round", -1)  # that of a whole run


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Window:
    """One training step in time.

    ``parameters`` are the places updated in it, ``locals`` the local names that look like one, ``states``
    what it hands to the next step and no gradient changes, ``others`` the rest that it changed. ``outside``
    are parameters that are updated beside such steps and in none of them. ``decided`` says that they reach
    their updates by decisions only. ``kept`` is what other steps have made of other parameters since these
    have the values that they have.
    """

    start: int
    end: int
    kind: tuple[str, int]
    parameters: tuple[Change, ...]
    others: tuple[Change, ...]
    locals: tuple[Change, ...] = ()
    states: tuple[Change, ...] = ()
    outside: tuple[Change, ...] = ()
    decided: bool = False
    kept: tuple[Node, ...] = ()


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
    run = _Run(trace)
    found = (
        _found(_Search(run, states))
        or _found(_Search(run, states, bent=True))
        or _found(_Search(run, states, decided=True))
        or _across(run, states)
        or _written_out(_Search(run, states, made=True))
    )
    return [[without_memory(step) for step in steps] for steps in found]


def _found(search: _Search) -> list[list[Window]]:
    """The steps that rounds and calls hold: those of the program, then those of every minimiser."""
    trace, groups = search.trace, _groups(search)
    own = [group for key, group in groups.items() if key[0] != MINIMISED]
    found = [group for key, group in groups.items() if key[0] == MINIMISED]
    own = [group for group in own if not any(is_part_of(group, other) for other in own)]
    if own:
        counts = [max(_count(trace, w) for w in group) for group in own]
        best = [group for group, count in zip(own, counts, strict=True) if count == max(counts)]
        steady = [group for group in best if len(group) >= STEADY * search.tried[group[0].kind]]
        shortest = min(steady or best, key=lambda group: median([w.end - w.start for w in group]))
        found.insert(0, _one_by_one(search, shortest))
    return found


def _across(run: _Run, states: Collection[Any]) -> list[list[Window]]:
    """The steps in which no parameter comes back to itself, as it does only from one to the next.

    So it is where an error is always nothing: then each gradient is computed from the other parameters.
    """
    whole = _Search(run, states, made=True)
    found = whole.lasting(0, whole.end, whole.changes(0, whole.end))
    known = frozenset(change.place for change in found if len(change.stores) >= SEVERAL)
    return _found(_Search(run, states, known=known)) if known else []


def _groups(search: _Search) -> dict[tuple[str, int], list[Window]]:
    """The windows of each loop and function that are steps."""
    trace = search.trace
    handed = {objective.time for objective in trace.objectives}
    groups: dict[tuple[str, int], list[Window]] = defaultdict(list)
    tried = search.tried = defaultdict(int)
    fruitless: dict[tuple[str, int], int] = defaultdict(int)
    brief = search.decided or bool(search.known)
    whole = Activity("round", WHOLE[1], 0, search.end, -1)
    for activity in [*trace.activities, whole]:
        key = (MINIMISED if activity.start in handed else activity.kind, activity.site)
        if not activity.complete or (tried[key] > 40 and not groups[key]):
            continue
        if fruitless[key] > FRUITLESS and not tried[key]:
            continue
        if brief and (len(groups[key]) >= ENOUGH or activity.end - activity.start > LONGEST):
            continue
        if not search.decided and not search.may_learn(activity.start, activity.end):
            continue
        changes = search.changes(activity.start, activity.end)
        if not search.lasting(activity.start, activity.end, changes):
            fruitless[key] += 1
            continue
        tried[key] += 1
        window = search.window(activity.start, activity.end, key, changes)
        if window is not None:
            groups[key].append(window)
    return {key: group for key, group in groups.items() if group}


def parameters_since(trace: Trace, start: int) -> list[Change]:
    """What a trace updates after a time as parameters are updated, whether or not a step is complete."""
    search = _Search(_Run(trace), ())
    return search.lasting(start, search.end, search.changes(start, search.end))


def _count(trace: Trace, window: Window) -> int:
    """How many parameters a window updates; the numbers that lists of one name hold are one.

    A step for one sample of a table changes only the numbers of its row and of its column.
    """
    return len({_owner(trace, change) for change in window.parameters})


def _owner(trace: Trace, change: Change) -> Any:
    if change.place[0] != "item" or np.ndim(change.before.value):
        return change.before
    text = trace.labels.get(change.stores[-1].place) or ""
    return text.partition("[")[0] or change.before


class _Run:
    """A trace, and what every search in it asks for: who uses what, and what was found out of it."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.users = Users()
        self.users.enter(trace.nodes)
        self.passing, self.containers = Passing(trace, self.users), Containers(trace)
        self.memo = dict[Any, bool]()
        self.stores = [s for s in trace.stores if s.before is not s.after]


@dataclass(eq=False, repr=False)
class _Search:
    """Looks for steps between two times of a trace.

    What they change may be ``made`` in them, or ``bent`` back behind its gradient step. Or whether it is
    changed may be ``decided`` by what it is, and by nothing else: so learn a perceptron and the weights of a
    hinge. Places ``known`` hold parameters, though no update in one step may come back to itself.
    """

    run: _Run
    states: Collection[Any]
    made: bool = False
    decided: bool = False
    bent: bool = False
    known: frozenset[Any] = frozenset()
    tried: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.trace, self.stores, self.users = self.run.trace, self.run.stores, self.run.users
        self.passing, self.containers, self.memo = self.run.passing, self.run.containers, self.run.memo
        self.times = [s.time for s in self.stores]
        self.asked = [guard.time for guard in self.trace.guards]
        self.end = max(self.times, default=0) + 1
        self.updating = {root(s.after, 0): s for s in self.stores if s.before is not None}
        self.learnable = list(accumulate(map(self._is_learnable, self.stores), initial=0))

    def _is_learnable(self, store: Store) -> bool:
        """Is what was stored before used for more than what is added to it?"""
        if store.before is None:
            return False
        return not self.users.only(root(store.before, 0), store.after, SUMS | THROUGH)

    def may_learn(self, start: int, end: int) -> bool:
        """Can anything that was changed between two times be changed as a gradient step changes it?"""
        first, last = bisect_left(self.times, start), bisect_left(self.times, end)
        return self.learnable[first] < self.learnable[last]

    def changes(self, start: int, end: int) -> list[Change]:
        """What was changed between two times."""
        inside = self.stores[bisect_left(self.times, start) : bisect_left(self.times, end)]
        if not inside:
            return []
        passing, begun = self.passing.holds, self.containers.begin_with
        found = changes_in(self.trace, inside, start, self.memo, self.made, passing, begun)
        if not self.bent:
            return found
        return [replace(c, after=projected(c.after, c.before) or c.after) for c in found]

    def has_updated(self, node: Node) -> bool:
        """Is this what a place became by an update, as no sum of gradients is?"""
        store = self.updating.get(root(node, 0))
        if store is None or store.before is None:
            return False
        before = root(store.before, 0)
        return keeps(store.after, before, whole=True) and learns(before, store.after)

    def learning(self, start: int, end: int, changes: list[Change]) -> list[Change]:
        """What was changed between two times as a gradient step changes a parameter."""
        free = [c for c in changes if c.place not in self.states]
        if self.decided:
            guards = self.trace.guards[bisect_left(self.asked, start) : bisect_left(self.asked, end)]
            return decided_changes(guards, free, start)
        if len(free) > MANY:
            self._learn(free)
        known = {c for c in free if c.place in self.known and keeps(c.after, c.before, whole=True)}
        return [c for c in free if c in known or _learns(c, self.memo, self.users)]

    def _learn(self, changes: list[Change]) -> None:
        """Remember of many changes which are made as a gradient step makes one."""
        asked = [c for c in changes if (c.before, c.after) not in self.memo and _may_learn(c, self.users)]
        if len(asked) <= MANY:
            return
        split = [(*terms(c.after, c.before), c.before) for c in asked]
        first = min(time_of(c.before) for c in asked)
        order = ancestors([node for _, added, _ in split for node in added], lambda n: time_of(n) < first)
        found = depend(order, [(added, before) for _, added, before in split])
        for change, (kept, _, _), learned in zip(asked, split, found, strict=True):
            self.memo[change.before, change.after] = kept and learned

    def lasting(self, start: int, end: int, changes: list[Change]) -> list[Change]:
        """Those of what learned that outlive the step."""
        return [c for c in self.learning(start, end, changes) if not c.local]

    def window(self, start: int, end: int, kind: tuple[str, int], changes: list[Change]) -> Window | None:
        """The step between two times, with all that it changed; None where it is not self-contained."""
        carried = tuple(c for c in changes if c.place in self.states)
        learning = self.learning(start, end, changes)
        parameters = tuple(c for c in learning if not c.local)
        kept = taken_over(start, parameters, self.has_updated) if parameters else None
        if kept is None:
            return None
        local = tuple(c for c in learning if c.local)
        chosen = {*parameters, *local, *carried}
        passing = {c for c in changes if c.local and time_of(c.before) >= start}  # as a total in a call
        others = tuple(c for c in changes if c not in chosen and c not in passing)
        if self.made:
            others = _not_computed_here(others, parameters, start)
        parameters = tuple(replace(c, after=unbent(c)) for c in parameters)
        return Window(start, end, kind, parameters, others, local, carried, decided=self.decided, kept=kept)


def _not_computed_here(
    changes: tuple[Change, ...], parameters: tuple[Change, ...], start: int
) -> tuple[Change, ...]:
    """Those that begin with nothing which is computed from parameters after a time, as an activation is."""
    line = ancestors([c.before for c in changes], lambda node: time_of(node) < start)
    moving = dependent(line, [c.before for c in parameters])
    return tuple(c for c in changes if c.before not in moving)


def _written_out(search: _Search) -> list[list[Window]]:
    """The steps of a program that makes them without a loop, from where the first parameter is there."""
    found = search.lasting(0, search.end, search.changes(0, search.end))
    firsts = [time_of(c.before) for c in found]
    if not firsts:
        return []
    if len({(search.trace.labels.get(c.place), c.stores[-1].site) for c in found}) < len(found):
        rounds = _rounds(search)
        if len(rounds) > 1:
            return [rounds]
    start = min(firsts) + 1
    window = search.window(start, search.end, WHOLE, search.changes(start, search.end))
    return [] if window is None else [_one_by_one(search, [window])]


def _rounds(search: _Search) -> list[Window]:
    """The first rounds that hold the most updates of a loop in which the parameters themselves are made."""
    groups: dict[int, list[Window]] = defaultdict(list)
    for activity in search.trace.activities:
        if activity.kind != "round" or not activity.complete or len(groups[activity.site]) >= ENOUGH:
            continue
        changes = search.changes(activity.start, activity.end)
        window = search.window(activity.start, activity.end, ("round", activity.site), changes)
        if window is not None:
            groups[activity.site].append(window)
    return max(groups.values(), key=lambda g: max((len(w.parameters) for w in g), default=0), default=[])


def _one_by_one(search: _Search, steps: list[Window]) -> list[Window]:
    """Take windows apart in which a parameter is updated, used, and updated again.

    So is a round over all samples in which only every fourth updates: the step is what lies between. Where
    some rounds are so and others not, as where a sample draws one word twice, the others are the steps.
    """
    found: list[Window] = []
    every = [(step, cuts_in(step)) for step in steps]
    if whole := [step for step, cuts in every if not cuts]:
        return whole
    for step, cuts in every:
        for start, end in pairwise([step.start, *cuts, step.end]):
            part = search.window(start, end, step.kind, search.changes(start, end))
            if part is not None:
                found.append(part)
    sizes = [len(without_memory(part).parameters) for part in found]
    usual = max(sizes, key=sizes.count, default=0)  # a sum reset in another step looks like a parameter
    chosen = [part for part, size in zip(found, sizes, strict=True) if size == usual]
    outside = outside_of(steps, chosen)
    return [replace(part, outside=outside) for part in chosen] or steps


def _learns(change: Change, memo: dict[Any, bool], users: Users) -> bool:
    key = (change.before, change.after)
    if key not in memo:
        memo[key] = _may_learn(change, users) and learns(*key)
    return memo[key]


def _may_learn(change: Change, users: Users) -> bool:
    """Is this a number, and used for more than what is added to it?"""
    numbers = np.asarray(change.before.value).dtype.kind in "fi"
    return numbers and not users.only(change.before, change.after, SUMS | THROUGH)
