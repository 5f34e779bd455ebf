"""May a program be called faulty? Only when the loss that it was held against is surely its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backproof.check.beginnings import begins_as_derivative
from backproof.check.compare import Comparison
from backproof.check.elements import is_right_in_part
from backproof.check.grades import RIGHT
from backproof.check.judgement import Judgement
from backproof.check.ranking import is_steady
from backproof.check.scoring import score
from backproof.check.trial import Bench
from backproof.diagnosis.added import adds_more
from backproof.diagnosis.slopes import begins_with_part_of_a_slope
from backproof.graph import Node, ancestors
from backproof.mend import Repair, Tried
from backproof.step import SURE, TrainingStep

# Faults whose mend keeps every factor and value that the author chose: they show under any loss.
STRUCTURAL = frozenset(
    {"sign-flipped", "derivative-at-wrong-point", "updated-weights", "not-reset"}
)  # fmt: skip
FEW = 2  # corrections that show that a gradient is that of a loss, but for what it leaves out


def convincing(judgement: Judgement, repair: Repair) -> bool:
    """Is the difference between the gradients and those of the loss a fault of the program?

    It is when some gradient is true already, or half of the only one there is, when the program declares the
    loss in the step, or when it states one and a repair makes every gradient true: for a loss that is not
    surely its own, where the backward pass begins with its derivative or the updates leave its targets out,
    or of two things that change places, or of an axis of the forward pass; for one that it does not state, of
    the slope of its output, which is there in part, where that alone makes some gradient true; and for any,
    of what is done again for earlier layers. A loss that was only inferred, and that explains nothing as the
    program stands, could be made to fit anything by changing factors; but not by what keeps them, so what is
    true with such corrections alone counts as what is true already. A difference that no fresh point shows
    again is none of the gradients' own.
    """
    if repair.complete and not repair.steps:
        return False
    verdict, hypothesis = judgement.verdict, judgement.step.hypothesis
    triples = list(zip(judgement.step.parameters, verdict.right, verdict.comparisons, strict=True))
    right = [p for p, ok, c in triples if (ok or (_is_along(c) and int(np.prod(p.shape)) > 1)) and not c.zero]
    if not hypothesis.stated and adds_more(judgement.step):
        return False
    if hypothesis.decided and any(c.zero and not ok for _, ok, c in triples):
        return False  # what only a condition implies says nothing of what it does not depend on
    if right and (len(right) > 1 or int(np.prod(right[0].shape)) > 1 or hypothesis.stated):
        return True
    if hypothesis.declared:
        return True
    called = hypothesis.stated and hypothesis.evidence >= SURE
    if called and is_right_in_part(Bench.of(judgement.step, verdict)):
        return True
    if not repair.complete or not repair.steps:
        return False
    if called or _goes_through(judgement.step, repair):
        return True
    if hypothesis.stated and (_is_turned(repair) or _is_of_another_axis(repair)):
        return True
    if hypothesis.stated and begins_as_derivative(judgement.step):
        return True
    slope = begins_with_part_of_a_slope(judgement, repair)
    if slope is not None and (len(repair.steps) == 1 or _explains_some(judgement, [slope])):
        return True
    if hypothesis.stated and len(repair.steps) <= FEW and _leaves_data_out(judgement.step):
        return True
    kept = [tried for tried in repair.steps if tried.correction.rule in STRUCTURAL]
    return len(kept) == len(repair.steps) or (bool(kept) and _explains_some(judgement, kept))


def _is_along(comparison: Comparison) -> bool:
    """Is a gradient the true one times one number, as one is that is right at another rate?"""
    scales = comparison.scales
    return comparison.parallel and is_steady(scales) and min(scales) > 0


def _leaves_data_out(step: TrainingStep) -> bool:
    """Are there data in the loss, as its targets, that no update is computed from?"""

    def data(results: Sequence[Node]) -> set[Node]:
        leaves = {n for n in ancestors(results) if n.operation == "leaf" and np.size(n.value) > 1}
        return leaves - {*step.leaves, *step.state}

    return not data([step.loss]) <= data(step.descents)


def _is_turned(repair: Repair) -> bool:
    """Is all of a repair that two things change their places: subscripts as in ``g[i][j]``, or axes?"""
    if len(repair.steps) != 1:
        return False
    correction = repair.steps[0].correction
    if correction.rule == "wrong-transpose":
        return len(repair.states) > 1
    return correction.expected is not None and sorted(correction.expected) == sorted(correction.site.text)


def _is_of_another_axis(repair: Repair) -> bool:
    """Is all of a repair another axis in the forward pass, for which the gradients are written already?"""
    if len(repair.steps) != 1 or len(repair.states) == 1:
        return False
    return repair.steps[0].correction.rule == "wrong-axis" and not repair.steps[0].changes


def _goes_through(step: TrainingStep, repair: Repair) -> bool:
    """Is all of a repair one correction at several places, of which one follows from another?

    As in the rule of an operation, in a layer, or in the derivative of an activation: then some of them reach
    the gradients of earlier layers only. To fit another loss, only the beginning of a backward pass would
    have to be changed.
    """
    if len(repair.steps) != 1 or len(repair.states) == 1:
        return False
    changed = repair.steps[0].changes
    users = {edge.consumer for edge, _ in changed}
    if any(not users.isdisjoint(ancestors([edge.operand, new])) for edge, new in changed):
        return True
    made = [set(ancestors([descent])) for descent in step.descents]
    reached = {frozenset(k for k, nodes in enumerate(made) if user in nodes) for user in users}
    return any(few < many for few in reached for many in reached if few)


def _explains_some(judgement: Judgement, steps: Sequence[Tried]) -> bool:
    """Is more than a number of the gradients true with these corrections alone?"""
    bench = Bench.of(judgement.step, judgement.verdict)
    states = score(bench, [change for tried in steps for change in tried.changes], bench.initial)
    shapes = [
        p.shape
        for p, state, c in zip(
            judgement.step.parameters, states or (), judgement.verdict.comparisons, strict=False
        )
        if state == RIGHT and not c.zero
    ]
    return len(shapes) > 1 or any(int(np.prod(shape)) > 1 for shape in shapes)
