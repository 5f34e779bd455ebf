"""The rows of a report: its loss, and a line for each parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from backproof.check.compare import Comparison, Verdict
from backproof.check.dropped import Dropped
from backproof.check.judgement import Judgement
from backproof.findings import LossReport, ParameterReport
from backproof.step import label


def loss_row(judgement: Judgement) -> LossReport:
    """Say which loss the gradients were held against."""
    hypothesis = judgement.step.hypothesis
    origin = hypothesis.node.origin
    site = judgement.step.trace.sites[origin.site] if origin is not None and origin.site >= 0 else None
    file = site.span.file if site is not None and hypothesis.row else ""
    return LossReport(hypothesis.name, hypothesis.row, not hypothesis.stated, hypothesis.formula, file)


def parameter_rows(judgement: Judgement) -> tuple[ParameterReport, ...]:
    """Say of each parameter how the gradient applied to it compares with the true one."""
    step, verdict = judgement.step, judgement.verdict
    triples = zip(step.parameters, verdict.comparisons, verdict.right, strict=True)
    return tuple(_row(p.name, p.shape, c, right, verdict) for p, c, right in triples)


def lost_rows(judgement: Judgement, dropped: Sequence[Dropped]) -> tuple[ParameterReport, ...]:
    """Report the parameters whose gradients are right and never arrive."""
    never = [(label(judgement.step.trace, c), np.shape(c.before.value)) for c in judgement.dropped]
    never += [(d.name, np.shape(d.leaf.value)) for d in dropped]
    return tuple(ParameterReport(name, shape, "faulty", 1.0, None, 0.0) for name, shape in never)


def _row(
    name: str, shape: tuple[int, ...], comparison: Comparison, right: bool, verdict: Verdict
) -> ParameterReport:
    word = "correct" if right else "faulty"
    unit = verdict.scales[0] if verdict.scales else verdict.rate
    if not comparison.scales or not unit or comparison.zero:
        return ParameterReport(name, shape, word)  # type: ignore[arg-type] # a Literal
    c, rest = comparison.scales[0] / unit, comparison.errors[0]
    if math.isinf(rest):  # nothing is applied at all
        return ParameterReport(name, shape, "faulty", 1.0, None, 0.0)
    # with g = c·t + r and r ⊥ t, ‖r‖ = rest·‖g‖: the cosine is √(1 − rest²) and ‖g‖ = |c|·‖t‖ / cosine
    cosine = math.copysign(math.sqrt(max(0.0, 1 - min(rest, 1.0) ** 2)), c)
    across = abs(c / cosine) * rest if cosine else abs(c)
    return ParameterReport(name, shape, word, math.hypot(c - 1, across), cosine, c)  # type: ignore[arg-type]
