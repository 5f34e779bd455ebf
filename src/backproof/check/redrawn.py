"""Parameters that get new values in every step, whatever the update before has made of them.

As where the line that draws them stands inside the loop: what is learned in one step is lost in the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from itertools import pairwise

from backproof.check.judgement import Judgement
from backproof.graph import Node, Users
from backproof.step import Change, Window, label
from backproof.step.change import root
from backproof.step.computed import COMPUTED
from backproof.step.update import THROUGH, any_reaches, learns, reaches, remembers, terms, time_of, walk
from backproof.step.window import MINIMISED
from backproof.trace import Store, Trace


def redrawn(judgement: Judgement) -> tuple[str, ...]:
    """The names of parameters that each step finds with values which no step before it has made."""
    seen = sorted(judgement.seen, key=lambda window: window.start)
    if len(seen) < 2 or judgement.step.window.kind[0] in (MINIMISED, COMPUTED):
        return ()  # the points are another's choice
    trace = judgement.step.trace
    inside = [_called(trace, store) for store in _drawn_inside(judgement)]
    return tuple(dict.fromkeys([*_drawn_between(trace, seen), *inside]))


def _drawn_between(trace: Trace, seen: Sequence[Window]) -> list[str]:
    """What is made in or behind each step, from nothing that is learned, for the next one to begin with.

    It is told by the statement that updates it: an object that is made anew may go by another name.
    """
    made = {node for change in seen[0].parameters for node in _made(change)}
    names, kept, apart = dict[int, str](), set[int](), set[Node]()
    for last, window in pairwise(seen):
        for change in window.parameters:
            before, site = root(change.before, 0), change.stores[-1].site
            if time_of(before) < last.start or _comes_from(before, made, seen[0].start, apart):
                kept.add(site)
            names.setdefault(site, label(trace, change))
        made.update(node for change in window.parameters for node in _made(change))
    return [name for site, name in names.items() if site not in kept]


def _made(change: Change) -> tuple[Node, Node]:
    """What a step makes of a parameter, and what becomes of it behind that."""
    return root(change.after, 0), root(change.stores[-1].after, 0)


def _comes_from(node: Node, made: Set[Node], start: int, apart: set[Node]) -> bool:
    """Is a value computed from what was made since a time? ``apart`` is what is known not to be, so far.

    What is made later is no operand of what was there before: so it is looked at but once.
    """
    line = list[Node]()
    for each in walk([node], lambda n: time_of(n) >= start and n not in apart):
        if each in made:
            return True
        line.append(each)
    apart.update(line)
    return False


def forgotten(judgement: Judgement) -> tuple[str, ...]:
    """The names of parameters with which every step begins as they were, whatever the last made of them.

    As where a copy is updated.
    """
    trace, seen = judgement.step.trace, sorted(judgement.seen, key=lambda window: window.start)
    made: dict[Node, set[Node]] = {}
    again: dict[Node, str] = {}
    known = set[Node]()  # what earlier steps were computed from: from that follows nothing new
    for window in seen:
        befores = {root(change.before, 0): change for change in window.parameters}
        line = set(walk(list(befores), lambda n: time_of(n) >= seen[0].start and n not in known))
        known.update(line)
        for old in [old for old, afters in made.items() if not afters.isdisjoint(line)]:
            del made[old]
            again.pop(old, None)
        for before, change in befores.items():
            if before in made:
                again[before] = label(trace, change)
            made.setdefault(before, set()).update(_made(change))
    return tuple(dict.fromkeys(again.values()))


def _drawn_inside(judgement: Judgement) -> Iterator[Store]:
    """The updates in the step of what is made in it from nothing that is learned.

    Either the loss is computed from what is made, and what the update makes of it is never read; or the
    gradient is that of what stood there before.
    """
    step, window = judgement.step, judgement.step.window
    trace = step.trace
    counted = set(walk([step.hypothesis.node], lambda n: time_of(n) >= window.start))
    learned = {change.before for change in window.parameters}
    unread = _unread(trace, [w for w in judgement.windows if w.end <= window.start])
    replaced: dict[Node, Node] = {}
    for store in trace.stores:
        if not window.start <= store.time < window.end or store.before is None:
            continue
        before = root(store.before, 0)
        if time_of(before) < window.start:
            if before in counted and before not in learned:
                replaced[root(store.after, 0)] = before
        elif _is_new(before, window, learned) and remembers(store.after, before):
            lost = before in counted and store.site in unread and learns(before, store.after)
            if lost or (before in replaced and _is_gradient_of(replaced[before], store, window)):
                yield store


def _is_new(node: Node, window: Window, learned: set[Node]) -> bool:
    """Is this made in the step from nothing that is learned?"""
    return learned.isdisjoint(walk([node], lambda n: time_of(n) >= window.start))


def _is_gradient_of(old: Node, store: Store, window: Window) -> bool:
    """Is something added that is computed from what the place held before, unlike what it holds now?"""
    assert store.before is not None
    before = root(store.before, 0)
    if reaches(before, old, lambda n: time_of(n) >= window.start):
        return False
    _, added = terms(store.after, before)
    return any_reaches(added, old, lambda n: time_of(n) >= window.start)


def _unread(trace: Trace, earlier: Sequence[Window]) -> set[int]:
    """The sites at which all that was stored in earlier steps is read by nobody."""
    users = Users()
    users.enter(trace.nodes)
    found, read = set[int](), set[int]()
    for store in trace.stores:
        if any(w.start <= store.time < w.end for w in earlier):
            (read if _is_read(store.after, users) else found).add(store.site)
    return found - read


def _is_read(node: Node, users: Users) -> bool:
    """Is something else computed from this than the same in another form?"""
    stack = [root(node, 0), node]
    while stack:
        for user in users.of.get(stack.pop(), ()):
            if user.operation not in THROUGH:
                return True
            stack.append(user)
    return False


def _called(trace: Trace, store: Store) -> str:
    return trace.labels.get(store.place) or store.after.name or "?"
