"""The findings of updates that forget the old value, and how they are mended."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from backproof.check.assigned import assigned_steps, taken_off_others
from backproof.check.judgement import Judgement
from backproof.diagnosis.faulty import Verify, fix_of
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.findings import Finding, ParameterReport
from backproof.graph import Node
from backproof.source import Edit
from backproof.step import Change, label, replaced
from backproof.trace import Site, Trace

ITEM = re.compile(r"\[\d+\]$")  # a number of a list


Found = tuple[tuple[Finding, ...], tuple[ParameterReport, ...]]


@dataclass(frozen=True, slots=True)
class _Mend:
    """A statement that keeps the old value, and whether it ``adds`` the step to it or takes it off."""

    edit: Edit
    adds: bool


def replaced_otherwise(judgement: Judgement, verify: Verify) -> Found:
    """Make findings of the updates that give a parameter something else than its value less a step.

    With the rows of these parameters.
    """
    if not judgement.step.unread:
        return (), ()
    return exchanged(judgement, verify) or forgetful(judgement, verify)


def forgetful(judgement: Judgement, verify: Verify) -> Found:
    """Make findings of the updates that give a parameter its step in place of its value, one a statement.

    With the rows of these parameters.
    """
    return _findings(judgement.step.trace, assigned_steps(judgement), _augments(judgement), verify)


def all_forgetful(trace: Trace, verify: Verify) -> Found:
    """Make the same findings of a training in which every update does so, so that none looks like one.

    Only what is right when all of them keep the value is one.
    """
    changes = replaced(trace)
    for upward in (True, False):
        written = {c: upward for c in changes if _kept(trace, _statement(trace, c), upward, augmented=False)}
        found, rows = _findings(trace, written, False, verify)
        if found and all(finding.mended for finding in found):
            return found, rows
    return (), ()


def _findings(trace: Trace, upwards: dict[Change, bool], augmented: bool, verify: Verify) -> Found:
    """The findings of changes, each of which goes upward or not, and the rows of what they change."""
    rule = RULES["not-accumulated"]
    names, shapes = dict[int, dict[str, None]](), dict[str, list[tuple[int, ...]]]()
    directions = dict[int, bool]()
    for change, upward in upwards.items():
        statement = _statement(trace, change).number
        directions[statement] = upward
        name = ITEM.sub("", label(trace, change))
        names.setdefault(statement, {})[name] = None
        shapes.setdefault(name, []).append(np.shape(change.before.value))
    kept = {number: _kept(trace, trace.sites[number], directions[number], augmented) for number in names}
    edits = [each.edit for each in kept.values() if each is not None]
    verified = verify(edits, None) if len(edits) == len(kept) else None
    found = []
    for number, own in names.items():
        site, mend = trace.sites[number], kept[number]
        message = (
            f"`{site.text}` gives {listed(list(own))} the step itself, and forgets the value that it was to "
            f"be {'added to' if mend is not None and mend.adds else 'taken off'}."
        )
        expected = mend.edit.content if mend else None
        fix = fix_of((mend.edit,) if mend else (), expected, verified)
        found.append(
            Finding(rule.code, rule.name, "error", message, site.span, tuple(own), site.text, expected, fix)
        )
    rows = tuple(
        ParameterReport(name, own[0] if len(own) == 1 else (len(own),), "faulty")
        for name, own in shapes.items()
    )
    return tuple(found), rows


def _statement(trace: Trace, change: Change) -> Site:
    """The statement that made a change at last."""
    site: Site = trace.sites[change.stores[-1].site]
    return site if site.statement is None else trace.sites[site.statement]


def exchanged(judgement: Judgement, verify: Verify) -> Found | None:
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


def _augments(judgement: Judgement) -> bool:
    """Does the program update its other parameters by ``-=`` or ``+=``?"""
    trace = judgement.step.trace
    return any(
        trace.sites[change.stores[-1].site].kind == "AugAssign"
        for parameter in judgement.step.parameters
        for change in parameter.changes
    )


def _kept(trace: Trace, statement: Site, upward: bool, augmented: bool) -> _Mend | None:
    """``b = b - lr * db`` for ``b = -lr * db``; None where what is assigned to is no single place.

    What goes ``upward`` is taken off. It is ``b -= lr * db`` where that is how others are ``augmented``.
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
    sign = "-" if upward != negative else "+"
    if augmented:
        return _Mend(Edit(statement.span, f"{value.target} {sign}= {taken}"), sign == "+")
    taken = f"({taken})" if is_sum else taken
    target = value.target.removesuffix("[:]").removesuffix("[...]")
    return _Mend(Edit(statement.span, f"{value.target} = {target} {sign} {taken}"), sign == "+")
