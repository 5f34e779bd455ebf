"""A loss that the program evaluates, or an error that it measures, which is another than the inferred one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import chain

import numpy as np

from backproof.check.evaluations import Evaluation, Moving, evaluation, slopes_of
from backproof.check.judgement import Judgement
from backproof.graph import Node, ancestors
from backproof.step import Hypothesis
from backproof.step.change import made_between, root
from backproof.step.loss import DECLARED, described
from backproof.step.update import THROUGH

MOST = 16  # places of evaluations that are looked at, what is called a loss first
SHOWN, MEASURED, LOSS = 0, 1, 2  # how a program stands to a scalar
FAR = 1e-2  # relative: a small number inside a logarithm makes no other loss
ERROR = re.compile(r"err|mse|sse|ssd|energy|^[ejl]$", re.IGNORECASE)
PRODUCTS = frozenset({"multiply", "matmul", "dot"})
DISTANCE = frozenset({"absolute"})  # is shown beside many a squared error: the watched ones are told apart


def evaluated_elsewhere(judgement: Judgement) -> Hypothesis | None:
    """The loss or the error of a program that is surely another than the inferred one.

    What it calls a loss or an error counts wherever it stands, what it only shows where it is measured in a
    step. A mean absolute error is no such one; an accuracy has no slope.
    """
    return next((other for other, _ in others(judgement)), None) or _of_more_data(judgement)


def others(judgement: Judgement) -> Iterator[tuple[Hypothesis, Evaluation]]:
    """The losses and errors of a program that are surely others than the inferred one."""
    step = judgement.step
    hypothesis = step.hypothesis
    if hypothesis.stated or not hypothesis.family or hypothesis.weights is not None:
        return
    moving = Moving(step)
    for node, standing in measures(judgement):
        found = evaluation(node, moving)
        if found is None:
            continue
        if _is_another(found, hypothesis, standing) or _is_exchanged(found, moving.nodes):
            name, row, formula = described(step.trace, node, returned=node in step.trace.returned)
            yield Hypothesis(node, name, row, True, formula, standing), found


def _is_another(found: Evaluation, inferred: Hypothesis, standing: int) -> bool:
    """Is it of another family? Or, computed from the same outputs, has it other slopes there?"""
    families = found.families()
    if standing < LOSS:
        families -= DISTANCE
        if found.weights or found.is_level() or not (families or standing):
            return False
    if families and inferred.family not in families:
        return True
    if found.is_level():
        return False
    own = slopes_of(inferred.node, inferred.outputs)
    if own is None or any(output not in found.slopes for output in own):
        return False
    there = np.concatenate([np.ravel(found.slopes[output]) for output in own])
    here = np.concatenate([np.ravel(slope) for slope in own.values()])
    factor = float(np.vdot(here, there) / (np.vdot(here, here) or 1.0))
    return bool(np.linalg.norm(there - max(factor, 0.0) * here) > FAR * np.linalg.norm(there))


def _of_more_data(judgement: Judgement) -> Hypothesis | None:
    """A loss that is computed from all the data that the inferred one is, and from more.

    As where the counts that a model expects are for some time each, and the step leaves that out.
    """
    step = judgement.step
    if step.hypothesis.stated or not step.hypothesis.family:
        return None
    moving = Moving(step)
    here = _data([step.hypothesis.node], moving)
    for node, standing in measures(judgement):
        if standing != LOSS or node not in moving.nodes:
            continue
        there = _data([node], moving)
        if here and here < there and not _of_more_samples(here, there):
            name, row, formula = described(step.trace, node, returned=node in step.trace.returned)
            return Hypothesis(node, name, row, True, formula, standing)
    return None


def _data(results: Collection[Node], moving: Moving) -> set[Node]:
    """The arrays that something is computed from and no parameter moves."""
    fixed = ancestors(results, lambda node: root(node, 0) in moving.number)
    return {n for n in fixed if not n.operands and np.size(n.value) > 1 and root(n, 0) not in moving.number}


def _of_more_samples(here: set[Node], there: set[Node]) -> bool:
    """Is there only more of every sort of array, as where each sample is one: of a batch, and of all?"""
    added = there - here
    return len(added) > 1 and {np.ndim(n.value) for n in added} == {np.ndim(n.value) for n in here}


def _is_exchanged(found: Evaluation, moving: Collection[Node]) -> bool:
    """Are outputs multiplied by logarithms of data: a cross-entropy with output and target exchanged?"""
    for node in found.copies:
        if node.operation in PRODUCTS and sum(operand in moving for operand in node.operands) == 1:
            other = next(operand for operand in node.operands if operand not in moving)
            while other.operation in THROUGH and other.operands:
                other = other.operands[0]
            if other.operation == "log" and any(np.size(n.value) > 1 for n in ancestors([other])):
                return True  # of an array, or of an item of one, unlike the logarithm of a setting
    return False


def measures(judgement: Judgement) -> Iterator[tuple[Node, int]]:
    """What is called a loss or an error, and what is shown or returned in a step: one of each place.

    From the step that is judged, where that has one, or else the last.
    """
    trace, window = judgement.step.trace, judgement.step.window
    returned, found = set(trace.returned), dict[tuple[int, str | None], tuple[Node, int]]()
    outcome = returned.union(trace.shown)
    inside = made_between(trace, window.start, window.end)
    for node in chain(reversed(inside), reversed(trace.nodes)):
        if node.origin is None or node.origin.site < 0 or not node.operands or np.size(node.value) != 1:
            continue
        if np.asarray(node.value).dtype.kind != "f" or (node.origin.site, node.name) in found:
            continue
        function, name, time = trace.sites[node.origin.site].function, node.name or "", node.origin.time
        if DECLARED.search(name) or (node in returned and DECLARED.search(function)):
            found[node.origin.site, node.name] = (node, LOSS)
        elif ERROR.search(name):
            found[node.origin.site, node.name] = (node, MEASURED)
        elif node in outcome and any(step.start <= time < step.end for step in judgement.seen):
            found[node.origin.site, node.name] = (node, SHOWN)
    yield from sorted(found.values(), key=lambda each: -each[1])[:MOST]
