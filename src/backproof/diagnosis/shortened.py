"""The finding of a loop in the backward pass that does not go through what the forward pass goes through."""

from __future__ import annotations

from itertools import islice

from backproof.check.judgement import Judgement
from backproof.diagnosis.faulty import Verify, fix_of
from backproof.faults import RULES
from backproof.faults.short_loops import MOST, as_others_count
from backproof.findings import Finding
from backproof.graph import Node, ancestors

LARGEST = 20_000  # values of a run that is made again for each loop


def shortened(judgement: Judgement, verify: Verify) -> tuple[Finding, ...]:
    """Make a finding of the one loop that makes every gradient right, when it counts as others do."""
    step, verdict = judgement.step, judgement.verdict
    if not step.hypothesis.stated and not any(verdict.right):
        return ()
    if len(step.trace.nodes) > LARGEST:
        return ()
    forward = set(ancestors([step.loss]))
    ahead = {_site(node) for node in forward}
    behind = {_site(node) for node in ancestors(step.descents) if node not in forward} - ahead
    rule = RULES["wrong-index"]
    for edit in islice(as_others_count(step.trace, ahead, behind), MOST):
        verified = verify([edit], None)
        if verified is None:
            continue
        names = tuple(p.name for p, ok in zip(step.parameters, verdict.right, strict=True) if not ok)
        site = next(s for s in step.trace.sites if s.span == edit.span)
        message = (
            f"`{site.text}` does not go through what the forward pass goes through: `{edit.content}` "
            "belongs here."
        )
        fix = fix_of((edit,), edit.content, verified)
        return (
            Finding(rule.code, rule.name, "error", message, site.span, names, site.text, edit.content, fix),
        )
    return ()


def _site(node: Node) -> int:
    return node.origin.site if node.origin is not None else -1
