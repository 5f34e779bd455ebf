"""Slopes of an output's activation that a backward pass begins with, and that are not written as they are.

A difference of output and target times whatever function of the output belongs to some loss. But to no usual
one where this is a product of the output ``o``, of ``1 - o`` and of ``1 + o``, as the slopes of the logistic
function and of tanh are, and not the slope itself: ``(o - t) * o`` for ``(o - t) * o * (1 - o)``. Nor where
it is what a function gives for something else that gives slopes at its other calls: ``slope(t)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backproof.check.judgement import Judgement
from backproof.check.points import informative_tables
from backproof.diagnosis.slope_calls import calls_for_slope
from backproof.graph import Node, ancestors
from backproof.graph.compositions import compositions
from backproof.mend import Repair, Tried
from backproof.step.cut import dependent

POINTS = 6
FEWEST = 5  # numbers that three exponents and no chance explain
NEAR = 1e-6
SLOPES = {"sigmoid": (1, 1, 0), "tanh": (0, 1, 1)}  # exponents of o, 1 - o and 1 + o
MOST = 3  # the highest power that is written by mistake


def begins_with_part_of_a_slope(judgement: Judgement, repair: Repair) -> Tried | None:
    """The correction of a repair by which a slope is written as it is, of which there is a part or too much.

    None where there is none.
    """
    hypothesis = judgement.step.hypothesis
    if hypothesis.stated or hypothesis.family != "squared" or hypothesis.weights is not None:
        return None
    if not repair.complete or len(hypothesis.outputs) != 1:
        return None
    part = next((tried for tried in repair.steps if _is_of_a_slope(judgement, tried)), None)
    return part or next((tried for tried in repair.steps if calls_for_slope(judgement, repair, tried)), None)


def _is_of_a_slope(judgement: Judgement, tried: Tried) -> bool:
    step = judgement.step
    output, changes = step.copies.get(step.hypothesis.outputs[0]), tried.changes
    if output is None or not changes:
        return False
    ends = [node for edge, new in changes for node in (edge.operand, new)]
    forward = ancestors([step.loss])
    tables = [
        table
        for _, table in informative_tables(step, [*ends, step.loss], POINTS, spread=judgement.verdict.spread)
    ]
    slope = _slope(output, forward, dependent(forward, step.leaves), tables)
    if slope is None:
        return False
    for edge, new in changes:
        powers = _powers([table[output] for table in tables], tables, edge.operand, new)
        if powers is None or not any(powers) or powers == slope:
            return False
    return True


def _slope(
    output: Node, forward: Sequence[Node], moving: set[Node], tables: Sequence[Mapping[Node, Any]]
) -> tuple[int, ...] | None:
    """The exponents of an output's slope, where it is a logistic function or a tanh."""
    while output.operation == "identity":
        output = output.operands[0]
    known = compositions(forward, moving, tables).get(output)
    return SLOPES.get(output.operation if known is None else known.name)


def _powers(
    outputs: Sequence[Any], tables: Sequence[Mapping[Node, Any]], old: Node, new: Node
) -> tuple[int, ...] | None:
    """The powers of the output ``o``, of ``1 - o`` and of ``1 + o`` by which a value is more than another."""
    rows, logs = list[np.ndarray](), list[np.ndarray]()
    for output, table in zip(outputs, tables, strict=True):
        o, before, after = (np.asarray(v, dtype=float) for v in (output, table[old], table[new]))
        if not o.shape == before.shape == after.shape:
            return None
        with np.errstate(all="ignore"):
            row = np.log(np.abs([o, 1 - o, 1 + o])).reshape(3, -1)
            log = np.log(np.atleast_1d(after) / before).ravel()
        if not (np.all(np.isfinite(row)) and np.all(np.isfinite(log))):
            return None
        rows.append(row)
        logs.append(log)
    basis, wanted = np.concatenate(rows, axis=1).T, np.concatenate(logs)
    if len(wanted) < FEWEST:
        return None
    powers: np.ndarray = np.linalg.lstsq(basis, wanted, rcond=None)[0]
    whole = np.round(powers)
    fits = np.linalg.norm(basis @ whole - wanted) <= NEAR * np.linalg.norm(wanted)
    return tuple(int(p) for p in whole) if fits and np.all(np.abs(whole) <= MOST) else None
