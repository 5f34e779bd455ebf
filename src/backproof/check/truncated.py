"""Back-propagation that goes back a few steps only, as truncated back-propagation through time does.

What it leaves out has gone through the recurrent weights once for every step back. Where these are small it
is smaller by a power of them: a gradient that leaves out what lies k steps back is wrong by their k-th power.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from backproof.check.judgement import Judgement
from backproof.check.points import informative_points
from backproof.graph import Node, ancestors, evaluate
from backproof.step import TrainingStep

SMALL = (0.2, 0.02)  # times as large as they are: recurrent weights that let nothing through for long
TIMES = 3  # at least, that a recurrent weight is used
ORDER = 1.7  # a power of the recurrent weights: a mistake in the first step back is wrong by the first
NOTHING = 1e-12  # relative: less is rounding


def truncated(judgement: Judgement) -> tuple[str, ...]:
    """Find the parameters whose gradients are right but for what lies more than one step back.

    None where any gradient is wrong in another way.
    """
    step, verdict = judgement.step, judgement.verdict
    wrong = [k for k, right in enumerate(verdict.right) if not right]
    if not wrong or not any(verdict.right) or not verdict.scales:
        return ()
    point = {**step.state, **informative_points(step, 1, spread=verdict.spread)[0]}
    again = _used_again(step)
    for k in wrong:
        leaves = step.parameters[k].leaves
        if not again.issuperset(leaves):
            continue
        with np.errstate(all="ignore"):
            near, far = (_errors(step, wrong, verdict.scales[0], point, leaves, size) for size in SMALL)
        decades = float(np.log10(SMALL[0] / SMALL[1]))
        if near is None or far is None:
            continue
        orders = [
            np.log10(a / max(b, NOTHING)) / decades if a > NOTHING else np.inf
            for a, b in zip(near, far, strict=True)
        ]
        if all(order > ORDER for order in orders):
            return tuple(dict.fromkeys(step.parameters[n].name for n in wrong))
    return ()


def _used_again(step: TrainingStep) -> set[Node]:
    """The values of parameters that one expression of the forward pass uses time after time."""
    leaves, uses = set(step.leaves), Counter[tuple[Node, int]]()
    for node in ancestors([step.loss]):
        if node.origin is not None:
            uses.update((operand, node.origin.site) for operand in leaves.intersection(node.operands))
    return {leaf for (leaf, _), count in uses.items() if count >= TIMES}


def _errors(
    step: TrainingStep,
    wrong: list[int],
    scale: float,
    point: Mapping[Node, Any],
    leaves: tuple[Node, ...],
    size: float,
) -> list[float] | None:
    """How far the wrong gradients are from the true ones where some leaves are made small."""
    results = [n for k in wrong for n in (step.descents[k], step.truths[k])]
    table = evaluate(results, {**point, **{leaf: size * np.asarray(point[leaf]) for leaf in leaves}})
    errors = []
    for k in wrong:
        applied, true = (np.asarray(table[n[k]], dtype=float) for n in (step.descents, step.truths))
        length = float(np.linalg.norm(true)) * abs(scale)
        if applied.shape != true.shape or not length or not np.all(np.isfinite(applied)):
            return None
        errors.append(float(np.linalg.norm(applied - scale * true)) / length)
    return errors
