"""What is done to a parameter behind its gradient step, and the choice whether the step is made at all.

Its entries are set to zero where a mask says so, its columns are scaled to a length, its numbers are kept
above zero one by one, or pulled to it:
``w *= keep``, ``w /= norm(w)``, ``w[:, long] *= most / lengths[long]``, ``w -= k * sign(w)``.
Or the old value stands beside the step, as in ``np.where(k % 2 == 0, w - lr * g, w)``.
The gradient is in the step.
"""

from __future__ import annotations

import numpy as np

from backproof.graph import Node, ancestors, apply
from backproof.graph.node import with_operands
from backproof.step.update import any_reaches, keeps, time_of, walk

FORMED = frozenset({"identity", "reshape", "astype"})
BOUNDS = frozenset({"clip", "maximum", "minimum", "abs"})
SHARE = FORMED | {"multiply", "divide", "negative"}  # what a value passes through of which a share is taken
KEPT = 0.5  # the share of itself that a parameter keeps which decays, at the least
DEEPEST = 12  # things that are done to a parameter behind one step


def brought_back(after: Node, before: Node) -> Node | None:
    """The gradient step behind which a parameter was brought back to where it may be; None without.

    What scales it has to be made of it, or to be a mask: a factor of its own may have slipped into the step.
    """
    node = _innermost(after, before)
    whole = np.shape(node.value) == np.shape(before.value)
    changed = node.operation not in FORMED and _formless(after) is not node
    return node if changed and whole and node is not before and keeps(node, before, whole=True) else None


def is_brought_back(after: Node, before: Node) -> bool:
    """Is the old value itself brought back to where it may be, with no step before that?"""
    return _formless(after) is not _formless(before) and _innermost(after, before) is before


def scaled_step(after: Node, before: Node) -> Node | None:
    """The step of which a new value is a multiple, by whatever factor; None where it is no such product."""
    node = _formless(after)
    while node.operation in ("multiply", "divide"):
        inner = [o for o in node.operands if _is_like(o, before)]
        if len(inner) != 1:
            return None
        node = _formless(inner[0])
    if node is _formless(after) or node.operation not in ("add", "subtract"):
        return None
    return node if keeps(node, before, whole=True) else None


def at_once(after: Node, before: Node) -> Node | None:
    """The new value if what is taken off behind the step, as by ``w *= 0.999``, were made of the old one.

    None where nothing is.
    """
    node = _formless(after)
    if node.operation not in ("add", "subtract", "multiply"):
        return None
    step, other = node.operands
    if _formless(step) is _formless(before) or not keeps(step, before, whole=True):
        return None
    if node.operation == "multiply":
        if np.size(other.value) > 1 or _moves(other, before):
            return None
        share = apply("multiply", apply("subtract", other, 1.0), before)
        return Node("add", (step, share), {}, node.value, node.name, node.origin)
    made = ancestors([other], lambda n: n is step or time_of(n) <= time_of(before))
    if before in made or step not in made:
        return None
    copies = {step: before}
    for each in made:
        copies.setdefault(each, with_operands(each, tuple(copies.get(o, o) for o in each.operands)))
    return with_operands(node, (step, copies[other]))


def is_at_once(made: Node, after: Node) -> bool:
    """Is this what ``at_once`` has made of a new value?"""
    return made is not _formless(after) and made.origin is _formless(after).origin


def _innermost(node: Node, before: Node) -> Node:
    """What a value was before all that was done to it behind its step."""
    for _ in range(DEEPEST):
        inner = None if node is before else _inside(node, before)
        if inner is None:
            break
        node = inner
    return node


def taken(after: Node, before: Node) -> Node | None:
    """The gradient step beside which the old value stands, to be kept where a condition says so.

    The condition may ask for the time, or for each number of the parameter itself. One that is made of
    outputs decides which terms a loss has, and is a part of the gradient.
    """
    node = _formless(after)
    if node.operation != "where":
        return None
    condition, *branches = node.operands
    steps = [branch for branch in branches if _formless(branch) is not _formless(before)]
    if len(steps) != 1 or not keeps(steps[0], before, whole=True):
        return None
    asked = walk([condition], lambda n: n is not before and time_of(n) > time_of(before))
    sizes = {np.shape(n.value) for n in asked if time_of(n) > time_of(before) and _moves(n, before)}
    return steps[0] if sizes <= {np.shape(before.value)} else None


