"""Updates that forget the old value: `b = -lr * db`, where `b = b - lr * db` is meant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backproof.check.grades import is_multiple
from backproof.check.judgement import Judgement
from backproof.check.points import informative_tables
from backproof.graph import Node, adjoints
from backproof.step import Change, TrainingStep

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
    for change in step.unread:
        leaf, after = step.copies[change.before], step.copies[change.after]
        if not becomes_gradient(step, leaf, [after], judgement.verdict.spread):
            return {}
        truth = adjoints(step.loss, [leaf])[leaf]
        found[change] = float(np.vdot(np.asarray(after.value), np.asarray(truth.value))) > 0
    return found
