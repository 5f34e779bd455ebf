"""Parameters of a step that the loss it is held against does not reach, though the step updates them.

So are the weights of an actor beside a critic's: the loss of the critic counts nothing of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.check.judgement import Judgement
from backproof.check.ranking import is_steady
from backproof.graph import Node, Users
from backproof.step import Change, Window
from backproof.step.change import is_local, root
from backproof.step.update import THROUGH, follows, keeps, mixes, terms, time_of, walk
from backproof.trace import Store, Trace

PRODUCTS = frozenset({"matmul", "dot", "outer", "einsum", "exp", "tanh", "sigmoid"})
SEVERAL = 2  # numbers: one alone may be a smoothed loss, a clock, or a rate


def unreached(judgement: Judgement) -> tuple[Change, ...]:
    """What a step changes as a gradient step changes a parameter, and its loss does not depend on.

    States are none of them, of which the loss is computed as they are in the end.
    """
    step, window = judgement.step, judgement.step.window
    taken = {change for parameter in step.parameters for change in parameter.changes}
    known = {change.place for change in taken}
    left = [c for c in window.parameters if c.place not in known and not follows(c.after, c.before)]
    if not left:
        return ()
    befores = {change.before for change in taken}
    results = [step.hypothesis.node, *(change.after for change in taken)]
    line = walk(results, lambda node: node not in befores and time_of(node) >= window.start)
    entering = {root(node, 0) for node in line}
    left = [c for c in left if entering.isdisjoint(_held(c))]
    return tuple(left) if sum(np.size(c.before.value) for c in left) >= SEVERAL else ()


def climbers(judgement: Judgement) -> tuple[Change, ...]:
    """The parameters of a step that are wrong under its loss, where some of them go up it.

    None where no others are right.
    """
    step, verdict = judgement.step, judgement.verdict
    triples = zip(step.parameters, verdict.right, verdict.comparisons, strict=True)
    wrong = [(parameter, comparison) for parameter, right, comparison in triples if not right]
    up = (max(c.scales, default=0.0) < 0 and not is_steady(c.scales) for _, c in wrong)
    if len(wrong) == len(verdict.right) or not any(up):
        return ()
    return tuple(change for parameter, _ in wrong for change in parameter.changes)


def used_beside(judgement: Judgement) -> tuple[Change, ...]:
    """What the run adds a share of its errors to, and computes with, though not for the loss of these.

    So an actor's weights are where its policy was computed before the step: beside it they are only added to.
    What enters the loss or an update, as states, memories of an optimizer and target networks do, is none.
    """
    every, trace = (judgement, *judgement.beside), judgement.step.trace
    judged = {change.place for each in every for change in each.step.window.parameters}
    first = min(window.start for window in judgement.seen)
    values = {node for store in trace.stores if store.place in judged for node in _both(store)}
    found = [c for c in _grown(trace, first) if c.place not in judged and values.isdisjoint(_held(c))]
    if not found:
        return ()
    results = [*values, *(each.step.hypothesis.node for each in every)]
    entering = {root(node, 0) for node in walk(results, _is_real)}
    users = Users()
    users.enter(trace.nodes)
    return tuple(
        change
        for change in found
        if entering.isdisjoint(_held(change))
        and _is_moved_by(change, values)
        and any(_is_factor(node, users) for node in _held(change))
    )


def steps_of(windows: Sequence[Window], left: Sequence[Change]) -> list[Window]:
    """The same steps with these parameters alone: what else they change is what it is when they begin."""
    places = {change.place for change in left}
    found = []
    for window in windows:
        own = tuple(c for c in window.parameters if c.place in places)
        if len(own) == len(places):
            others = tuple(c.before for c in window.parameters if c.place not in places)
            found.append(replace(window, parameters=own, kept=(*window.kept, *others)))
    return found


def without(windows: Sequence[Window], left: Sequence[Change]) -> list[Window]:
    """The same steps without these parameters."""
    places = {change.place for change in left}
    return [
        replace(window, parameters=tuple(c for c in window.parameters if c.place not in places))
        for window in windows
    ]


def _grown(trace: Trace, first: int) -> list[Change]:
    """The arrays, there before a time, that a run has since then only added to."""
    places: dict[tuple[Any, ...], list[Store]] = defaultdict(list)
    before: dict[tuple[Any, ...], Node] = {}
    for store in trace.stores:
        if store.time < first or store.before is None or root(store.before, 0) is root(store.after, 0):
            continue
        if np.asarray(store.before.value).dtype.kind == "f" and np.size(store.before.value) >= SEVERAL:
            before.setdefault(store.place, root(store.before, 0))
            places[store.place].append(store)
    return [
        Change(place, before[place], stores[-1].after, tuple(stores))
        for place, stores in places.items()
        if len(stores) > 1
        and time_of(before[place]) < first
        and not is_local(trace, place, first)
        and all(_grows(store) for store in stores)
    ]


def _both(store: Store) -> list[Node]:
    """What a place held before it was stored to, if that is known, and then."""
    return [root(node, 0) for node in (store.before, store.after) if node is not None]


def _held(change: Change) -> set[Node]:
    """All that a place has held."""
    return {node for store in change.stores for node in _both(store)}


def _grows(store: Store) -> bool:
    """Is something added to an array, all of which is kept?"""
    before, after = store.before, store.after
    if before is None or np.shape(before.value) != np.shape(after.value):
        return False
    return keeps(after, before, whole=True) and not follows(after, before)


def _is_real(node: Node) -> bool:
    """Is this computed by numbers, and not drawn, chosen or counted?"""
    return node.operation != "opaque" and np.asarray(node.value).dtype.kind == "f"


def _is_moved_by(change: Change, values: set[Node]) -> bool:
    """Is what is added computed from parameters, and more than a share of one of them?"""
    store = change.stores[-1]
    assert store.before is not None
    _, added = terms(store.after, store.before)
    moved = any(node in values for node in walk(added, lambda node: node not in values))
    return moved and not mixes(store.after, store.before, values.__contains__)


def _is_factor(node: Node, users: Users) -> bool:
    """Is anything computed with a value, or with a part of it, as a forward pass computes with weights?"""
    stack, done = [node], {node}
    while stack:
        node = stack.pop()
        for user in users.of.get(node, ()):
            arrays = all(np.size(operand.value) >= SEVERAL for operand in user.operands)
            if user.operation in PRODUCTS or (user.operation == "multiply" and arrays):
                return True
            if user.operation in THROUGH | {"index"} and user not in done:
                done.add(user)
                stack.append(user)
    return False
