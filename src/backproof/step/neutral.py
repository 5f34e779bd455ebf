"""The values with which an optimizer's memory adds nothing of its own to the update of a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.graph import Node, ancestors
from backproof.step.memory import is_momentum
from backproof.step.update import THROUGH, keeps, remembers, rescales, sums, terms

if TYPE_CHECKING:
    from backproof.step.change import Change
    from backproof.step.window import Window

LARGE = 1e16  # an accumulator of squares this large scales every element of its gradient alike


def neutral(
    window: Window, copies: Mapping[Node, Node], dropped: Sequence[Change], moving: set[Node]
) -> dict[Node, Any]:
    """Give values for what the optimizer remembers, with which it adds nothing of its own.

    Nothing for a momentum, alike everywhere for a sum of squares or the greatest gradient. Without it the
    place ahead, of which some take the gradient, is the parameter itself.
    """
    state: dict[Node, Any] = {}
    roots = under_roots(copies)
    bare = _beside_roots(window, copies) if roots else set[Node]()
    for change in [*window.others, *dropped]:
        leaf = copies.get(change.before)
        if (
            leaf is None
            or (leaf in moving and not is_momentum(change, window.parameters))
            or np.asarray(leaf.value).dtype.kind != "f"
        ):
            continue
        after = copies.get(change.after)
        if after is not None and leaf not in moving and is_greatest(after, leaf):
            state[leaf] = np.full(np.shape(leaf.value), LARGE)
            continue
        if after is None or not remembers(after, leaf) or rescales(after, leaf):
            continue
        rooted = leaf not in moving and leaf in roots and not (leaf in bare and terms(after, leaf)[0])
        if not rooted and (sums(after, leaf) or not np.any(leaf.value)):
            continue  # no optimizer remembers all of it: these are gradients that were not reset
        state[leaf] = np.full(np.shape(leaf.value), LARGE if rooted else 0.0)
    return state


def is_greatest(after: Node, before: Node) -> bool:
    """Is the new value the greater of a share of the old one and a size, as the norm of Adamax is?"""
    while after.operation in THROUGH:
        after = after.operands[0]
    if after.operation != "maximum" or np.shape(after.value) != np.shape(before.value):
        return False
    old = [o for o in after.operands if keeps(o, before)]
    sizes = [o for o in after.operands if o not in old and _is_size(o)]
    return len(old) == len(sizes) == 1


def _is_size(node: Node) -> bool:
    """Is this never less than zero, a small number added to it or not?"""
    while node.operation in ("add", *THROUGH):
        node = next((o for o in node.operands if o.operands), node.operands[0])
    return node.operation == "abs"


def under_roots(copies: Mapping[Node, Node]) -> set[Node]:
    """What square roots are computed from; a sum of squares reaches the update through one."""
    return set(ancestors(node for node in copies.values() if _is_root(node)))


def _beside_roots(window: Window, copies: Mapping[Node, Node]) -> set[Node]:
    """What reaches an update otherwise than through a root, as a buffer of gradients does."""
    updates = [copies[change.after] for change in window.parameters if change.after in copies]
    return set(ancestors(updates, _is_root))


def _is_root(node: Node) -> bool:
    if node.operation != "power":
        return node.operation == "sqrt"
    exponent = node.operands[1].value
    return np.ndim(exponent) == 0 and abs(float(exponent)) == 0.5