def _inside(node: Node, before: Node) -> Node | None:
    """What a value was before the last thing that was done to it; None where that is a step."""
    if node.operation in FORMED:
        return node.operands[0]
    if node.operation in BOUNDS:
        moved = [o for o in node.operands if _moves(o, before)]
        return moved[0] if len(moved) == 1 else None
    if node.operation in ("multiply", "divide"):
        return next(iter(scaled_back(node, before)), None)
    if node.operation == "where":
        moved = [o for o in node.operands[1:] if _moves(o, before)]
        asked = walk([node.operands[0]], lambda n: n not in moved and time_of(n) > time_of(before))
        return moved[0] if len(moved) == 1 and before not in {*asked} - {*moved} else None
    if node.operation == "index_update":
        base, value = node.operands[:2]
        zero = not value.operands and not np.any(value.value)
        return base if _is_like(base, before) and (zero or _is_scaled(value, base)) else None
    if node.operation == "stack":
        return _one_by_one(node, before)
    return _pulled(node, before) if node.operation in ("add", "subtract") else None


def _pulled(node: Node, before: Node) -> Node | None:
    """What is pulled to zero by itself or its signs, as by ``w -= k * np.sign(w)``; None of other sums."""
    whole, pull = node.operands
    if not any_reaches([pull], _formless(whole), lambda n: n.operation in SHARE or n.operation == "sign"):
        return None
    while pull.operation in SHARE and pull is not whole:
        moved = [operand for operand in pull.operands if _moves(operand, before)]
        if len(moved) != 1:
            return None
        (pull,) = moved
    own = pull.operands[0] if pull.operation == "sign" else pull
    old, new = np.asarray(whole.value), np.asarray(node.value)
    nearer = np.all(old * (new - old) <= 0) and (own is not pull or np.all(np.abs(new) >= KEPT * np.abs(old)))
    return whole if _formless(own) is _formless(whole) and _is_like(whole, before) and nearer else None


def scaled_back(node: Node, before: Node) -> list[Node]:
    """What a product or quotient scales to a length, makes a little smaller, or sets to zero in places.

    Nothing where the factor is of another kind: one may have slipped out of the step.
    """
    pairs = (node.operands, node.operands[::-1])[: 2 if node.operation == "multiply" else 1]
    return [x for x, y in pairs if _is_like(x, before) and _scales_back(x, y, node, before)]


def _scales_back(x: Node, y: Node, node: Node, before: Node) -> bool:
    """Is ``y``, by which ``x`` is scaled, made of ``x`` and no older value, a mask, or a decay?"""
    made = list(walk([y], lambda n: n is not x and time_of(n) > time_of(before)))
    if before in made and before is not x:
        return False
    if x in made or (np.size(y.value) > 1 and np.all(np.isin(y.value, (0, 1)))):
        return True
    share = float(np.ravel(y.value)[0]) if np.size(y.value) == 1 else 0.0
    share = 1 / share if node.operation == "divide" and share else share
    return KEPT < share <= 1


def _is_scaled(value: Node, base: Node) -> bool:
    """Is this a part of ``base``, scaled or within bounds?"""
    while value is not base:
        if value.operation in ("multiply", "divide"):
            parts = [o for o in value.operands if _is_part(o, base)]
            return bool(parts)
        if value.operation not in FORMED | BOUNDS | {"index"}:
            return False
        value = next((o for o in value.operands if o.operands), value.operands[0])
    return True


def _is_part(node: Node, base: Node) -> bool:
    while node is not base:
        if node.operation not in FORMED | {"index"}:
            return False
        node = node.operands[0]
    return True


def _one_by_one(node: Node, before: Node) -> Node | None:
    """The array of which a list has the numbers, each within bounds; None where it has those of several."""
    found = set[Node]()
    for item in node.operands:
        while item.operation in FORMED | BOUNDS:
            item = next((o for o in item.operands if o.operands), item.operands[0])
        if item.operation == "index":
            found.add(item.operands[0])
        elif item.operation != "constant":
            return None
    one = found.pop() if len(found) == 1 else None
    return one if one is not None and _is_like(one, before) else None


def _formless(node: Node) -> Node:
    while node.operation in FORMED and node.operands:
        node = node.operands[0]
    return node


def _is_like(node: Node, before: Node) -> bool:
    return np.shape(node.value) == np.shape(before.value) and _moves(node, before)


def _moves(node: Node, before: Node) -> bool:
    """Is this computed from the old value?"""
    since = time_of(before)
    return any_reaches([node], before, lambda n: time_of(n) > since)
