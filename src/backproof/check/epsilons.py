"""The small numbers that a loss adds inside its logarithms, which its gradient need not have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backproof.graph import ancestors
from backproof.step import TrainingStep

EPSILON = 1e-5  # at most: what is added inside a logarithm to keep it finite


def without_epsilons(step: TrainingStep) -> TrainingStep | None:
    """The step without the small numbers that its loss adds inside logarithms; None where there are none.

    They keep a logarithm from infinity, and hardly anyone's gradient has them.
    """
    inside = (node.operands[0] for node in ancestors([step.loss]) if node.operation == "log")
    small = {
        operand: np.zeros(np.shape(operand.value))
        for node in inside
        if node.operation == "add"
        for operand in node.operands
        if not operand.operands and np.size(operand.value) == 1 and 0 < np.ravel(operand.value)[0] <= EPSILON
    }
    return replace(step, state={**step.state, **small}) if small else None
