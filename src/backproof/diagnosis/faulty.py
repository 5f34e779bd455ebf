"""The findings of a faulty program, each with its fix, verified by running the mended program."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from backproof.check.dropped import Dropped
from backproof.check.grades import RIGHT, starting_states
from backproof.check.judgement import Judgement
from backproof.diagnosis.wording import instruction, listed, sentence
from backproof.faults import RULES
from backproof.faults.left_by_loop import wider_loops
from backproof.faults.never_updated import in_place, missing_update, statement_of
from backproof.findings import Finding, Fix
from backproof.mend import Repair, Tried, edits_of
from backproof.source import Edit, Program, Span
from backproof.step import label

Verify = Callable[[Sequence[Edit], frozenset[str] | None], tuple[int, float] | None]
LONG = 40  # characters
LOCAL = "a local name a new {what}; the parameter itself never changes."
REPLACED = (
    "the parameter a new {what}, and the forward pass goes on with the old one: it never sees the update."
)
NOWHERE = Span(10**9, 1, 10**9, 1)


def findings(program: Program, judgement: Judgement, repair: Repair, verify: Verify) -> tuple[Finding, ...]:
    """Make a finding of each correction, and one of what no correction explains, in the order of the source.

    ``verify`` runs the program with all edits at once and gives the points and the largest relative error
    at which the parameters named are right then, or None.
    """
    names = [p.name for p in judgement.step.parameters]
    edits = [edits_of(program, tried.correction) for tried in repair.steps]
    states = starting_states(judgement.verdict)
    written = next((k for k, own in enumerate(edits) if not own), len(edits))  # the rest only tells where
    reached = repair.steps[written - 1].states if written else states
    mended = frozenset(name for name, state in zip(names, reached, strict=True) if state == RIGHT)
    verified = verify([e for own in edits[:written] for e in own], mended) if written and mended else None
    found = []
    for number, (tried, own) in enumerate(zip(repair.steps, edits, strict=True)):
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


def lost_updates(judgement: Judgement, verify: Verify) -> tuple[Finding, ...]:
    """Make findings of the updates that the next step does not see, one a statement."""
    rule, trace = RULES["never-updated"], judgement.step.trace
    names, places = dict[int, list[str]](), dict[int, str]()
    numbers = dict[int, bool]()
    for change in judgement.dropped:
        value = trace.sites[change.stores[-1].site]
        statement = value.number if value.statement is None else value.statement
        names.setdefault(statement, []).append(label(trace, change))
        places[statement] = LOCAL if change.local else REPLACED
        numbers[statement] = np.ndim(change.before.value) == 0
    edits = {number: in_place(trace, trace.sites[number], numbers[number]) for number in names}
    verified = verify([e for own in edits.values() for e in own], None) if all(edits.values()) else None
    found = []
    for number, own in edits.items():
        site = trace.sites[number]
        message = f"`{site.text}` gives {places[number].format(what='value' if numbers[number] else 'array')}"
        expected = own[0].content if own else None
        parameters = tuple(dict.fromkeys(names[number]))
        fix = fix_of(own, expected, verified)
        found.append(
            Finding(rule.code, rule.name, "error", message, site.span, parameters, site.text, expected, fix)
        )
    return tuple(found)


def unapplied(judgement: Judgement, dropped: Sequence[Dropped], verify: Verify) -> tuple[Finding, ...]:
    """Make findings of the gradients that are computed and never applied, one for each that is written."""
    rule, trace = RULES["never-updated"], judgement.step.trace
    loop = _left_by_loop(judgement, dropped, verify) if dropped else None
    if loop is not None:
        return (loop,)
    groups: dict[int, list[Dropped]] = {}
    for each in dropped:
        groups.setdefault(each.gradient.origin.site, []).append(each)
    written = {number: missing_update(trace, group[0]) for number, group in groups.items()}
    edits = [edit for found in written.values() if found is not None for edit in found[1]]
    verified = verify(edits, None) if all(written.values()) else None
    findings = []
    for number, group in groups.items():
        first, found = group[0], written[number]
        site = statement_of(trace, first)
        what = first.called or trace.sites[number].text
        owners = listed([d.name for d in group])
        message = f"`{what}`, the gradient of {owners}, is computed and never applied."
        fix = fix_of(found[1], found[0], verified) if found is not None else None
        parameters, text = tuple(d.name for d in group), found[0] if found is not None else None
        findings.append(
            Finding(rule.code, rule.name, "error", message, site.span, parameters, site.text, text, fix)
        )
    return tuple(findings)


def _left_by_loop(judgement: Judgement, dropped: Sequence[Dropped], verify: Verify) -> Finding | None:
    """The one finding of a loop that leaves out all that is not updated, where a longer one updates it."""
    rule, trace = RULES["never-updated"], judgement.step.trace
    beside = {statement_of(trace, each).number for each in dropped}
    roots = {name.partition("[")[0] for each in dropped for name in (each.name, each.sibling.name)}
    if len(roots) > len(beside) or not all("[" in each.name for each in dropped):
        return None
    for site, new, edit in wider_loops(trace, trace.sites[min(beside)]):
        verified = verify([edit], None)
        if verified is None:
            continue
        owners = tuple(each.name for each in dropped)
        message = (
            f"`{site.text}` leaves out {listed(list(owners))}: the gradient is computed and never applied."
        )
        fix = fix_of((edit,), new, verified)
        return Finding(rule.code, rule.name, "error", message, site.span, owners, site.text, new, fix)
    return None
