"""Updates that the forward pass does not see: it goes on with the array that the update has replaced.

As where a dictionary of parameters is given new arrays, and the layers keep the ones they were made with.
"""

from __future__ import annotations

from collections import defaultdict

from backproof.graph import Node, ancestors, depend
from backproof.step import Change, Window
from backproof.step.change import MANY, root
from backproof.step.update import SUMS, THROUGH, terms, time_of, walk
from backproof.trace import Store, Trace


def stale(trace: Trace, step: Window) -> tuple[Change, ...]:
    """The parameters whose next gradient is computed from what they were, and from nothing they became.

    A place is given the old value and a gradient, and then another that is computed from the old value once
    more. A gradient that is late on purpose would look the same.
    """
    old = {root(change.before, 0): change for change in step.parameters if not change.local}
    last: dict[tuple[object, ...], Store] = {}
    alike: dict[Node, list[Store]] = defaultdict(
        list
    )  # an array and the item that holds it are written at once
    pairs: list[tuple[Store, Store, Node]] = []
    for store in trace.stores:
        first = last.get(store.place)
        last[store.place] = store
        alike[root(store.after, 0)].append(store)
        if first is None or store.before is None or root(store.before, 0) is not root(first.after, 0):
            continue
        value = next((node for node in _summands(first.after) if node in old), None)
        if value is not None and not any(_adds_to_another(s, value) for s in alike[root(first.after, 0)]):
            pairs.append((store, first, value))
    found: dict[Node, Change] = {}
    for store, first, value in _without_readers(pairs):
        if value not in found and _is_read_again(store, first, value):
            found[value] = Change(store.place, value, first.after, (first,))
    return tuple(found.values())


def _without_readers(pairs: list[tuple[Store, Store, Node]]) -> list[tuple[Store, Store, Node]]:
    """Of many, those where what a store adds is not computed from the value of the store before it."""
    if len(pairs) <= MANY:
        return pairs
    questions = [(terms(s.after, after)[1], after) for s, f, _ in pairs for after in (root(f.after, 0),)]
    since = min(first.time for _, first, _ in pairs)
    order = ancestors([node for nodes, _ in questions for node in nodes], lambda n: time_of(n) <= since)
    return [pair for pair, read in zip(pairs, depend(order, questions), strict=True) if not read]


def _summands(after: Node, limit: int = 40) -> list[Node]:
    """What a new value was added up of."""
    found, stack = list[Node](), [root(after, 0)]
    while stack and len(found) < limit:
        node = stack.pop()
        found.append(node)
        if node.operation in SUMS | THROUGH:
            stack.extend(root(operand, 0) for operand in node.operands)
    return found


def _adds_to_another(store: Store, value: Node) -> bool:
    """Is a value added to what the place held, as where a sum of errors holds what is in each of them?"""
    if store.before is None:
        return False
    before = root(store.before, 0)
    return before is not value and bool(terms(store.after, before)[0])


def _is_read_again(store: Store, first: Store, old: Node) -> bool:
    """Is what a store adds computed, since the store before it, from the old value and not from the new?"""
    after = root(first.after, 0)
    kept, added = terms(store.after, after)
    if not kept:
        return False
    read = False
    for node in walk(added, lambda n: time_of(n) > first.time):
        value = root(node, 0)
        if value is after:
            return False
        read = read or value is old
    return read
