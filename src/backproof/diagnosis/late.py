"""A weight that is read after its update, by a program whose rate is too small for it to show."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from backproof.check.compare import compare_nodes
from backproof.check.judgement import Judgement
from backproof.check.points import informative_points
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.findings import Finding
from backproof.graph import Node, ancestors, computed_from, evaluate
from backproof.step import Parameter, TrainingStep

POINTS = 2
MOVED = 0.5  # by which an update changes a parameter, relative, in place of what it changes


def read_late(judgement: Judgement) -> tuple[Finding, ...]:
    """Warn of gradients that would be wrong if the update of another parameter were larger.

    The updated values are moved by hand, for all that reads them but the update itself.
    """
    step = judgement.step
    late = _late(step)
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


def _late(step: TrainingStep) -> dict[int, tuple[tuple[Node, ...], list[int]]]:
    """By parameter: its updated values, and the other parameters whose updates are computed from these.

    Those that the loss is computed from are no such ones.
    """
    line = set(ancestors([step.loss]))
    updated = {number: _updated(step, parameter) for number, parameter in enumerate(step.parameters)}
    goals = [(node, number) for number, nodes in updated.items() if line.isdisjoint(nodes) for node in nodes]
    readers: dict[int, set[int]] = defaultdict(set)
    for first, bits in computed_from(ancestors(step.descents), [node for node, _ in goals]):
        for k, descent in enumerate(step.descents):
            read = bits.get(descent, 0)
            while read:
                lowest = read & -read
                readers[goals[first + lowest.bit_length() - 1][1]].add(k)
                read ^= lowest
    others = {number: sorted(found - {number}) for number, found in sorted(readers.items())}
    return {number: (updated[number], found) for number, found in others.items() if found}


def _moved(step: TrainingStep, updated: tuple[Node, ...], point: dict[Node, object]) -> dict[Node, object]:
    table = evaluate(updated, {**step.state, **point})
    generator = np.random.default_rng(5)
    return {
        node: np.asarray(table[node], dtype=np.float64)
        * (1 + MOVED * generator.standard_normal(np.shape(table[node])))
        for node in updated
    }
