"""The report for programs: one JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from backproof.findings import FileReport, Finding, Fix, LossReport, ParameterReport
from backproof.report.values import finite, place
from backproof.source import Span

VERSION = 1


def render_json(reports: Iterable[FileReport]) -> str:
    """Write the reports as one JSON object, version 1.

    Numbers that do not exist (a cosine with a gradient of zeros, an error relative to nothing) are null.
    Beside a location stands ``cell`` in a notebook, counting all its cells from 1, and ``filename`` where the
    place is in a module of the program and not in its own file.
    """
    document = {"version": VERSION, "results": [_result(report) for report in reports]}
    return json.dumps(document, indent=1, allow_nan=False)


def _result(report: FileReport) -> dict[str, Any]:
    return {
        "filename": report.filename,
        "verdict": report.verdict,
        "reason": report.reason,
        "loss": report.loss and _loss(report.loss),
        "parameters": [_parameter(parameter) for parameter in report.parameters],
        "diagnostics": [_diagnostic(finding) for finding in report.findings],
        "certified": list(report.certified),
    }


def _loss(loss: LossReport) -> dict[str, Any]:
    own = {"name": loss.name, "line": loss.row, "inferred": loss.inferred, "formula": loss.formula}
    return {**own, **_elsewhere(loss.file, loss.cell)}


def _parameter(parameter: ParameterReport) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "shape": list(parameter.shape),
        "verdict": parameter.verdict,
        "relative_error": finite(parameter.relative_error),
        "cosine": finite(parameter.cosine),
        "scale": finite(parameter.scale),
    }


def _diagnostic(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "message": finding.message,
        "parameters": list(finding.parameters),
        **_location(place(finding)),
        "expected": finding.expected,
        "found": finding.found,
        "fix": finding.fix and _fix(finding.fix),
    }


def _fix(fix: Fix) -> dict[str, Any]:
    verified = (
        {"points": fix.points, "max_relative_error": finite(fix.max_relative_error)} if fix.points else None
    )
    return {
        "applicability": fix.applicability,
        "message": fix.message,
        "edits": [{**_location(edit.span), "content": edit.content} for edit in fix.edits],
        "verified": verified,
    }


def _elsewhere(file: str, cell: int) -> dict[str, Any]:
    """The file of a place that is not in the program's own, and the cell of one in a notebook."""
    return ({"filename": file} if file else {}) | ({"cell": cell} if cell else {})


def _location(span: Span) -> dict[str, Any]:
    return {
        **_elsewhere(span.file, span.cell),
        "location": {"row": span.row, "column": span.column},
        "end_location": {"row": span.end_row, "column": span.end_column},
    }
