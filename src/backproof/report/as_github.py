"""The report for GitHub Actions: a workflow command a finding, which GitHub shows beside the line."""

from __future__ import annotations

from collections.abc import Iterable

from backproof.findings import FileReport, Finding, Severity
from backproof.report.values import file_of, one_line, place, written

_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "notice"}


def render_github(reports: Iterable[FileReport]) -> str:
    """Write each finding as ``::error file=…,line=…::message``, and the empty text when there is none.

    The message repeats the place, so that the log itself can be read too. A finding in a notebook is shown
    beside the file as a whole: GitHub counts the lines of its JSON, which nobody reads.
    """
    return "\n".join(_command(report.filename, finding) for report in reports for finding in report.findings)


def _command(filename: str, finding: Finding) -> str:
    span = place(finding)
    properties: dict[str, str | int] = {
        "title": f"backproof ({finding.code})",
        "file": file_of(filename, span),
    }
    if not span.cell:
        properties |= {
            "line": span.row,
            "col": span.column,
            "endLine": span.end_row,
            "endColumn": span.end_column,
        }
    told = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    message = f"{written(filename, span)}: {finding.code} {finding.name} {one_line(finding.message)}"
    return f"::{_COMMANDS[finding.severity]} {told}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
