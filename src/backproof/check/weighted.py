"""Two losses that the program computes apart, of which its gradients are those of a weighted sum."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backproof.check.compare import POINTS, Verdict
from backproof.check.points import informative_tables
from backproof.graph import Node, apply, as_number
from backproof.step import SURE, Hypothesis, TrainingStep, Window, gradients_of, training_step
from backproof.step.loss import ancestors_since
from backproof.step.update import time_of
from backproof.trace import Trace

Array = NDArray[np.float64]
CLOSE = 1e-6  # relative: a gradient is that of a sum, a weight the same everywhere
MOST = 4  # other losses that are tried beside one
SHOWN = SURE - 1  # evidence enough to begin with: computed in the step, and shown


def weighted_sums(
    trace: Trace, window: Window, first: Hypothesis, verdict: Verdict, others: Sequence[Hypothesis]
) -> Iterator[Hypothesis]:
    """A loss of the program, and another so many times as the gradients show.

    So many times is a number that the program computes with, or once: what else fits may as well be a factor
    that is wrong. Two that the program itself makes a number of somewhere are that, and nothing else.
    """
    if not first.stated or first.minimised or not (any(verdict.right) or first.evidence >= SHOWN):
        return
    inside = [h for h in others if h.stated and window.start <= time_of(h.node) < window.end]
    made = set(ancestors_since([first.node], window.start))
    tried = 0
    for other in inside:
        if tried == MOST:
            return
        if other.node in made or first.node in ancestors_since([other.node], window.start):
            continue  # one is part of the other
        if _meet(trace, first, other):
            continue
        tried += 1
        step = training_step(trace, window, _sum(first, other, 1.0))
        weight = None if step is None else _weight(step, first.node, other.node)
        if weight is not None:
            number = _written(trace, window, weight)
            if number is not None:
                yield _sum(first, other, number)


def _sum(first: Hypothesis, other: Hypothesis, weight: float) -> Hypothesis:
    x, y = (h.name or f"({h.formula})" for h in (first, other))
    text = f"{x} + {y}" if weight == 1.0 else f"{x} + {weight:.6g} * {y}"
    times = other.node if weight == 1.0 else apply("multiply", weight, other.node)
    node = apply("add", first.node, times)
    return replace(first, node=node, name=None, formula=text, declared=False, joined=True)


def _meet(trace: Trace, first: Hypothesis, other: Hypothesis) -> bool:
    """Does the program make one number of the two, in this step or in another?"""
    places = [h.node.origin.site if h.node.origin is not None else -1 for h in (first, other)]
    marks = dict[Node, int]()
    for node in trace.nodes:
        if np.size(node.value) != 1:
            continue
        mark = 0
        for operand in node.operands:
            mark |= marks.get(operand, 0)
        site = node.origin.site if node.origin is not None else -1
        mark |= 1 * (site == places[0] >= 0) | 2 * (site == places[1] >= 0)
        if mark == 3:
            return True
        if mark:
            marks[node] = mark
    return False


def _weight(step: TrainingStep, first: Node, other: Node) -> float | None:
    """How many times the second counts; None where the gradients are not those of such a sum."""
    if first not in step.copies or other not in step.copies:
        return None
    slopes = [gradients_of(as_number(step.copies[node]), step.parameters) for node in (first, other)]
    found = informative_tables(step, [*step.descents, *slopes[0], *slopes[1]], POINTS)
    pairs = list[tuple[float, float]]()
    for _, table in found:
        for nodes in zip(step.descents, *slopes, strict=True):
            values = [np.ravel(np.asarray(table[node], dtype=np.float64)) for node in nodes]
            if not np.all(np.isfinite(values)):
                return None
            applied, sides = values[0], np.stack(values[1:], axis=1)
            if len(applied) <= 2 or not np.any(sides[:, 1]) or not np.any(sides[:, 0]):
                continue  # what decides nothing; the sum is held against all gradients
            shares, _, rank, _ = np.linalg.lstsq(sides, applied, rcond=CLOSE)
            if rank == 2 and np.linalg.norm(applied - sides @ shares) > CLOSE * np.linalg.norm(applied):
                return None
            if rank == 2:
                pairs.append((float(shares[0]), float(shares[1])))
    if any(own <= 0 for own, _ in pairs):
        return None
    weight = _one([more / own for own, more in pairs])
    return weight if weight is not None and weight > 0 else None


def _one(numbers: Collection[float]) -> float | None:
    """The number that they all are; None where they differ."""
    if not numbers or max(numbers) - min(numbers) > CLOSE * max(map(abs, numbers)):
        return None
    return float(np.median(list(numbers)))


def _written(trace: Trace, window: Window, weight: float) -> float | None:
    """The number of the program that a weight is, or 1; None where it is no such number."""
    numbers = {1.0}
    for node in trace.nodes:
        if window.start <= time_of(node) < window.end:
            for operand in node.operands:
                if not operand.operands and np.size(operand.value) == 1:
                    number = abs(float(np.ravel(np.asarray(operand.value, dtype=np.float64))[0]))
                    numbers |= {number, 0.5 * number, 2.0 * number}  # the 2 of a square may be in it
    near = min(numbers, key=lambda number: abs(number - weight))
    return near if abs(near - weight) <= CLOSE * weight else None
