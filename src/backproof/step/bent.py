"""New values that are brought back, once the gradient step is made, to where a parameter may be.

As by ``np.maximum(w - lr * g, 0)``, or by ``w[w < 0] = 0`` behind the update: a projected gradient step. The
gradient is what the step itself takes off.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from backproof.graph import Node
from backproof.step.behind import brought_back, scaled_back, taken
from backproof.step.change import Change
from backproof.step.update import SUMS, THROUGH, is_rewritten, keeps, learns, time_of, walk

ROUNDING = frozenset({"round", "floor", "ceil", "trunc", "rint", "sign"})
BENT = frozenset({"maximum", "minimum", "multiply", "divide", "where", "abs", *ROUNDING})
FORMED = frozenset({"identity", "reshape", "astype"})


def projected(after: Node, before: Node, limit: int = 60) -> Node | None:
    """The gradient step inside a new value that was bent back after it, as by ``np.maximum(w - lr * g, 0)``.

    None where there is none.
    """
    queue, seen = deque([after]), {after}
    while queue and len(seen) < limit:
        node = queue.popleft()
        if node.operation in SUMS and np.shape(node.value) == np.shape(before.value):
            if keeps(node, before, whole=True) and learns(before, node):
                return node
        elif (step := _exponential_step(node, before)) is not None:
            return step
        elif node.operation in BENT or node.operation in THROUGH:
            inner = scaled_back(node, before) if node.operation in ("multiply", "divide") else node.operands
            new = [o for o in inner if o not in seen and time_of(o) > time_of(before)]
            seen.update(new)
            queue.extend(new)
    return None


def is_multiplied(change: Change) -> bool:
    """Is a parameter multiplied by the exponential of what is taken for its step?"""
    step = projected(change.stores[-1].after, change.before)
    if step is None or step is change.after:
        return False  # a sum of the program's own
    return step.operation == "add" and step.operands == change.after.operands


def _exponential_step(node: Node, before: Node) -> Node | None:
    """The step ``w + u`` for ``w * exp(u)``, by which weights stay positive."""
    if node.operation != "multiply" or np.shape(node.value) != np.shape(before.value):
        return None
    for x, y in (node.operands, node.operands[::-1]):
        power = plain(y)
        if plain(x) is before and power.operation == "exp":
            exponent = power.operands[0]
            value = np.asarray(before.value) + exponent.value
            step = Node("add", (before, exponent), {}, value, node.name, node.origin)
            return step if learns(before, step) else None
    return None


def unbent(change: Change) -> Node:
    """The new value of a change before what was out of bounds in it was brought back; or as it is."""
    node = plain(change.after)
    brought = node.operation == "clip" or node.operation in ROUNDING
    if brought or (node.operation == "where" and _asks_itself(node, change.before)):
        inner = projected(node, change.before)
        return change.after if inner is None else inner
    return brought_back(change.after, change.before) or taken(change.after, change.before) or change.after


def plain(node: Node) -> Node:
    """A value without its name and form, or what all numbers of an array were overwritten with."""
    while node.operation in FORMED or is_rewritten(node):
        node = node.operands[-1]
    return node


def _asks_itself(node: Node, before: Node) -> bool:
    """Is a number put where a new value is out of bounds, and not one where anything else says so?"""
    condition, *branches = node.operands
    new = [branch for branch in branches if branch.operands and branch is not before]
    if len(new) != 1 or before in branches:
        return False
    since = time_of(before)
    asked = set(walk([condition], lambda n: time_of(n) > since))
    return before in asked and any(n.operation in SUMS and keeps(n, before) for n in asked if n.operands)
