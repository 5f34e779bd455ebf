"""The report for GitHub Actions: a workflow command a finding, which GitHub shows beside the line."""

from __future__ import annotations

from collections.abc import Iterable

from backproof.findings import FileReport, Finding, Severity
from backproof.report.values import one_line, place

_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "notice"}


def render_github(reports: Iterable[FileReport]) -> str:
    """Write each finding as ``::error file=…,line=…::message``, and the empty text when there is none.

    The message repeats the place, so that the log itself can be read too.
    """
    return "\n".join(_command(report.filename, finding) for report in reports for finding in report.findings)


def _command(filename: str, finding: Finding) -> str:
    span = place(finding)
    properties = {
        "title": f"backproof ({finding.code})",
        "file": filename,
        "line": span.row,
        "col": span.column,
        "endLine": span.end_row,
        "endColumn": span.end_column,
    }
    written = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    message = (
        f"{filename}:{span.row}:{span.column}: {finding.code} {finding.name} {one_line(finding.message)}"
    )
    return f"::{_COMMANDS[finding.severity]} {written}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
