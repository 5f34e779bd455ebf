"""The findings of updates that forget the old value, and how they are mended."""

from __future__ import annotations

import re

import numpy as np

from backproof.check.assigned import assigned_steps, taken_off_others
from backproof.check.judgement import Judgement
from backproof.diagnosis.faulty import Verify, fix_of
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.findings import Finding, ParameterReport
from backproof.graph import Node
from backproof.source import Edit
from backproof.step import label
from backproof.trace import Site, Trace

ITEM = re.compile(r"\[\d+\]$")  # a number of a list


def replaced_otherwise(
    judgement: Judgement, verify: Verify
) -> tuple[tuple[Finding, ...], tuple[ParameterReport, ...]]:
    """Make findings of the updates that give a parameter something else than its value less a step.

    With the rows of these parameters.
    """
    if not judgement.step.unread:
        return (), ()
    return exchanged(judgement, verify) or forgetful(judgement, verify)


def forgetful(
    judgement: Judgement, verify: Verify
) -> tuple[tuple[Finding, ...], tuple[ParameterReport, ...]]:
    """Make findings of the updates that give a parameter its step in place of its value, one a statement.

    With the rows of these parameters.
    """
    rule, trace = RULES["not-accumulated"], judgement.step.trace
    names, shapes = dict[int, dict[str, None]](), dict[str, list[tuple[int, ...]]]()
    upwards = dict[int, bool]()
    for change, upward in assigned_steps(judgement).items():
        site = trace.sites[change.stores[-1].site]
        statement = site.number if site.statement is None else site.statement
        upwards[statement] = upward
        name = ITEM.sub("", label(trace, change))
        names.setdefault(statement, {})[name] = None
        shapes.setdefault(name, []).append(np.shape(change.before.value))
    edits = {number: _kept(trace, trace.sites[number], upwards[number]) for number in names}
    verified = verify([e for e in edits.values() if e], None) if all(edits.values()) else None
    found = []
    for number, own in names.items():
        site, edit = trace.sites[number], edits[number]
        message = (
            f"`{site.text}` gives {listed(list(own))} the step itself, and forgets the value that it was to "
            "be taken off."
        )
        expected = edit.content if edit else None
        fix = fix_of((edit,) if edit else (), expected, verified)
        found.append(
            Finding(rule.code, rule.name, "error", message, site.span, tuple(own), site.text, expected, fix)
        )
    rows = tuple(
        ParameterReport(name, own[0] if len(own) == 1 else (len(own),), "faulty")
        for name, own in shapes.items()
    )
    return tuple(found), rows


def exchanged(
    judgement: Judgement, verify: Verify
) -> tuple[tuple[Finding, ...], tuple[ParameterReport, ...]] | None:
    """Make findings of the updates that take a right step off another value than the parameter's own.

    With the rows of these parameters. None where the parameter in its place does not mend them all.
    """
    rule, trace = RULES["wrong-operand"], judgement.step.trace
    others = taken_off_others(judgement)
    if len(others) < len(judgement.step.unread):
        return None
    found = list[tuple[Site, str, Edit]]()
    for change, (whole, part, standing) in others.items():
        site, target = trace.sites[part], trace.sites[whole].target or ""
        if part < 0 or not target:
            return None
        target = target.removesuffix("[:]").removesuffix("[...]")
        if site.text == target:  # another value was handed on under this name
            handed = _handed_as(trace, standing, target)
            if handed is None:
                return None
            site, target = handed, label(trace, change)
        found.append((site, ITEM.sub("", label(trace, change)), Edit(site.span, target)))
    verified = verify([edit for _, _, edit in found], None)
    if verified is None:
        return None
    findings = tuple(
        Finding(
            rule.code,
            rule.name,
            "error",
            f"The step is taken off `{site.text}`, and {name} becomes that: `{edit.content}` belongs here.",
            site.span,
            (name,),
            site.text,
            edit.content,
            fix_of((edit,), edit.content, verified),
        )
        for site, name, edit in found
    )
    shapes = {name: np.shape(c.before.value) for c, (_, name, _) in zip(others, found, strict=True)}
    return findings, tuple(ParameterReport(name, shape, "faulty") for name, shape in shapes.items())


def _handed_as(trace: Trace, node: Node, name: str) -> Site | None:
    """The place at which a value got a name, where it had another before, as the argument of a call."""
    while node.operation == "identity" and node.origin is not None and node.origin.site >= 0:
        site: Site = trace.sites[node.origin.site]
        if site.text != name:
            return site
        node = node.operands[0]
    return None


def _kept(trace: Trace, statement: Site, upward: bool) -> Edit | None:
    """``b = b - lr * db`` for ``b = -lr * db``; None where what is assigned to is no single place.

    What goes ``upward`` is taken off.
    """
    value = next(
        (
            s
            for s in trace.sites
            if s.statement == statement.number and s.parent is None and s.target and s.text in statement.text
        ),
        None,
    )
    if statement.kind != "Assign" or value is None or value.target is None:
        return None
    if not statement.text.startswith(value.target) or value.kind not in ("BinOp", "UnaryOp"):
        return None
    is_sum = value.kind == "BinOp" and value.detail in ("+", "-")
    negative = value.text.startswith("-") and not is_sum
    taken = value.text.removeprefix("-").strip() if negative else value.text
    if is_sum:
        taken = f"({taken})"
    target = value.target.removesuffix("[:]").removesuffix("[...]")
    return Edit(statement.span, f"{value.target} = {target} {'-' if upward != negative else '+'} {taken}")
