"""Findings of a program that has been mended already, told in the places of the program as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backproof.errors import EditRejectedError
from backproof.findings import Finding, Fix
from backproof.source import Edit, Program, Span, apply_edits, before_edits, part, text_of


def before_mending(
    program: Program, edits: Sequence[Edit], findings: Sequence[Finding]
) -> tuple[Finding, ...] | None:
    """Tell the findings of the program with ``edits`` in its places without them.

    None where what one of them is about, or its own edits, cannot be told apart from these. An edit of theirs
    may hold whole ones of these.
    """
    found, own = [], list[Edit]()
    try:
        for finding in findings:
            if finding.span is None:
                return None
            fix = finding.fix
            if fix is not None:
                moved = tuple(Edit(before_edits(program, edits, e.span), e.content) for e in fix.edits)
                fix, own = replace(fix, edits=moved), [*own, *moved]
            span = before_edits(program, edits, finding.span)
            found.append(replace(_as_it_was(program, edits, finding, span), span=span, fix=fix))
        apply_edits(program, [*(e for e in edits if holder_of(e, own) is None), *own])
    except EditRejectedError:
        return None
    return tuple(found)


def _as_it_was(program: Program, edits: Sequence[Edit], finding: Finding, span: Span) -> Finding:
    """The finding with the text that the program has at its place, where an edit has changed that."""
    if finding.found is None or not any(holder_of(edit, [Edit(span, "")]) for edit in edits):
        return finding
    was = text_of(part(program, span.file), span)
    return replace(finding, message=finding.message.replace(f"`{finding.found}`", f"`{was}`"), found=was)


def mended_with(findings: Sequence[Finding], others: Sequence[Finding]) -> tuple[Finding, ...]:
    """Take the fixes of some findings for verified, as those of others are that were made on top of them."""
    own = [edit for finding in others if finding.fix is not None for edit in finding.fix.edits]
    points = min((f.fix.points for f in others if f.fix is not None), default=0)
    errors = [f.fix.max_relative_error or 0.0 for f in others if f.fix is not None]
    sure = []
    for finding in findings:
        if (fix := finding.fix) is not None:
            edits = tuple(dict.fromkeys(holder_of(edit, own) or edit for edit in fix.edits))
            fix = Fix(edits, fix.message, "safe", points, max(errors, default=0.0))
        sure.append(replace(finding, fix=fix))
    return tuple(sure)


def holder_of(edit: Edit, others: Sequence[Edit]) -> Edit | None:
    """The edit among others that replaces all that this one does, and more."""
    a = edit.span
    for other in others:
        b = other.span
        begun = (b.row, b.column) <= (a.row, a.column)
        if begun and (a.end_row, a.end_column) <= (b.end_row, b.end_column) and a.file == b.file and a != b:
            return other
    return None
