"""The gradients are right for another loss than the one that is stated: which, and both ways to mend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from backproof.check.compare import Comparison, compare
from backproof.check.counted import Counted
from backproof.check.grades import RIGHT
from backproof.check.judgement import Judgement
from backproof.check.shared import of_another_loss
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.findings import Finding
from backproof.graph import ancestors
from backproof.mend import Repair
from backproof.source import Span
from backproof.step import Hypothesis

SLIGHT = 1e-2  # a relative difference that a small number inside a logarithm may make
GUARD = 1e-2  # the largest of such numbers


def mismatched(repair: Repair, judgement: Judgement) -> Repair:
    """Call the corrections of a repair by what they are when the gradients are right for another loss.

    ``judgement`` is the one under that loss. The first correction says it, and what else could be done.
    """
    steps = []
    for number, tried in enumerate(repair.steps):
        why = (
            _which(judgement) if number == 0 else "the gradient of the loss that is stated has this otherwise"
        )
        expected = tried.correction.expected or next((p.text for p in tried.correction.parts), None)
        if number == 0 and expected:
            why += f"; write {expected} here, or state as the loss what the gradient is of"
        steps.append(replace(tried, correction=replace(tried.correction, rule="loss-mismatch", why=why)))
    return replace(repair, steps=tuple(steps))


def differs(judgement: Judgement) -> bool:
    """Do the gradients differ from those of the declared loss by more than a guard against log 0 explains?"""
    declared = judgement.declared
    if declared is None:
        return False
    compared = [c for c in declared.verdict.comparisons if not c.zero and not c.decay]
    errors = [max(c.errors, default=float("inf")) for c in compared]
    far = max(errors, default=0.0) > SLIGHT or _is_uneven(compared)
    return far and not _right_without_guards(declared)


def _is_uneven(compared: Sequence[Comparison]) -> bool:
    """Are the gradients multiples of those of the loss by different numbers, at every point?"""
    scales = [c.scales for c in compared if c.scales]
    each = list(zip(*scales, strict=False))
    return bool(each) and all(min(point) <= 0 or max(point) > (1 + SLIGHT) * min(point) for point in each)


def _right_without_guards(declared: Judgement) -> bool:
    """Are the gradients those of the stated loss but for the small numbers added to keep it finite?"""
    step = declared.step
    line = ancestors([step.loss])
    added = {o for node in line if node.operation in ("add", "subtract", "maximum") for o in node.operands}
    small = {
        node: 0.0
        for node in added
        if not node.operands
        and np.ndim(node.value) == 0
        and isinstance(node.value, (float, np.floating))
        and 0 < abs(float(node.value)) <= GUARD
    }
    if not small:
        return False
    bare = replace(step, state={**step.state, **small})
    return compare(bare, spread=declared.verdict.spread).correct


def unmended(judgement: Judgement, repair: Repair) -> Finding:
    """Report the mismatch where no edit is known, at the one expression that the ``repair`` would change.

    Or at the difference that the backward pass begins with.
    """
    step, rule = judgement.step, RULES["loss-mismatch"]
    site = step.trace.sites[step.hypothesis.site] if step.hypothesis.site is not None else None
    if len(repair.steps) == 1 and all(state == RIGHT for state in repair.states):
        site = repair.steps[0].correction.site
    names = tuple(p.name for p in step.parameters)
    message = (
        f"{_which(judgement)}. Write the derivative of the one that you mean to descend, or state the other."
    )
    span = site.span if site is not None else None
    return Finding(rule.code, rule.name, "error", message, span, names, site.text if site else None)


def watched(judgement: Judgement) -> tuple[Finding, ...]:
    """Tell of a distance that the program shows beside the loss that it descends."""
    shown, rule = judgement.measured, RULES["loss-mismatch"]
    if shown is None:
        return ()
    message = (
        f"The program shows {_called(shown)} and descends {judgement.step.hypothesis.formula}. That is right "
        "as long as it only watches the former; its own gradient would have the sign of each difference."
    )
    span = Span(shown.row, 1, shown.row, 2) if shown.row else None
    return (Finding(rule.code, rule.name, "warning", message, span),)


def undecided(judgement: Judgement) -> str:
    """Say why a step is not certified whose loss, as it is called, is a distance that it does not descend."""
    step = judgement.step
    names = listed([p.name for p in step.parameters])
    return (
        f"The gradients applied to {names} are exactly those of {step.hypothesis.formula}, but the program "
        f"calls {_called(judgement.measured)} its loss. If it only watches that, all is right; if it is to "
        "be descended, the gradient has to have the sign of each difference. --loss NAME says which it is."
    )


def elsewhere(judgement: Judgement, evaluated: Hypothesis) -> str:
    """Say why a step is not certified whose inferred loss is another than the one evaluated beside it."""
    step = judgement.step
    names = listed([p.name for p in step.parameters])
    return (
        f"The gradients applied to {names} are those of {step.hypothesis.formula}, which is inferred; "
        f"but the loss or error that the program itself evaluates, {_called(evaluated)}, is another one. "
        "If that is only watched, all is right; if it is to be descended, the gradients are those of another."
    )


def penalised_elsewhere(judgement: Judgement, counted: Counted) -> str:
    """Say why a step is not certified whose updates penalise parameters otherwise than its loss does."""
    step = judgement.step
    names, penalised = listed([p.name for p in step.parameters]), listed(counted.names)
    return (
        f"The gradients applied to {names} are those of {step.hypothesis.formula}, which is inferred; but "
        f"the loss that the program evaluates, {_called(counted.loss)}, also counts the size of {penalised}, "
        "otherwise than the updates do. If that loss is to be descended, the derivative of its penalty has "
        "to be in the gradients."
    )


def _which(judgement: Judgement) -> str:
    declared = judgement.declared
    stated = _called(declared.step.hypothesis if declared is not None else None)
    return f"the gradient is that of {judgement.step.hypothesis.formula}, and the loss is {stated}"


def _called(hypothesis: Hypothesis | None) -> str:
    if hypothesis is None:
        return "another"
    where = f" (line {hypothesis.row})" if hypothesis.row else ""
    name = f"`{hypothesis.name}`{where}, " if hypothesis.name else ""
    return f"{name}{hypothesis.formula}"


def two_losses(judgement: Judgement) -> str | None:
    """Say that some parameters descend one loss of the program, and the others another."""
    found = of_another_loss(judgement)
    if found is None:
        return None
    other, names = found
    return (
        f"The update of {listed(list(names))} is right for `{other}`, and that of the other parameters for "
        f"`{judgement.step.hypothesis.name}`. Where each is to have its own loss, as two players have, all "
        "is right; where both are parts of one, each update lacks the other part."
    )


def independent(judgement: Judgement) -> str | None:
    """Say that a loss which is only inferred does not depend on parameters that are updated all the same.

    As where a critic learns from the square of an error, and a policy beside it is clipped.
    """
    hypothesis, verdict = judgement.step.hypothesis, judgement.verdict
    if hypothesis.stated:
        return None
    names = [
        p.name
        for p, ok, c in zip(judgement.step.parameters, verdict.right, verdict.comparisons, strict=True)
        if not ok and c.errors and all(math.isinf(error) for error in c.errors)
    ]
    if not names or len(names) == len(judgement.step.parameters):
        return None
    return (
        f"{hypothesis.formula}, which the other updates imply, does not depend on {listed(names)}, whose "
        "update descends something else that the program does not say. --loss NAME names the loss of all."
    )
