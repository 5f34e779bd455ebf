"""The findings of a faulty program, each with its fix, verified by running the mended program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from backproof.check.grades import RIGHT, starting_states
from backproof.check.judgement import Judgement
from backproof.diagnosis.wording import instruction, listed, sentence
from backproof.faults import RULES
from backproof.findings import Finding, Fix
from backproof.mend import Repair, Tried, edits_of
from backproof.source import Edit, Program, Span

Verify = Callable[[Sequence[Edit], frozenset[str] | None], tuple[int, float] | None]
LONG = 40  # characters
NOWHERE = Span(10**9, 1, 10**9, 1)


def findings(program: Program, judgement: Judgement, repair: Repair, verify: Verify) -> tuple[Finding, ...]:
    """Make a finding of each correction, and one of what no correction explains, in the order of the source.

    ``verify`` runs the program with all edits at once and gives the points and the largest relative error
    at which the parameters named are right then, or None.
    """
    names = [p.name for p in judgement.step.parameters]
    steps = [
        replace(tried, correction=each)
        for tried in repair.steps
        for each in (tried.correction, *tried.correction.beside)
    ]
    edits = [edits_of(program, tried.correction) for tried in steps]
    states = starting_states(judgement.verdict)
    written = next((k for k, own in enumerate(edits) if not own), len(edits))  # the rest only tells where
    reached = steps[written - 1].states if written else states
    mended = frozenset(name for name, state in zip(names, reached, strict=True) if state == RIGHT)
    verified = verify([e for own in edits[:written] for e in own], mended) if written and mended else None
    found = []
    first, better = {tried.correction for tried in repair.steps}, tuple[str, ...]()
    for number, (tried, own) in enumerate(zip(steps, edits, strict=True)):
        if tried.correction in first:  # the others are further places of the mistake before
            better = tuple(n for n, a, b in zip(names, states, tried.states, strict=True) if b > a)
        found.append(_named(tried, own, better, verified if number < written else None))
        states = tried.states
    left = [name for name, state in zip(names, repair.states, strict=True) if state != RIGHT]
    if left:
        found.append(_unnamed(judgement, left))
    return tuple(sorted(found, key=_position))


def _position(finding: Finding) -> tuple[str, Span]:
    span = finding.span or NOWHERE
    return span.file, span


def _named(
    tried: Tried, edits: tuple[Edit, ...], better: tuple[str, ...], verified: tuple[int, float] | None
) -> Finding:
    correction = tried.correction
    rule, site = RULES[correction.rule], correction.site
    fix = fix_of(edits, correction.expected, verified)
    message = sentence(_short(correction.why, site.text))
    if rule.because and rule.because.rstrip(".") not in message:
        message = f"{message} {rule.because}"
    return Finding(
        rule.code, rule.name, "error", message, site.span, better, site.text, correction.expected, fix
    )


def _short(why: str, text: str) -> str:
    """Speak of a long expression as this one: it stands right below, marked."""
    return why if len(text) <= LONG else why.replace(f"`{text}`", "this expression", 1)


def fix_of(edits: tuple[Edit, ...], expected: str | None, verified: tuple[int, float] | None) -> Fix | None:
    """Make the fix of edits, safe where the mended program was verified; None of no edits."""
    if not edits:
        return None
    message = instruction(edits, expected)
    if verified is None:
        return Fix(edits, message, "unsafe")
    return Fix(edits, message, "safe", *verified)


def _unnamed(judgement: Judgement, wrong: list[str]) -> Finding:
    rule, step = RULES["unnamed-difference"], judgement.step
    first = next(p for p in step.parameters if p.name == wrong[0])
    site = step.trace.sites[first.changes[-1].stores[-1].site]
    message = (
        f"The gradient applied to {listed(wrong)} is not that of the loss, and no single mistake that has a "
        "name explains it."
    )
    return Finding(rule.code, rule.name, "error", message, site.span, tuple(wrong), site.text)
