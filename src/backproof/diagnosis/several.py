"""One report of several networks that a program trains side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backproof.findings import FileReport


def together(reports: Sequence[FileReport]) -> FileReport:
    """Say of all networks that they are right; else what is said of the first that is not."""
    first = next((report for report in reports if report.verdict != "correct"), None)
    if first is not None:
        return first
    return replace(
        reports[0],
        parameters=tuple(p for report in reports for p in report.parameters),
        findings=tuple(dict.fromkeys(f for report in reports for f in report.findings)),
        certified=tuple(dict.fromkeys(text for report in reports for text in report.certified)),
    )
