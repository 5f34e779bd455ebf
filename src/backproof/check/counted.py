"""Parameters whose size a loss counts that the program evaluates beside its steps, unlike their updates.

A penalty that stands only there is no value of the step. What it adds to a gradient is known all the same, in
proportion to what the outputs do: by the terms summed, or by their mean, where the data are others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backproof.check.elsewhere import LOSS, measures
from backproof.check.evaluations import Evaluation, Moving, evaluation
from backproof.check.judgement import Judgement
from backproof.graph import Node, ancestors
from backproof.step import Hypothesis
from backproof.step.loss import CALLED, described

TOLERANCE = 1e-3  # relative


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """A loss, and the names of the parameters whose penalties in it are not those of their updates."""

    loss: Hypothesis
    names: tuple[str, ...]


def counted_elsewhere(judgement: Judgement) -> Counted | None:
    """The loss of a program that counts parameters otherwise than the updates shrink them.

    None where one that it evaluates counts them just so, or where none does.
    """
    step = judgement.step
    hypothesis = step.hypothesis
    if hypothesis.stated or not hypothesis.family or hypothesis.weights is not None:
        return None
    moving, found = Moving(step), None
    for node, standing in measures(judgement):
        called = standing == LOSS or (node.name and CALLED.search(node.name))
        each = evaluation(node, moving) if called else None
        penalties = dict(_penalties(each)) if each is not None else {}
        factors = each.factors(hypothesis.family) if each is not None and penalties else None
        if each is None or not factors:
            continue
        wrong = _otherwise(judgement, each, penalties, factors[0])
        if not wrong:
            return None
        name, row, formula = described(step.trace, node, returned=node in step.trace.returned)
        found = found or Counted(Hypothesis(node, name, row, True, formula, 0), wrong)
    return found


def _penalties(found: Evaluation) -> Iterator[tuple[int, tuple[float, float]]]:
    """The shares of parameters and of their signs that the derivative of a loss by their size has."""
    for node, number in found.weights.items():
        slope = np.ravel(found.slopes[node]) if node in found.slopes else np.zeros(0)
        weights = np.ravel(np.asarray(node.value, dtype=float))
        if not np.any(slope) or slope.shape != weights.shape:
            continue
        for basis in ((weights,), (np.sign(weights),), (weights, np.sign(weights))):
            table = np.stack(basis, axis=1)
            if table.shape[0] <= table.shape[1]:
                break
            shares, *_ = np.linalg.lstsq(table, slope, rcond=None)
            if np.linalg.norm(table @ shares - slope) <= TOLERANCE * np.linalg.norm(slope):
                square = float(shares[0]) if basis[0] is weights else 0.0
                yield number, (square, float(shares[-1]) if basis[-1] is not weights else 0.0)
                break


def _otherwise(
    judgement: Judgement, found: Evaluation, penalties: dict[int, tuple[float, float]], factor: float
) -> tuple[str, ...]:
    """The parameters whose updates shrink them otherwise, by the sum over the data and by its mean."""
    step = judgement.step
    there = sum(np.size(output.value) for output in found.outputs)
    here = sum(np.size(output.value) for output in step.hypothesis.outputs)
    own = [_shrinking(judgement, number) for number in range(len(step.parameters))]
    wrong = None
    for ratio in (1.0, here / there):
        names = tuple(
            step.parameters[number].name
            for number, shares in sorted(penalties.items())
            if not np.allclose(np.array(shares) / factor * ratio, own[number], rtol=TOLERANCE, atol=0.0)
        )
        if not names:
            return ()
        wrong = wrong or names
    return wrong or ()


def _shrinking(judgement: Judgement, number: int) -> tuple[float, float]:
    """The shares of a parameter, and of its signs, that an update takes off it, in units of the gradient."""
    step, verdict = judgement.step, judgement.verdict
    decay, scale = verdict.comparisons[number].decay, verdict.scales[0]
    square, absolute = (decay.square, decay.absolute) if decay is not None else (0.0, 0.0)
    used = set[Node](ancestors([step.descents[number]]))
    for share in step.decays:
        if share.product in used:
            square += 0.0 if share.absolute else share.taken / scale
            absolute += share.taken / scale if share.absolute else 0.0
    return square, absolute
