"""Findings of a program that has been mended already, told in the places of the program as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backproof.errors import EditRejectedError
from backproof.findings import Finding
from backproof.source import Edit, Program, apply_edits, before_edits


def before_mending(
    program: Program, edits: Sequence[Edit], findings: Sequence[Finding]
) -> tuple[Finding, ...] | None:
    """Tell the findings of the program with ``edits`` in its places without them.

    None where what one of them is about, or its own edits, cannot be told apart from these.
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
            found.append(replace(finding, span=before_edits(program, edits, finding.span), fix=fix))
        apply_edits(program, [*edits, *own])
    except EditRejectedError:
        return None
    return tuple(found)
