"""The report for editors and grep: one line a finding."""

from __future__ import annotations

from collections.abc import Iterable

from backproof.findings import FileReport
from backproof.report.values import one_line, place


def render_concise(reports: Iterable[FileReport]) -> str:
    """Write ``file:row:column: CODE name message`` for each finding; the empty text when there is none."""
    return "\n".join(
        f"{report.filename}:{place(finding).row}:{place(finding).column}: "
        f"{finding.code} {finding.name} {one_line(finding.message)}"
        for report in reports
        for finding in report.findings
    )
