"""Numbers whose gradient their own object is given, as those beside them, and which no update changes.

So it is where every value is an object that holds its number and its gradient, and one of them is missing in
the list of parameters. Where results, data and targets are such objects too, no model holds these.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backproof.check.chosen import applied_sites, left_by_choice
from backproof.check.dropped import Place, held_value, owned, places_of, with_older_values_apart
from backproof.check.judgement import Judgement
from backproof.graph import Node, adjoints, ancestors
from backproof.step import Parameter, TrainingStep
from backproof.step.change import root
from backproof.step.update import time_of
from backproof.trace import Trace


@dataclass(frozen=True, slots=True)
class Untrained:
    """The names of gradients that are given to what a model holds, as to its parameters, and not applied.

    ``last`` says that they are those of its last layer: who trains but a part of a model trains that.
    """

    names: tuple[str, ...]
    last: bool


def untrained(judgement: Judgement) -> Untrained | None:
    """What is given gradients as its parameters are, and not changed by them."""
    step, trace = judgement.step, judgement.step.trace
    held = owned(trace)
    changed = {
        place: parameter
        for parameter in step.parameters
        for change in parameter.changes
        for place in places_of(trace, change, held)
        if place[0] == "attribute"
    }
    owners = {place[1] for place in changed}
    gradients = _given(step, changed)
    if not gradients:
        return None
    start = min((w.start for w in judgement.seen), default=step.window.start)
    holders = _holders(trace, start)
    models = _above(holders, owners)
    alone = _are_older(trace, set(gradients), start)
    reset = _reset_alike(step, owners, start)
    attributes = {place[2] for place in changed}
    beside: dict[Node, str] = {}
    filled = _filled(trace, start)
    for node, places in held.items():
        for place in places:
            if place in filled or place[0] != "attribute" or place[1] in owners or place[2] not in attributes:
                continue
            if place[1] not in gradients:
                continue
            if alone or place[1] in reset or not models.isdisjoint(_above(holders, {place[1]})):
                beside.setdefault(node, gradients[place[1]])
    if not beside:
        return None
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
        if (node := held_value(traced[leaf])) in beside and time_of(node) < start
    }
    truths = adjoints(step.loss, list(kept))
    found = {leaf: name for leaf, name in kept.items() if np.any(truths[leaf].value)}
    if not found:
        return None
    first = min(_uses(loss, set(found)), default=0)
    return Untrained(tuple(dict.fromkeys(found.values())), first > max(_uses(loss, leaves), default=first))


def _filled(trace: Trace, start: int) -> set[Place]:
    """The places that are given other numbers after ``start``, as those of inputs and targets are."""
    return {
        s.place
        for s in trace.stores
        if s.time >= start and s.before is not None and root(s.before, 0) is not root(s.after, 0)
    }


def _uses(line: Sequence[Node], leaves: set[Node]) -> list[int]:
    """When a forward pass reads these."""
    return [time_of(node) for node in line if not leaves.isdisjoint(node.operands) and time_of(node) >= 0]


def _given(step: TrainingStep, changed: Mapping[Place, Parameter]) -> dict[int, str]:
    """Objects that the step gives what it gives those that own parameters, and what that is called.

    Not those that a condition leaves out, which the others pass.
    """
    trace, siblings = step.trace, {place[1]: parameter for place, parameter in changed.items()}
    inside = [
        s
        for s in trace.stores
        if step.window.start <= s.time < step.window.end and s.place[0] == "attribute" and s.after.operands
    ]
    line = set(ancestors(step.descents))
    names: dict[str, Parameter] = {}
    for store in inside:
        if store.place[1] in siblings and step.copies.get(store.after) in line:
            names.setdefault(store.place[2], siblings[store.place[1]])
    for place in changed:
        names.pop(place[2], None)
    found, applied = defaultdict[int, dict[str, None]](dict), applied_sites(step)
    for s in inside:
        if s.place[2] in names and not left_by_choice(step, s.after, names[s.place[2]], applied):
            found[s.place[1]][trace.labels.get(s.place, s.place[2])] = None
    return {owner: " and ".join(called) for owner, called in found.items()}


def _reset_alike(step: TrainingStep, owners: set[int], start: int) -> set[int]:
    """Objects of which a statement of the step sets an attribute to a number, as of all that own parameters.

    So their gradients are set to zero. A statement that does so for what the step itself makes does it for
    every value.
    """
    found: dict[int, set[int]] = defaultdict(set)
    for store in step.trace.stores:
        plain = store.place[0] == "attribute" and not root(store.after, 0).operands
        if plain and step.window.start <= store.time < step.window.end:
            found[store.site].add(store.place[1])
    together = [objects for objects in found.values() if objects >= owners]
    return set().union(*(objects for objects in together if _are_older(step.trace, objects, start)))


def _are_older(trace: Trace, objects: set[int], start: int) -> bool:
    """Were all these objects there before ``start``, so that they hold parameters, and no results?"""
    held = {s.place[1] for s in trace.stores if s.time < start and s.place[0] == "attribute"}
    held |= {h.place[1] for h in trace.holdings if h.time < start and h.place[0] == "attribute"}
    held |= {h.content for h in trace.holdings if h.time < start and isinstance(h.content, int)}
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
