"""What a backward pass begins with: the derivative of the loss by what a model gives."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from backproof.check.grades import VANISHES, parallel
from backproof.graph import Node, adjoints, ancestors
from backproof.step import TrainingStep
from backproof.step.cut import dependent

MOST = 100  # values of the forward pass, the last first, whose derivatives are looked for


def begins_as_derivative(step: TrainingStep) -> bool:
    """Does the backward pass compute the derivative of the loss by a value of the forward pass?

    Up to a positive factor, and as more than one number: then this loss is the one that is descended,
    whatever is made of the derivative afterwards. What the loss itself is computed from says nothing.
    """
    forward = ancestors([step.loss])
    moving = dependent(forward, step.leaves)
    known = set(forward)
    begun = defaultdict[tuple[int, ...], list[Node]](list)
    line = ancestors(step.descents)
    reached = dependent(line, step.leaves)
    for node in line:
        if node in reached and node not in known and _is_varied(node):
            begun[np.shape(node.value)].append(node)
    wanted = [
        node
        for node in reversed(forward)
        if node in moving and node not in step.leaves and np.shape(node.value) in begun
    ][:MOST]
    for node, adjoint in adjoints(step.loss, wanted).items():
        true = np.asarray(adjoint.value, dtype=float)
        if not _is_varied(adjoint) or not np.all(np.isfinite(true)):
            continue
        for other in begun[np.shape(node.value)]:
            scale = parallel(other.value, true)
            if scale is not None and scale != VANISHES and scale > 0:
                return True
    return False


def _is_varied(node: Node) -> bool:
    """Is this an array of numbers that are not all the same?"""
    value = np.asarray(node.value)
    return value.dtype.kind == "f" and value.size > 1 and bool(np.ptp(value) > 0)
