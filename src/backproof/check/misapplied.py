"""Updates of what the loss reads that begin with another value than its own: ``b = c - rate * grad_b``.

Where the gradient depends on its owner by decisions alone, as a hinge's does, nothing else tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backproof.check.dropped import names_of
from backproof.check.gradient_names import called_alike
from backproof.check.judgement import Judgement
from backproof.graph import Node, ancestors
from backproof.step.change import root
from backproof.step.update import keeps, terms, time_of
from backproof.trace import Store


def misapplied(judgement: Judgement) -> dict[str, str]:
    """The names of such values, each with the gradient called after it that is applied to another."""
    step, found = judgement.step, dict[str, str]()
    window, labels = step.window, step.trace.labels
    updated = {change.place for change in window.parameters}
    read, names = set(ancestors([step.loss])), names_of(step)
    for store in step.trace.stores:
        name = labels.get(store.place) or (store.place[2] if store.place[0] == "name" else None)
        if not isinstance(name, str) or not window.start <= store.time < window.end or store.place in updated:
            continue
        for called in _added(store, window.start) if _is_read(store, step.copies, read) else ():
            if called_alike(step, names, called, name):
                found[name] = called
    return found


def _is_read(store: Store, copies: Mapping[Node, Node], read: set[Node]) -> bool:
    """Does the loss read what a place held before?"""
    before = store.before
    copy = None if before is None else copies.get(before) or copies.get(root(before, 0))
    return copy is not None and copy in read and not copy.operands


def _added(store: Store, start: int) -> Iterator[str]:
    """What is called that is added to something else than what was there, as it is or times something.

    Of what the step has computed, as it does a gradient, and not its rate.
    """
    assert store.before is not None
    before = root(store.before, 0)
    for term in () if keeps(store.after, before) else terms(store.after, before)[1]:
        for node in (term, *(term.operands if term.operation in ("multiply", "divide") else ())):
            if node.name and time_of(node) >= start:
                yield node.name
