"""Why a program whose gradients are right may still not learn: measured on its own step and data."""

from __future__ import annotations

from backproof.check.judgement import Judgement
from backproof.findings import Finding
from backproof.health import (
    dead_units,
    learning_rate_too_large,
    saturated,
    symmetric_initialisation,
    target_out_of_range,
    unscaled_input,
)
from backproof.health.examination import Examination
from backproof.step.computed import COMPUTED

RULES = (  # causes before what they may cause: what an earlier one explains is not said again
    (target_out_of_range, ()),
    (symmetric_initialisation, ()),
    (unscaled_input, ()),
    (saturated, (unscaled_input, symmetric_initialisation)),
    (dead_units, (unscaled_input, symmetric_initialisation)),
    (learning_rate_too_large, (unscaled_input,)),
)
LARGEST = 10_000  # values of a step that is looked at: it is computed many times over
OF_DESCENT = (unscaled_input, learning_rate_too_large)  # a minimiser chooses the length of its steps


def warnings(judgement: Judgement) -> tuple[Finding, ...]:
    """Say what keeps a step with right gradients from learning; nothing where no step is made."""
    if judgement.step.window.kind[0] == COMPUTED or len(judgement.step.copies) > LARGEST:
        return ()
    examination = Examination(judgement)
    found: list[Finding] = []
    minimised = judgement.step.hypothesis.minimised
    for rule, causes in RULES:
        if minimised and rule in OF_DESCENT:
            continue
        if any(finding.name == cause.RULE.name for finding in found for cause in causes):
            continue
        try:
            found += rule.findings(examination)
        except (ValueError, TypeError, IndexError, KeyError, ArithmeticError, NotImplementedError):
            continue  # a step that cannot be computed at other data or parameters is not spoken of
    return tuple(found)
