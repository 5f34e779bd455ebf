"""Learning rates of their own: where the updates of some parameters are multiplied by another named number.

Which rate a parameter has is the program's own choice, as long as each is called one: `lr_w` and `lr_b`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import numpy as np

from backproof.graph import Node
from backproof.step.update import THROUGH, terms

RATE = re.compile(r"(^|[._])(lr|eta|alpha|rate|learning_?rate|step_?size)(_\w+|\d+)?$", re.IGNORECASE)
OTHERS = re.compile(r"drop|keep|decay|momentum|mix|clip|noise|forget|leak|slope", re.IGNORECASE)


def own_rates(updates: Iterable[tuple[Node, Node]], counted: Collection[Node]) -> dict[Node, float]:
    """Values that give all updates one rate: of the first, for the rates by which the others are multiplied.

    ``updates`` are what parameters become and what they were. Nothing where one of them has no named rate, or
    where all have the same; a number that the loss is ``counted`` from is none.
    """
    found = [_rates(after, before, counted) for after, before in updates]
    if not all(len(rates) == 1 for rates in found):
        return {}
    every = [next(iter(rates)) for rates in found]
    words = {match[2].lower() for leaf in every if (match := RATE.search(leaf.name or ""))}
    values = {leaf.name: float(np.ravel(leaf.value)[0]) for leaf in every}
    if len(words) > 1 or len(set(values.values())) < 2:
        return {}
    return dict.fromkeys(every, next(iter(values.values())))


def _rates(after: Node, before: Node, counted: Collection[Node]) -> set[Node]:
    """The named rates by which the terms of an update are multiplied."""
    found, stack = set[Node](), list(terms(after, before)[1])
    while stack:
        term = stack.pop()
        if term.operation in ("multiply", "divide"):
            numbers = [o for o in term.operands if _is_rate(o) and o not in counted]
            found.update(numbers[:1])
            stack += [] if numbers else [o for o in term.operands if o.operands and np.size(o.value) > 1]
        elif term.operation in ("negative", *THROUGH):
            stack.append(term.operands[0])
    return found


def _is_rate(node: Node) -> bool:
    if node.operands or np.size(node.value) != 1 or np.asarray(node.value).dtype.kind != "f" or not node.name:
        return False
    return bool(RATE.search(node.name)) and not OTHERS.search(node.name) and bool(np.all(node.value))
