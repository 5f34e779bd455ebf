"""The finding of predictions that meet targets of another shape: each prediction against each target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backproof.check.judgement import Judgement
from backproof.diagnosis.faulty import Verify, fix_of
from backproof.faults import RULES
from backproof.faults.accidental_broadcast import Crossing, crossings
from backproof.findings import Finding
from backproof.graph import ancestors
from backproof.source import Edit
from backproof.step.cut import dependent
from backproof.trace import Site, Trace

MOST = 4  # places at which they meet; a program with more computes with pairs
Way = tuple[tuple[Edit, ...], Site, str]


def crossed(judgement: Judgement, verify: Verify) -> tuple[Finding, ...]:
    """Make the finding of targets in another shape than the predictions, where gradients are wrong.

    With the edit that makes all of them right; else with the first one, not verified, which may leave other
    mistakes.
    """
    verdict = judgement.verdict
    wrong = [c.name for c, ok in zip(verdict.comparisons, verdict.right, strict=True) if not ok]
    met = _met(judgement)
    if not met or len(met) > MOST:
        return ()
    ways = list(_ways(judgement.step.trace, met))
    for way in ways:
        if (verified := verify(way[0], None)) is not None:
            return (_finding(met[0], way, wrong, verified),)
    return (_finding(met[0], ways[0], wrong, None),)


def crossed_before(trace: Trace) -> Iterator[Finding]:
    """The same for a program that crashes, with each of the edits that may make it run."""
    met = list(crossings(trace, trace.nodes))
    if not met or len(met) > MOST:
        return
    for way in _ways(trace, met):
        yield _finding(met[0], way, (), None)


def every_pair(judgement: Judgement) -> tuple[Finding, ...]:
    """Warn of a loss that sums over each prediction against each target, where its gradients are right."""
    met, rule = _met(judgement), RULES["accidental-broadcast"]
    return tuple(
        Finding(rule.code, rule.name, "warning", _message(one, ""), one.site.span, (), one.site.text)
        for one in met[:1]
    )


def _met(judgement: Judgement) -> list[Crossing]:
    step = judgement.step
    nodes = ancestors([step.loss, *step.descents])
    return list(crossings(step.trace, nodes, dependent(nodes, step.leaves)))


def _ways(trace: Trace, met: Sequence[Crossing]) -> Iterator[Way]:
    """The edits to be tried: where the targets are used, if that is one place, and where they are made."""
    used = [one.used() for one in met]
    if len(used) == 1:
        edit, expected = used[0]
        yield (edit,), met[0].site, expected
    made = met[0].made(trace)
    if made is not None:
        edit, site = made
        yield (edit,), site, edit.content
    if len(used) > 1 and len({edit.span for edit, _ in used}) == len(used):
        yield tuple(edit for edit, _ in used), met[0].site, used[0][1]


def _finding(one: Crossing, way: Way, wrong: Sequence[str], verified: tuple[int, float] | None) -> Finding:
    edits, site, expected = way
    rule = RULES["accidental-broadcast"]
    place = "" if site is one.site else f" in line {one.site.span.row}"
    message = _message(one, place)
    fix = fix_of(edits, expected, verified)
    return Finding(rule.code, rule.name, "error", message, site.span, tuple(wrong), site.text, expected, fix)


def _message(one: Crossing, place: str) -> str:
    name, shape = one.read.text, one.shape
    computed = one.computed.value.shape
    return (
        f"`{name}` has the shape {one.given.value.shape} and meets predictions of shape {computed}{place}: "
        f"`{one.site.text}` has the shape {shape}, each prediction against each target. That is least where "
        f"every prediction is the mean of all targets; as `{name}{one.reshaped}` each meets its own."
    )
