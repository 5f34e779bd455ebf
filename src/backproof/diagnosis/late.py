"""A weight that is read after its update, by a program whose rate is too small for it to show."""

from __future__ import annotations

import numpy as np

from backproof.check.compare import compare_nodes
from backproof.check.judgement import Judgement
from backproof.check.points import informative_points
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.findings import Finding
from backproof.graph import Node, ancestors, evaluate
from backproof.step import Parameter, TrainingStep

POINTS = 2
MOVED = 0.5  # by which an update changes a parameter, relative, in place of what it changes


def read_late(judgement: Judgement) -> tuple[Finding, ...]:
    """Warn of gradients that would be wrong if the update of another parameter were larger.

    The updated values are moved by hand, for all that reads them but the update itself.
    """
    step = judgement.step
    late = {
        number: (read, readers)
        for number, parameter in enumerate(step.parameters)
        if (read := _updated(step, parameter)) and (readers := _readers(step, number, read))
    }
    if not late:
        return ()
    points = informative_points(step, POINTS, spread=judgement.verdict.spread)
    found = []
    for number, (read, readers) in late.items():
        verdict = compare_nodes(step, step.descents, [{**p, **_moved(step, read, p)} for p in points])
        wrong = [step.parameters[k].name for k in readers if not verdict.comparisons[k].parallel]
        if not wrong:
            continue
        store = step.parameters[number].changes[0].stores[-1]
        rule, site = RULES["updated-weights"], step.trace.sites[store.site]
        name = step.parameters[number].name
        message = (
            f"The gradient of {listed(wrong)} is right only because this update of `{name}` is so small: "
            f"it is computed with `{name}` as it is after the update, and the loss with what it was before."
        )
        found.append(Finding(rule.code, rule.name, "warning", message, site.span, tuple(wrong), site.text))
    return tuple(found)


def _updated(step: TrainingStep, parameter: Parameter) -> tuple[Node, ...]:
    """The values of a parameter that this step has put in the place of what the forward pass has read."""
    stores = (store for change in parameter.changes for store in change.stores)
    nodes = (step.copies.get(store.after) for store in stores)
    return tuple(dict.fromkeys(n for n in nodes if n is not None and n not in parameter.leaves))


def _readers(step: TrainingStep, number: int, updated: tuple[Node, ...]) -> list[int]:
    """The other parameters whose updates are computed from these values, and the loss is not."""
    if not set(updated).isdisjoint(ancestors([step.loss])):
        return []
    others = (k for k in range(len(step.parameters)) if k != number)
    return [k for k in others if not set(updated).isdisjoint(ancestors([step.descents[k]]))]


def _moved(step: TrainingStep, updated: tuple[Node, ...], point: dict[Node, object]) -> dict[Node, object]:
    table = evaluate(updated, {**step.state, **point})
    generator = np.random.default_rng(5)
    return {
        node: np.asarray(table[node], dtype=np.float64)
        * (1 + MOVED * generator.standard_normal(np.shape(table[node])))
        for node in updated
    }
