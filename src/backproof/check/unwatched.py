"""A loss or an error of a step that nobody only watches: what the program evaluates is meant to be descended.

What people watch beside the loss that is descended is a measure: a distance, a squared error, a likelihood, a
share of right answers. A higher power of the differences is none, nor is a sum that is the very loss that is
descended for some of the outputs and another for the rest. Nor a squared error whose derivative the backward
pass begins with to the last factor, ``2 / n * (o - t)``: a cross-entropy gives no reason for that 2.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from backproof.check.elsewhere import MEASURED, others
from backproof.check.evaluations import Evaluation, slopes_of
from backproof.check.judgement import Judgement, under
from backproof.check.metric import SUMS, is_scaling
from backproof.graph import Node, ancestors
from backproof.step import Hypothesis, TrainingStep
from backproof.step.change import made_between
from backproof.step.cut import dependent

SQUARE = 2  # the highest power of differences that people watch
ALIKE = 1e-9  # relative: slopes that are the same
LEAST = 2  # numbers of a derivative that tell it from another
PROBABILITIES = frozenset({"binary", "categorical"})
WRITTEN = (1.0, 2.0)  # times the usual slope: a squared error with its half, and without


def unwatched(judgement: Judgement) -> Judgement | None:
    """The step held against what the program evaluates in it, where that is no measure that is only watched.

    None where it evaluates no such thing, or is right under it after all.
    """
    step = judgement.step
    for other, found in others(judgement):
        partly = other.evidence >= MEASURED and _is_partly(found, step.hypothesis)
        if partly or _is_raised(found) or _is_begun(found, step):
            own = replace(other, node=_in_step(other.node, step))
            held = next(under(step.trace, step.window, [own]), None)
            if held is not None and not held.verdict.correct:
                return held
    return None


def _in_step(node: Node, step: TrainingStep) -> Node:
    """What the step computes at the same place, where this was computed, and shown, in another."""
    window = step.window
    inside = reversed(made_between(step.trace, window.start, window.end))
    return next((n for n in inside if n.name == node.name and _site(n) == _site(node)), node)


def _is_raised(found: Evaluation) -> bool:
    """Is this a sum of powers above the second of what it makes of outputs?"""
    moving = dependent(found.copies.values(), [found.copies[output] for output in found.outputs])
    stack, seen, powers = [found.copies[found.node]], set[Node](), set[Node]()
    while stack:
        node = stack.pop()
        if node in seen or node not in moving:
            continue
        seen.add(node)
        if node.operation == "power" and node.operands[1] not in moving:
            powers.add(node)
        elif node.operation in SUMS or is_scaling(node, moving):
            stack.extend(node.operands)
        else:
            return False
    return any(np.all(np.asarray(node.operands[1].value, dtype=float) > SQUARE) for node in powers)


def _is_begun(found: Evaluation, step: TrainingStep) -> bool:
    """Does a cross-entropy's backward pass compute the derivative of this squared error, its 2 with it?"""
    if step.hypothesis.family not in PROBABILITIES or len(found.outputs) != 1:
        return False
    (output, target), *_ = found.outputs.items()
    slope = found.slopes[output]
    if target is None or slope.size < LEAST or output not in step.copies:
        return False
    difference = np.asarray(output.value, dtype=float) - np.asarray(target.value, dtype=float)
    factor = float(np.vdot(difference, slope) / (np.vdot(difference, difference) or 1.0))
    if not np.allclose(slope, factor * difference, rtol=ALIKE, atol=0):
        return False
    sizes = {1, slope.size, *slope.shape}
    if any(_is_near(factor * size, 1.0) for size in sizes) or not any(
        _is_near(factor * size, 2.0) for size in sizes
    ):
        return False
    forward = set(ancestors([step.loss]))
    return any(
        node not in forward
        and np.shape(node.value) == slope.shape
        and np.allclose(np.asarray(node.value, dtype=float), slope, rtol=ALIKE, atol=0)
        for node in ancestors(step.descents)
        if node.operands
    )


def _is_near(a: float, b: float) -> bool:
    return abs(a - b) <= ALIKE


def _is_partly(found: Evaluation, inferred: Hypothesis) -> bool:
    """Has this the slopes of the inferred loss by some outputs, and others by those made elsewhere?"""
    own = slopes_of(inferred.node, inferred.outputs)
    if own is None or any(output not in found.slopes for output in own):
        return False
    same: dict[int, set[bool]] = defaultdict(set)
    for output, slope in own.items():
        there = found.slopes[output]
        if not np.any(slope) or not np.all(there):
            return False
        factors = [k for k in WRITTEN if np.allclose(there, k * slope, rtol=ALIKE, atol=0)]
        same[_site(output)].add(bool(factors))
    return len(same) > 1 and {True} in same.values() and {False} in same.values()


def _site(node: Node) -> int:
    return node.origin.site if node.origin is not None else -1
