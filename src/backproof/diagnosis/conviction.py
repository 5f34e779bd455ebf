"""May a program be called faulty? Only when the loss that it was held against is surely its own."""

from __future__ import annotations

import numpy as np

from backproof.check.judge import Judgement
from backproof.mend import Repair
from backproof.step import SURE

# Faults whose mend keeps every factor and value that the author chose: they show under any loss.
STRUCTURAL = frozenset(
    {"sign-flipped", "derivative-at-wrong-point", "updated-weights"}
)  # fmt: skip


def convincing(judgement: Judgement, repair: Repair) -> bool:
    """Is the difference between the gradients and those of the loss a fault of the program?

    It is when some gradient is true already, when the program declares the loss in the step, or when it
    states one and a repair makes every gradient true. A loss that was only inferred, and that explains
    nothing as the program stands, could be made to fit anything by changing factors.
    """
    verdict, hypothesis = judgement.verdict, judgement.step.hypothesis
    triples = zip(judgement.step.parameters, verdict.right, verdict.comparisons, strict=True)
    right = [p for p, ok, c in triples if ok and not c.zero]
    if right and (len(right) > 1 or int(np.prod(right[0].shape)) > 1 or hypothesis.stated):
        return True
    if hypothesis.declared:
        return True
    if not repair.complete or not repair.steps:
        return False
    if hypothesis.stated and hypothesis.evidence >= SURE:
        return True
    return all(tried.correction.rule in STRUCTURAL for tried in repair.steps)
