"""What is updated as the parameters are, at their rate or by their statement, and read by nothing in the run.

As where a forward pass takes another name than that of its bias: no loss depends on the bias then, and the
program trains it as if one did.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Users, ancestors
from backproof.step import Change, label
from backproof.step.change import root
from backproof.step.cut import dependent
from backproof.step.rates import RATE
from backproof.step.update import SUMS, THROUGH, keeps, mixes, terms
from backproof.trace import Store, Trace

OWN = SUMS | THROUGH | {"multiply", "divide"}  # what leads from an old value to the new one


def never_read(judgement: Judgement) -> tuple[str, ...]:
    """The names of what a step updates with its backward pass, and no value but its own next one is made of.

    What is read in any step is none, nor what only decays: an embedding of a word that did not occur, or a
    running total, which no rate is taken of.
    """
    step, trace = judgement.step, judgement.step.trace
    judged = [change for parameter in step.parameters for change in parameter.changes]
    values = {root(node, 0) for change in judged for node in (change.before, change.after)}
    found = [
        c
        for c in step.window.others
        if np.asarray(c.before.value).dtype.kind == "f" and keeps(c.after, c.before, whole=True)
        if not mixes(c.after, c.before, values.__contains__)
    ]
    if not found:
        return ()
    counted = set(ancestors([step.loss]))
    moving = dependent(step.copies.values(), step.leaves)
    sites, rates = {store.site for change in judged for store in change.stores}, _rates(trace, judged)
    names: dict[str, None] = {}
    users = Users()
    for change in found:
        added = [step.copies.get(term) for term in terms(change.after, change.before)[1]]
        alike = not sites.isdisjoint(s.site for s in change.stores) or not rates.isdisjoint(
            _rates(trace, [change])
        )
        if step.copies.get(change.before) in counted or moving.isdisjoint(added) or not alike:
            continue
        users.enter(trace.nodes)
        own = [s for s in trace.stores if s.place == change.place and s.before is not None]
        if all(_leads_on(users, store) for store in own) and not users.of.get(root(own[-1].after, 0)):
            names[label(trace, change)] = None
    return tuple(names)


def _rates(trace: Trace, changes: Iterable[Change]) -> set[str]:
    """The learning rates, by their names, by which what is added to values is multiplied."""
    found = set[str]()
    for change in changes:
        stack = list(terms(change.after, change.before)[1])
        while stack:
            node = stack.pop()
            if node.operation not in ("multiply", "divide", "negative", "identity"):
                continue
            sites = () if node.origin is None else node.origin.operand_sites
            texts = [trace.sites[site].text.lstrip("-") for site in sites if site is not None and site >= 0]
            found.update(text for text in texts if RATE.search(text))
            stack.extend(node.operands)
    return found


def _leads_on(users: Users, store: Store) -> bool:
    """Is what a place held used for nothing but what it holds next?"""
    assert store.before is not None
    return users.only(root(store.before, 0), root(store.after, 0), OWN)
