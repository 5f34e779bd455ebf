"""A scalar that every update goes up: it is to grow, or it is a loss and the sign is wrong."""

from __future__ import annotations

import re

import numpy as np

from backproof.check.judgement import Judgement
from backproof.check.metric import is_climbed
from backproof.check.points import informative_tables
from backproof.graph import Node
from backproof.step.loss import FALLS

EITHER = re.compile(r"^obj|objective|gain|(^|_)value", re.IGNORECASE)  # says nothing of the direction
POSITIVE = frozenset({"square", "abs", "exp", "sigmoid", "cosh", "log_cosh"})
SUMS = frozenset({"add", "sum", "mean", "max", "identity", "reshape", "index", "multiply", "divide"})
POINTS = 4  # at which a scalar shows that it can be negative
LOSSES = re.compile(
    r"mse|mae|sse|risk|penal|criterion|xent|cross|bce|(^|_)ce($|_)|huber|hinge", re.IGNORECASE
)


def may_grow(judgement: Judgement) -> str | None:
    """Say that the gradients are true and every update goes up what they belong to, which may be meant.

    Not of what is called a loss, of a negative that the program takes, nor of what is never negative: that is
    to fall.
    """
    step, verdict = judgement.step, judgement.verdict
    hypothesis, name = step.hypothesis, step.hypothesis.name
    if not hypothesis.stated or hypothesis.minimised or not is_climbed(verdict):
        return None
    if name is not None and (FALLS.search(name) or LOSSES.search(name)):
        return None
    loss = step.loss
    while loss.operation in ("identity", "reshape"):
        loss = loss.operands[0]
    if loss.operation == "negative" or _is_positive(loss):
        return None
    if not EITHER.search(name or ""):
        found = informative_tables(step, [step.loss], POINTS, spread=verdict.spread)
        if all(np.all(np.asarray(table[step.loss]) >= 0) for _, table in found):
            return None
    what = f"`{name or hypothesis.formula}`"
    return (
        f"The gradients are those of {what}, and every update goes up it. Where it is to grow, as a reward "
        "is, all is right; where it is to fall, the updates have the wrong sign."
    )


def _is_positive(node: Node) -> bool:
    """Is this a sum of squares, or of what else is never negative, so that it has a least value?"""
    stack, seen = [node], {node}
    while stack:
        each = stack.pop()
        twice = each.operation == "multiply" and each.operands[0] is each.operands[1]
        if twice or each.operation in POSITIVE or (each.operation == "power" and _is_even(each.operands[1])):
            continue
        if each.operation not in SUMS and not (not each.operands and np.all(np.asarray(each.value) >= 0)):
            return False
        new = [operand for operand in each.operands if operand not in seen]
        seen.update(new)
        stack += new
    return True


def _is_even(exponent: Node) -> bool:
    return not exponent.operands and bool(np.all(np.asarray(exponent.value) % 2 == 0))
