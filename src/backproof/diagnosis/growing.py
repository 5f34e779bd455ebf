"""A scalar that every update goes up, or a gain that every update lowers: is the sign meant?"""

from __future__ import annotations

import re

import numpy as np

from backproof.check.gains import gain_of
from backproof.check.judgement import Judgement
from backproof.check.metric import is_climbed, is_positive
from backproof.check.points import informative_tables
from backproof.step.loss import FALLS

EITHER = re.compile(r"^obj|objective|gain|(^|_)value", re.IGNORECASE)  # says nothing of the direction
POINTS = 4  # at which a scalar shows that it can be negative
LOSSES = re.compile(
    r"mse|mae|sse|risk|penal|criterion|xent|cross|bce|(^|_)ce($|_)|huber|hinge", re.IGNORECASE
)
CLIMBED = (
    "The gradients are those of {what}, and every update goes up it, though by its name it is to fall. It "
    "sums log-probabilities that `{gain}` weighs: where that is gained, all is right."
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
    what = f"`{name or hypothesis.formula}`"
    if name is not None and (FALLS.search(name) or LOSSES.search(name)):
        gain = gain_of(step)
        return None if gain is None else CLIMBED.format(what=what, gain=gain.name)
    loss = step.loss
    while loss.operation in ("identity", "reshape"):
        loss = loss.operands[0]
    if loss.operation == "negative" or is_positive(loss):
        return None
    if not EITHER.search(name or ""):
        found = informative_tables(step, [step.loss], POINTS, spread=verdict.spread)
        if all(np.all(np.asarray(table[step.loss]) >= 0) for _, table in found):
            return None
    return (
        f"The gradients are those of {what}, and every update goes up it. Where it is to grow, as a reward "
        "is, all is right; where it is to fall, the updates have the wrong sign."
    )


def may_fall(judgement: Judgement) -> str | None:
    """Say that every update lowers what is weighed by a gain, which may be meant to grow."""
    step = judgement.step
    hypothesis = step.hypothesis
    if not hypothesis.stated or hypothesis.minimised or (gain := gain_of(step)) is None:
        return None
    what = f"`{hypothesis.name or hypothesis.formula}`"
    return (
        f"The gradients are those of {what}, and every update lowers it. It sums log-probabilities that "
        f"`{gain.name}` weighs: where that is gained, it is to grow, and the updates have the wrong sign."
    )
