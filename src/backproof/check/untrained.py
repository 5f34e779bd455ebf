"""Numbers whose gradient their own object is given, as those beside them, and which no update changes.

So it is where every value is an object that holds its number and its gradient, and one of them is missing in
the list of parameters. Where results, data and targets are such objects too, no model holds these.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from backproof.check.dropped import owned, with_older_values_apart
from backproof.check.judgement import Judgement
from backproof.graph import Node, adjoints, ancestors
from backproof.step import TrainingStep
from backproof.step.change import root
from backproof.step.update import time_of
from backproof.trace import Trace


def untrained(judgement: Judgement) -> tuple[str, ...]:
    """The names of gradients that are given to what a model holds, as to its parameters, and not applied."""
    step, trace = judgement.step, judgement.step.trace
    changed = [c.place for p in step.parameters for c in p.changes if c.place[0] == "attribute"]
    owners = {place[1] for place in changed}
    gradients = _given(step, owners)
    if not gradients:
        return ()
    start = min((w.start for w in judgement.seen), default=step.window.start)
    holders = _holders(trace, start)
    models = _above(holders, owners)
    alone = _are_older(trace, set(gradients), start)
    attributes = {place[2] for place in changed}
    beside: dict[Node, str] = {}
    for node, places in owned(trace).items():
        for place in places:
            if place[0] != "attribute" or place[1] in owners or place[2] not in attributes:
                continue
            if place[1] in gradients and (alone or not models.isdisjoint(_above(holders, {place[1]}))):
                beside.setdefault(node, gradients[place[1]])
    if not beside:
        return ()
    step = with_older_values_apart(step)
    traced = {copy: node for node, copy in step.copies.items()}
    loss, leaves = ancestors([step.loss]), set(step.leaves)
    data = {
        o for n in loss if n.operation == "multiply" and not leaves.isdisjoint(n.operands) for o in n.operands
    }
    kept = {
        leaf: beside[node]
        for leaf in loss
        if not leaf.operands and leaf not in leaves and leaf not in data and leaf in traced
        if (node := root(traced[leaf], 0)) in beside and time_of(node) < start
    }
    truths = adjoints(step.loss, list(kept))
    return tuple(dict.fromkeys(name for leaf, name in kept.items() if np.any(truths[leaf].value)))


def _given(step: TrainingStep, owners: set[int]) -> dict[int, str]:
    """Objects that the step gives what it gives those that own parameters, and what that is called."""
    inside = [
        s
        for s in step.trace.stores
        if step.window.start <= s.time < step.window.end and s.place[0] == "attribute" and s.after.operands
    ]
    updated = {c.place[2] for p in step.parameters for c in p.changes if c.place[0] == "attribute"}
    names = {s.place[2] for s in inside if s.place[1] in owners} - updated
    return {s.place[1]: step.trace.labels.get(s.place, s.place[2]) for s in inside if s.place[2] in names}


def _are_older(trace: Trace, objects: set[int], start: int) -> bool:
    """Were all these objects there before ``start``, so that they hold parameters, and no results?"""
    held = {s.place[1] for s in trace.stores if s.time < start and s.place[0] == "attribute"}
    held |= {h.place[1] for h in trace.holdings if h.time < start and h.place[0] == "attribute"}
    return objects <= held


def _holders(trace: Trace, end: int) -> dict[int, set[int]]:
    """By each object and container, those that hold it before ``end``."""
    found: dict[int, set[int]] = defaultdict(set)
    for holding in trace.holdings:
        if (
            holding.time < end
            and isinstance(holding.content, int)
            and holding.place[0] in ("attribute", "item")
        ):
            found[holding.content].add(holding.place[1])
    return found


def _above(holders: dict[int, set[int]], first: set[int]) -> set[int]:
    """What holds these, and what holds that."""
    found, stack = set[int](), list(first)
    while stack:
        for holder in holders.get(stack.pop(), ()):
            if holder not in found:
                found.add(holder)
                stack.append(holder)
    return found
