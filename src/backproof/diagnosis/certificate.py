"""What was proved of a correct program, and which of its conventions look wrong and are right."""

from __future__ import annotations

from backproof.check.judge import Judgement
from backproof.diagnosis.rows import loss_row
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.findings import Finding
from backproof.graph import ancestors
from backproof.source import Span


def certified(judgement: Judgement) -> tuple[str, ...]:
    """Say what the gradients are proved to be, how closely, and what was set aside."""
    verdict, step = judgement.verdict, judgement.step
    hypothesis = step.hypothesis
    name = f"{hypothesis.name}, {hypothesis.formula}" if hypothesis.name else hypothesis.formula
    inferred = (
        "" if hypothesis.stated else " (inferred: no loss that the program states explains its gradients)"
    )
    plain = [c for c in verdict.comparisons if not c.decay and not c.zero]
    worst = max((max(c.errors) for c in plain), default=0.0)
    sentences = [
        f"The gradients applied to {listed([p.name for p in step.parameters])} are the gradients of {name}"
        f"{inferred}.",
        f"They agree at {len(verdict.comparisons[0].scales)} fresh random points, in float64, to a relative "
        f"{worst:.1e}.",
    ]
    still = [p.name for p, c in zip(step.parameters, verdict.comparisons, strict=True) if c.zero]
    if still:
        sentences.append(
            f"The loss does not depend on {listed(still)} with these data, and neither does the update."
        )
    decayed = [c.name for c in verdict.comparisons if c.decay is not None]
    if decayed:
        sentences.append(
            f"The update of {listed(decayed)} also has weight decay, which the loss does not state: a "
            "convention, not a fault."
        )
    if not set(step.state).isdisjoint(ancestors(step.descents)):
        sentences.append(
            "What the optimizer remembers of earlier steps (momentum, sums of squares) is set aside."
        )
    return tuple(sentences)


def conventions(judgement: Judgement) -> tuple[Finding, ...]:
    """Point out one factor that all gradients share: the learning rate absorbs it."""
    verdict, hypothesis = judgement.verdict, judgement.step.hypothesis
    if not verdict.rate or not verdict.scales or not hypothesis.stated:
        return ()
    ratio = verdict.scales[0] / verdict.rate
    if abs(ratio - 1) <= 1e-5 or max(verdict.scales) > min(verdict.scales) * (1 + 1e-6):
        return ()
    rule = RULES["common-scale"]
    message = (
        f"Every gradient is {ratio:.6g} times that of the loss: one factor, absorbed by the learning rate."
    )
    loss = loss_row(judgement)
    span = Span(loss.row, 1, loss.row, 2, loss.file) if loss.row else None
    return (Finding(rule.code, rule.name, "info", message, span),)
