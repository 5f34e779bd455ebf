"""Updates that forget the old value: `b = -lr * db`, or `b = c - lr * db`, for `b = b - lr * db`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backproof.check.grades import VANISHES, is_multiple, parallel
from backproof.check.judgement import Judgement
from backproof.check.points import informative_tables
from backproof.graph import Node, adjoints, ancestors
from backproof.step import Change, TrainingStep
from backproof.step.change import root

NEAR = 1e-5  # relative: rates that are one
POINTS = 4  # at which a number is its own gradient times one constant, and by no chance


def becomes_gradient(step: TrainingStep, leaf: Node, parts: Sequence[Node], spread: float) -> bool:
    """Is one of the parts of what a value becomes its own true gradient, times a number?

    That is its step, which was to be added to it.
    """
    truth = adjoints(step.loss, [leaf])[leaf]
    tables = [table for _, table in informative_tables(step, [truth, *parts], POINTS, spread=spread)]
    for part in parts:
        pairs = [(table[part], table[truth]) for table in tables]
        if all(np.any(t) and np.shape(a) == np.shape(t) for a, t in pairs) and is_multiple(pairs):
            return True
    return False


def assigned_steps(judgement: Judgement) -> dict[Change, bool]:
    """The values that become a multiple of their gradients, whether a positive one; none if some do not."""
    step, found = judgement.step, dict[Change, bool]()
    assigned = set(step.unread)  # one is in the gradient of another, as the next layer's weights are
    others = [c.before for c in step.window.others if c not in assigned]
    memory = {step.copies[before] for before in others if before in step.copies}
    for change in step.unread:
        leaf, after = step.copies[change.before], step.copies[change.after]
        if not memory.isdisjoint({*ancestors([after])} - {leaf}):
            return {}  # what an optimizer remembers adds nothing of its own where a step is judged
        if not becomes_gradient(step, leaf, [after], judgement.verdict.spread):
            return {}
        truth = adjoints(step.loss, [leaf])[leaf]
        found[change] = float(np.vdot(np.asarray(after.value), np.asarray(truth.value))) > 0
    return found


def taken_off_others(judgement: Judgement) -> dict[Change, tuple[int, int, Node]]:
    """The sites of updates, of what stands there in place of the old value, and this, less its own step.

    The step has to be the true gradient at the rate of all others, and the other value nothing that is kept
    for this, as a mean of what the parameter was: it is a parameter of its own, or made without it.
    """
    step, found = judgement.step, dict[Change, tuple[int, int, Node]]()
    kept = {root(change.before, 0) for change in step.window.others}
    for change in step.unread:
        after, leaf = _sum(root(change.after, 0)), step.copies[change.before]
        if after is None or after.origin is None or len(after.origin.operand_sites) != len(after.operands):
            continue
        for position in range(2):
            other, taken = after.operands[position], after.operands[1 - position]
            if after.operation == "subtract" and position == 1:
                continue
            if root(other, 0) in kept or not {other, taken} <= step.copies.keys():
                continue
            standing, sign = step.copies[other], -1.0 if after.operation == "add" else 1.0
            of_itself = leaf in ancestors([standing]) and not becomes_gradient(
                step, leaf, [standing], judgement.verdict.spread
            )
            if not of_itself and _is_step(judgement, leaf, step.copies[taken], sign):
                found[change] = after.origin.site, after.origin.operand_sites[position], other
    return found


def _sum(node: Node) -> Node | None:
    """The sum or difference of two that a value is, where it was put into an array or is as it was made."""
    if node.operation == "index_update":
        node = root(node.operands[1], 0)
    return node if node.operation in ("add", "subtract") else None


def _is_step(judgement: Judgement, leaf: Node, taken: Node, sign: float) -> bool:
    """Is this the gradient of a value at the rate of all that are right?"""
    step = judgement.step
    truth = adjoints(step.loss, [leaf])[leaf]
    beside = [
        (d, t)
        for d, t, ok, c in zip(
            step.descents, step.truths, judgement.verdict.right, judgement.verdict.comparisons, strict=True
        )
        if ok and not c.zero and not c.decay
    ]
    results = [truth, taken, *(d for d, _ in beside)]
    for _, table in informative_tables(step, results, POINTS, spread=judgement.verdict.spread):
        rates = [parallel(table[d], np.asarray(table[t], dtype=float)) for d, t in beside]
        own = parallel(sign * np.asarray(table[taken], dtype=float), np.asarray(table[truth], dtype=float))
        known = [rate for rate in rates if rate is not None and rate != VANISHES]
        if own is None or own == VANISHES or not known or abs(own - known[0]) > NEAR * abs(own):
            return False
    return True
