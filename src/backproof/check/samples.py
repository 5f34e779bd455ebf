"""Data of other steps, at which a coincidence of one sample does not hold.

Where a step takes one sample, an input may be zero or one, a target as well: much that is wrong is right by
chance then. Another step that ran the same code had other numbers in the same places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from backproof.check.judgement import Judgement
from backproof.check.recut import recut
from backproof.graph import Node, ancestors
from backproof.graph.simplify import freeze
from backproof.step import TrainingStep, Window
from backproof.step.change import made_between
from backproof.step.loss import ancestors_since

LONGEST = 4_000  # values of a step
STEPS, SAMPLES = 8, 3  # that are looked at, and taken
SMALL = 10  # whole numbers, as targets are and the numbers of rows are not

Sample = Mapping[Node, Any]  # by values of this step those of another, both of the trace


def with_samples(judgement: Judgement) -> Judgement:
    """The judgement of the same step with the data of other steps at hand, where these took others."""
    rivals = tuple(replace(each, step=_sampled(each.step, judgement.windows)) for each in judgement.rivals)
    return replace(judgement, step=_sampled(judgement.step, judgement.windows), rivals=rivals)


def _sampled(step: TrainingStep, windows: Sequence[Window]) -> TrainingStep:
    """The same step with the data of others, where these are others."""
    found = _samples(step, [w for w in windows if w.start != step.window.start])
    numbers = dict.fromkeys(a for sample in found for a in sample if a.operation == "constant")
    other = recut(step, apart=list(numbers)) if numbers else step
    if other is None:
        return step
    samples = tuple(mapped for sample in found if (mapped := _mapped(other, sample)))
    return replace(other, samples=samples) if samples else step


def _samples(step: TrainingStep, windows: Sequence[Window]) -> list[Sample]:
    """What is other in other steps that run the same code; none where numbers are counted up."""
    trace, own = step.trace, step.window
    made = made_between(trace, own.start, own.end)
    if len(made) > LONGEST:
        return []
    forward = set(ancestors_since([step.hypothesis.node], own.start - 1))
    near = sorted(windows, key=lambda w: abs(w.start - own.start))[:STEPS]
    found = list[tuple[int, Sample]]()
    for window in near:
        sample = _paired(made, made_between(trace, window.start, window.end))
        if sample is None:
            continue
        changed = {a: value for a, value in sample.items() if not _same(a.value, value)}
        if not all(_is_data(a, value) for a, value in changed.items() if a not in forward):
            return []
        found.append((window.start, changed))
    for node in {a for _, sample in found for a in sample}:
        if _is_counted(node, [(own.start, node.value), *((t, s.get(node, node.value)) for t, s in found)]):
            return []
    return [sample for _, sample in found if sample][:SAMPLES]


def _paired(made: Sequence[Node], others: Sequence[Node]) -> dict[Node, Any] | None:
    """The values of another step by those of this one; None where it ran other code, or from other places."""
    if len(made) != len(others):
        return None
    partner, values = dict[Node, Node](), dict[Node, Any]()
    for a, b in zip(made, others, strict=True):
        if _code(a) != _code(b) or len(a.operands) != len(b.operands):
            return None
        for x, y in zip(a.operands, b.operands, strict=True):
            known = partner.setdefault(x, y)
            if np.shape(x.value) != np.shape(y.value) or (known is not y and not _same(known.value, y.value)):
                return None
            values[x] = y.value
        partner[a] = b
        values[a] = b.value
    return values


def _code(node: Node) -> tuple[object, ...]:
    site = -1 if node.origin is None else node.origin.site
    return node.operation, site, freeze(node.attributes)


def _same(value: Any, other: Any) -> bool:
    return bool(np.array_equal(np.asarray(value), np.asarray(other)))


def _is_data(node: Node, value: Any) -> bool:
    """Can a value that the loss is not computed from be told from a rate that changes? A target is whole."""
    if node.operation != "constant":
        return True
    return all(float(v) == int(v) and abs(v) <= SMALL for v in (node.value, value))


def _is_counted(node: Node, held: list[tuple[int, Any]]) -> bool:
    """Does a number go up from step to step?"""
    if node.operation != "constant" or len(held) < 3:
        return False
    numbers = [float(value) for _, value in sorted(held, key=lambda each: each[0])]
    return all(a < b for a, b in pairwise(numbers))


def _mapped(step: TrainingStep, sample: Sample) -> dict[Node, Any]:
    """The values of a sample for the leaves of a step, but for its parameters and what is remembered."""
    fixed, found = {*step.leaves, *step.state}, dict[Node, Any]()
    for node, value in sample.items():
        copy = step.copies.get(node)
        if copy is None or copy.operands or copy in fixed:
            continue
        if copy in found and not _same(found[copy], value):
            return {}
        found[copy] = value
    reached = set(ancestors([step.loss]))
    return found if any(leaf in reached for leaf in found) else {}
