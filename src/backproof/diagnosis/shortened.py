"""The finding of a loop in the backward pass that does not go through what the forward pass goes through."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from backproof.check.judgement import Judgement
from backproof.diagnosis.faulty import Verify, fix_of
from backproof.faults import RULES
from backproof.faults.left_early import exits
from backproof.faults.short_loops import MOST, as_others_count
from backproof.findings import Finding
from backproof.graph import Node, ancestors
from backproof.source import Edit, Span

LARGEST = 20_000  # values of a run that is made again for each loop
Candidate = tuple[str, Span, str, str, Edit, str]  # rule, place, text there, what belongs there, edit, why


def shortened(judgement: Judgement, verify: Verify) -> tuple[Finding, ...]:
    """Make a finding of the one loop that makes every gradient right, when it goes through all."""
    step, verdict = judgement.step, judgement.verdict
    if not step.hypothesis.stated and not any(verdict.right):
        return ()
    if len(step.trace.nodes) > LARGEST:
        return ()
    for name, span, found, expected, edit, message in (*_left_early(judgement), *_counting(judgement)):
        verified = verify([edit], None)
        if verified is None:
            continue
        rule = RULES[name]
        names = tuple(p.name for p, ok in zip(step.parameters, verdict.right, strict=True) if not ok)
        fix = fix_of((edit,), expected, verified)
        return (Finding(rule.code, rule.name, "error", message, span, names, found, expected, fix),)
    return ()


def _left_early(judgement: Judgement) -> Iterator[Candidate]:
    for out in islice(exits(judgement.step.trace), MOST):
        why = (
            f"`{out.text}` ends the loop in its first round: what the other rounds add to the sum is absent."
        )
        yield "missing-term", out.span, out.text, out.expected, out.edit, why


def _counting(judgement: Judgement) -> Iterator[Candidate]:
    step = judgement.step
    forward = set(ancestors([step.loss]))
    ahead = {_site(node) for node in forward}
    behind = {_site(node) for node in ancestors(step.descents) if node not in forward} - ahead
    for edit in islice(as_others_count(step.trace, ahead, behind), MOST):
        site = next(s for s in step.trace.sites if s.span == edit.span)
        why = (
            f"`{site.text}` does not go through what the forward pass goes through: `{edit.content}` "
            "belongs here."
        )
        yield "wrong-index", site.span, site.text, edit.content, edit, why


def _site(node: Node) -> int:
    return node.origin.site if node.origin is not None else -1
