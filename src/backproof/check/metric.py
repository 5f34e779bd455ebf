"""Scalars that are no loss to be descended: measures for people, and what is to grow."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from backproof.check.compare import Verdict
from backproof.graph import Node, ancestors
from backproof.step import TrainingStep
from backproof.step.cut import dependent

SUMS = frozenset(
    {"add", "subtract", "negative", "sum", "mean", "max", "identity", "index", "reshape", "stack"}
    | {"astype", "transpose", "broadcast_to", "concatenate", "index_update", "index_add"}
)
POSITIVE = frozenset({"square", "abs", "exp", "sigmoid", "cosh", "log_cosh"})
TOTALS = frozenset({"add", "sum", "mean", "max", "identity", "reshape", "index", "multiply", "divide"})
SIGNS = frozenset({"sign", "abs", "greater", "greater_equal", "less", "less_equal"})


def vanishes(verdict: Verdict) -> bool:
    """Is the derivative zero everywhere, as that of an accuracy is?"""
    return all(comparison.zero for comparison in verdict.comparisons)


def nothing_moves(verdict: Verdict) -> bool:
    """Is every gradient zero that is applied, and the true ones as well, as where an input is zero?"""
    return vanishes(verdict) and all(verdict.right)


def is_distance(step: TrainingStep) -> bool:
    """Is this scalar a sum of absolute differences, of which the backward pass nowhere takes the sign?

    A mean absolute error is printed beside many a squared error that is descended. What it is made of tells
    it from a loss that has absolute values for another reason, such as Huber's, or a penalty on weights.
    """
    ends = _summed(step)
    return (
        bool(ends)
        and all(node.operation == "abs" for node in ends)
        and not set(step.leaves) & {node.operands[0] for node in ends}
        and not _signed(step, [node.operands[0] for node in ends])
    )


def is_unbounded(step: TrainingStep) -> bool:
    """Is this scalar a plain sum of differences of an output and a target, which nobody can descend?"""
    moving, ends = dependent(ancestors([step.loss]), step.leaves), _summed(step)
    return bool(ends) and all(
        node.operation == "subtract" and not moving >= {*node.operands} for node in ends
    )


def is_plane(step: TrainingStep) -> bool:
    """Is the derivative of this scalar the same wherever the parameters are, so that it has no least value?

    As that of a parameter itself is, which a program returns.
    """
    return dependent(ancestors(step.truths), step.leaves).isdisjoint(step.truths)


def _summed(step: TrainingStep) -> list[Node]:
    """The absolute values and differences that a scalar is a weighted sum of; none where it is another."""
    moving = dependent(ancestors([step.loss]), step.leaves)
    done, stack, ends = set[Node](), [step.loss], list[Node]()
    while stack:
        node = stack.pop()
        if node in done or node not in moving:
            continue
        done.add(node)
        if node.operation == "abs" or _is_difference(node, moving):
            ends.append(node)
        elif node.operation in SUMS or is_scaling(node, moving):
            stack.extend(node.operands)
        else:
            return []
    return ends


def _is_difference(node: Node, moving: set[Node]) -> bool:
    """Is this an output less a target, or the other way round?"""
    if node.operation != "subtract" or moving.issuperset(node.operands):
        return False
    target = node.operands[0] if node.operands[1] in moving else node.operands[1]
    return target.operation != "constant"


def is_scaling(node: Node, moving: Collection[Node]) -> bool:
    """Is this one moving value, multiplied or divided by what does not move?"""
    if node.operation == "multiply":
        return sum(operand in moving for operand in node.operands) == 1
    return node.operation == "divide" and node.operands[1] not in moving


def _signed(step: TrainingStep, distances: list[Node]) -> bool:
    """Does the backward pass ask for the sign of one of these differences?"""
    asked = []
    for node in ancestors(step.descents):
        if node.operation in SIGNS:
            x = np.asarray(node.operands[0].value, dtype=float)
            y = np.asarray(node.operands[1].value, dtype=float) if len(node.operands) > 1 else 0.0
            asked.append(np.abs(x - y))
    sizes = [np.abs(np.asarray(node.value, dtype=float)) for node in distances]
    return any(a.shape == s.shape and np.allclose(a, s) for a in asked for s in sizes)


def is_climbed(verdict: Verdict) -> bool:
    """Is every update one up this scalar: something that is to grow, such as a likelihood?"""
    moving = [c for c in verdict.comparisons if not c.zero]
    scales = [s for c in moving for s in c.scales]
    if not scales or not all(c.parallel and c.scales for c in moving):
        return False
    return max(scales) < 0 and min(scales) >= max(scales) * (1 + 1e-5)


def is_partly_climbed(verdict: Verdict) -> bool:
    """Is some update one up this scalar and none one down it, right or wrong as the others may be?"""
    moving = [c for c in verdict.comparisons if not c.zero and c.scales and c.parallel]
    return bool(moving) and all(max(c.scales) < 0 for c in moving)


def is_upward(verdict: Verdict) -> bool:
    """Do most of the updates go up this scalar, right or wrong as they may be?"""
    moving = [c for c in verdict.comparisons if not c.zero and c.scales]
    upward = sum(max(c.scales) < 0 for c in moving)
    return 2 * upward > len(moving)


def is_positive(node: Node) -> bool:
    """Is this a sum of squares, or of what else is never negative, so that it has a least value?"""
    stack, seen = [node], {node}
    while stack:
        each = stack.pop()
        twice = each.operation == "multiply" and each.operands[0] is each.operands[1]
        if twice or each.operation in POSITIVE or (each.operation == "power" and _is_even(each.operands[1])):
            continue
        if each.operation not in TOTALS and not (not each.operands and np.all(np.asarray(each.value) >= 0)):
            return False
        new = [operand for operand in each.operands if operand not in seen]
        seen.update(new)
        stack += new
    return True


def _is_even(exponent: Node) -> bool:
    return not exponent.operands and bool(np.all(np.asarray(exponent.value) % 2 == 0))
