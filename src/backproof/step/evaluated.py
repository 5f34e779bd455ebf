"""Losses that a program evaluates beside its steps, as after the update: with the parameters of then.

Where such a loss is computed as the step's own forward pass computes its outputs, from the same data, it is
the loss of that step too, once the parameters are those that the step began with. So it is where a step takes
a batch or a sample of the data, and the loss is evaluated with all of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors, apply
from backproof.step.change import made_between, root
from backproof.step.cut import dependent
from backproof.step.loss import SURE, Hypothesis, described, evidence_for
from backproof.step.taken import Taken
from backproof.step.update import time_of
from backproof.step.window import Window
from backproof.trace import Trace

MOST = 6  # evaluations that are looked at, one of each place
TRIES = 12  # values of one place that are looked through for the parameters
SHOWN, CALLED = 1, 3  # evidence that is wanted of what is shown, and of what a function only returns
FAR = 5_000  # values between a loss and the parameters
LARGEST = 200_000  # numbers of data that are looked at one by one
Key = tuple[Any, ...]


def evaluated(trace: Trace, window: Window) -> list[Hypothesis]:
    """The scalars that are evaluated with other parameters, as scalars of this step, likeliest first."""
    versions = _versions(trace, window)
    inside: _Inside | None = None
    found: list[Hypothesis] = []
    shown, seen, tries = set(trace.shown), set[tuple[int, str | None]](), Counter[tuple[int, str | None]]()
    outcome = shown.union(trace.returned)
    for node in reversed(trace.nodes):
        if len(seen) == MOST:
            break
        if node.origin is None or node.origin.site < 0 or not node.operands or np.size(node.value) != 1:
            continue
        key = (node.origin.site, node.name)
        evidence = evidence_for(trace, node, node in outcome)
        if (
            key in seen
            or tries[key] == TRIES
            or evidence < (SHOWN if node in shown else CALLED)
            or np.asarray(node.value).dtype.kind != "f"
        ):
            continue
        tries[key] += 1
        line = ancestors([node], lambda n: root(n, 0) in versions or time_of(n) < 0)
        if len(line) > FAR or not any(root(n, 0) in versions for n in line):
            continue
        seen.add(key)
        inside = inside or _Inside(trace, window)
        every = [_transplanted(node, line, versions, inside, None)]
        if every[0] is None and inside.taken.parts:
            every = [
                _transplanted(node, line, versions, inside, taken) for taken in _ways(inside.taken, line)
            ]
            evidence = min(evidence, SURE - 1)  # of all data, and not of this step's
        for own in filter(None, every):
            name, row, formula = described(trace, node, returned=node in trace.returned)
            found.append(Hypothesis(own, name, row, True, formula, evidence))
    return sorted(found, key=lambda h: -h.evidence)


def _ways(taken: Taken, line: list[Node]) -> list[Taken]:
    """What a step takes: with the samples counted as they are here, and as they are in all data."""
    counts = any(taken.counted(node) is not node for node in line)
    return [taken, taken.uncounted()] if counts else [taken]


def _versions(trace: Trace, window: Window) -> dict[Node, Node]:
    """The values that the parameters have at any time, each with that which this step begins with.

    And those of what it reads of other parameters, which other steps have updated.
    """
    kept = {root(node, 0): node for node in window.kept}
    places = {
        store.place: kept[root(store.after, 0)] for store in trace.stores if root(store.after, 0) in kept
    }
    places |= {store.place: change.before for change in window.parameters for store in change.stores}
    found = kept | {root(change.before, 0): change.before for change in window.parameters}
    for store in trace.stores:
        if store.place in places:
            for node in (store.before, store.after):
                if node is not None:
                    found.setdefault(root(node, 0), places[store.place])
    return found


class _Inside:
    """The values that a step computes from its parameters, by how they are computed."""

    def __init__(self, trace: Trace, window: Window) -> None:
        self.since = window.start
        befores = {change.before for change in window.parameters}
        made = made_between(trace, window.start, window.end)
        moving = dependent(made, befores) - dependent(made, [c.after for c in window.parameters])
        self.own = {root(node, 0) for node in moving}
        read = dict.fromkeys(root(operand, 0) for node in made for operand in node.operands)
        computed = self.own | {root(before, 0) for before in befores}
        self.taken = Taken({**dict.fromkeys(made), **read}, lambda node: root(node, 0) in computed)
        self.data: dict[Node, Key] = {}
        self.by_key: dict[Key, list[Node]] = defaultdict(list)
        for node in made:
            if node in moving and node.operation != "identity":
                self.by_key[self.key(node.operation, node.operands)].append(node)

    def key(self, operation: str, operands: tuple[Node, ...]) -> Key:
        """What an operation and its operands are known by: data by their numbers, all else by itself."""
        return (operation, *map(self._known, operands))

    def _known(self, node: Node) -> object:
        node = root(node, 0)
        if node in self.own or np.size(node.value) > LARGEST:
            return node
        if node not in self.data:
            value = np.asarray(node.value)
            numbers = value.astype(float).tobytes() if value.dtype.kind in "biuf" else node
            self.data[node] = (value.shape, numbers)
        return self.data[node]

    def same(self, node: Node, operands: tuple[Node, ...], attributes: Mapping[str, Any]) -> Node | None:
        """The value of the step that is computed by the same operation from these operands."""
        for other in self.by_key.get(self.key(node.operation, operands), ()):
            if _alike(attributes, other.attributes):
                return other
        return None


def _alike(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    return first.keys() == second.keys() and repr(first) == repr(second)


def _transplanted(
    result: Node, line: list[Node], versions: Mapping[Node, Node], inside: _Inside, taken: Taken | None
) -> Node | None:
    """The same scalar with the outputs of the step; None where it takes parameters otherwise than the step.

    A part of it that is made of parameters and numbers alone is a penalty. With what is ``taken``, data are
    those of the step.
    """
    copies: dict[Node, Node] = {}
    data: dict[Node, Node] = {}
    weights, shared = set(versions.values()), False
    for node in line:
        attributes = node.attributes if taken is None else taken.attributes(node.attributes)
        operands = tuple(copies.get(o) or data.get(o, o) for o in node.operands)
        if root(node, 0) in versions:
            copies[node] = versions[root(node, 0)]
        elif taken is not None and (part := taken.here(node)) is not node:
            data[node] = part
        elif taken is not None and (number := taken.counted(node)) is not node:
            data[node] = number
        elif not any(operand in copies for operand in node.operands):
            if (
                operands != node.operands
                and (again := _again(node, operands, attributes, inside.since)) is not None
            ):
                data[node] = again
        elif node.operation == "identity":
            copies[node] = copies[node.operands[0]]
        else:
            own = inside.same(node, operands, attributes)
            shared = shared or own is not None
            again = own if own is not None else _again(node, operands, attributes, inside.since)
            if again is None:
                return None
            copies[node] = again
            if own is None and not weights.isdisjoint(operands):
                if any(np.size(o.value) > 1 and o not in weights for o in operands):
                    return None
                weights.add(copies[node])
    found = copies.get(result)
    return found if shared and found is not None and root(found, 0) not in inside.own else None


def _again(node: Node, operands: tuple[Node, ...], attributes: Mapping[str, Any], since: int) -> Node | None:
    """The same operation with others, made in the step; None where it cannot take what has other shapes."""
    origin = node.origin
    if origin is not None and origin.time < since:
        origin = replace(origin, time=since)  # what is older than the step is data for it
    try:
        return apply(node.operation, *operands, name=node.name, origin=origin, **attributes)
    except (ValueError, TypeError, IndexError, NotImplementedError):
        return None
