"""Where the steps are in windows that hold several, or parts of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from backproof.graph import Node
from backproof.step.behind import is_brought_back
from backproof.step.change import Change, root
from backproof.step.parts import Parts
from backproof.step.put_in import is_put_in, used_as_it_was
from backproof.step.update import SUMS, THROUGH, terms, time_of, walk

if TYPE_CHECKING:
    from backproof.step.window import Window


def outside_of(steps: Sequence[Window], chosen: Sequence[Window]) -> tuple[Change, ...]:
    """What looks like a parameter of whole steps and is none of the parts chosen, one of each place.

    A sum of gradients, which an update takes a share of, is no parameter; nor is what holds nothing but
    values that a parameter had, as a tuple does that a step keeps.
    """
    known = {change.place for part in chosen for change in part.parameters}
    had = {v for step in steps for change in step.parameters if change.place in known for v in _held(change)}
    found: dict[tuple[Any, ...], Change] = {}
    for step in steps:
        taken = _taken([change for change in step.parameters if change.place in known])
        for change in step.parameters:
            held = _held(change)
            if change.place not in known and held.isdisjoint(taken) and not held <= had:
                found.setdefault(change.place, change)
    return tuple(found.values())


def is_part_of(steps: Sequence[Window], others: Sequence[Window]) -> bool:
    """Do steps only add up, from nothing, what each of some others takes a share of?

    Then they put the gradient of those together, in whatever way, and change no parameter.
    """
    whole = others[-1]
    inside = [w for w in steps if whole.start <= w.start and w.end <= whole.end and w is not whole]
    if not inside:
        return False
    step = inside[0]
    taken, befores = _taken(whole.parameters), {change.before for change in whole.parameters}
    for change in step.parameters:
        made = time_of(change.before) >= whole.start
        begun = walk([change.before], lambda n: time_of(n) >= whole.start)
        if not made or befores.intersection(begun) or _held(change).isdisjoint(taken):
            return False
    return True


def _taken(changes: Iterable[Change]) -> set[Node]:
    """What some updates take a share of."""
    added = [term for change in changes for term in terms(change.after, change.before)[1]]
    passing = SUMS | THROUGH | {"multiply", "divide"}
    return {root(node, 0) for node in walk(added, lambda node: node.operation in passing)}


def _held(change: Change) -> set[Node]:
    """All values that a place has held."""
    return {
        root(node, 0) for store in change.stores for node in (store.before, store.after) if node is not None
    }


def _stepped(change: Change, start: int) -> dict[Node, int]:
    """The numbers of the stores of a place, by what they made of it.

    But for what puts numbers in before any step, where the step uses what was there as well.
    """
    numbered, older = list(enumerate(change.stores)), change.stores[0].before
    puts = next((k for k, s in numbered if s.before is None or not is_put_in(s.after, root(s.before, 0))), 0)
    before = change.stores[puts].before
    if puts and older is not None and before is not None:
        added = terms(change.stores[puts].after, before)[1]
        puts *= used_as_it_was(added, root(older, 0), start)
    return {root(store.after, 0): number for number, store in numbered[puts:]}


def cuts_in(window: Window) -> list[int]:
    """The times inside a window at which a step is over, since the next update depends on what it made."""
    afters = {root(s.after, 0) for c in window.parameters for s in c.stores}
    parts = Parts({c.before for c in window.parameters})
    ends: list[list[int]] = []
    for change in window.parameters:
        made = _stepped(change, window.start)
        last: set[int] = set()
        for number, store in enumerate(change.stores[1:], 1):
            assert store.before is not None
            if is_brought_back(store.after, store.before):
                continue  # as its columns are scaled to a length, behind the step
            _, added = terms(store.after, store.before)
            used = walk(
                added, lambda n: time_of(n) >= window.start and root(n, 0) not in afters, parts.operands
            )
            last.add(max((made[r] for n in used if made.get(r := root(n, 0), number) < number), default=-1))
        ends.append([change.stores[number].time for number in sorted(last) if number >= 0])
    most = max(map(len, ends))
    return [max(times) + 1 for times in zip(*(e for e in ends if len(e) == most), strict=True)]
