"""The report for editors and grep: one line a finding."""

from __future__ import annotations

from collections.abc import Iterable

from backproof.findings import FileReport
from backproof.report.values import one_line, place, written


def render_concise(reports: Iterable[FileReport]) -> str:
    """Write ``file:row:column: CODE name message`` for each finding; the empty text when there is none.

    In a notebook the place is ``file:cell n:row:column``.
    """
    return "\n".join(
        f"{written(report.filename, place(finding))}: "
        f"{finding.code} {finding.name} {one_line(finding.message)}"
        for report in reports
        for finding in report.findings
    )
