"""The report for code scanning services: SARIF 2.1.0."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Protocol

import backproof
from backproof.findings import FileReport, Finding, Fix, Severity
from backproof.report.values import file_of, place, uri
from backproof.source import Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


class RuleText(Protocol):
    """What the report says about a rule."""

    @property
    def code(self) -> str:
        """Give the rule's code."""

    @property
    def name(self) -> str:
        """Give the rule's name."""

    @property
    def group(self) -> str:
        """Give the group that the rule belongs to."""

    @property
    def summary(self) -> str:
        """Give the fault in one sentence."""


def render_sarif(reports: Iterable[FileReport], rules: Iterable[RuleText] = ()) -> str:
    """Write the reports as a SARIF log with one run.

    ``rules`` are described in it as far as findings name them. A file that could not be analysed is a
    notification of the invocation, not a result.
    """
    reports = list(reports)
    described = {rule.code: rule for rule in rules}
    used = sorted({finding.code for report in reports for finding in report.findings})
    unread = [report for report in reports if report.verdict == "inconclusive"]
    run = {
        "tool": {
            "driver": {
                "name": "backproof",
                "version": backproof.__version__,
                "rules": [_rule(code, described.get(code)) for code in used],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not unread,
                "toolExecutionNotifications": [_notification(report) for report in unread],
            }
        ],
        "results": [_result(report, finding, used) for report in reports for finding in report.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, allow_nan=False)


def _rule(code: str, rule: RuleText | None) -> dict[str, Any]:
    if rule is None:
        return {"id": code}
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "help": {"text": f"Run 'backproof rule {rule.name}' for an example of the fault and of its mend."},
        "properties": {"tags": [rule.group]},
    }


def _result(report: FileReport, finding: Finding, used: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": used.index(finding.code),
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.name}: {finding.message}"},
        "locations": [_location(report.filename, finding)],
    }
    fix = finding.fix
    if fix is not None and fix.applicability == "safe" and not any(edit.span.cell for edit in fix.edits):
        result["fixes"] = [_fix(report.filename, fix)]
    return result


def _location(filename: str, finding: Finding) -> dict[str, Any]:
    span = place(finding)
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri(file_of(filename, span))}}
    if not span.cell:
        return {"physicalLocation": physical | {"region": _region(span)}}
    # A region counts in the file, whose text is JSON; the place in the cell is a logical one.
    name = f"cell {span.cell}:{span.row}:{span.column}"
    return {"physicalLocation": physical, "logicalLocations": [{"name": name, "kind": "element"}]}


def _fix(filename: str, fix: Fix) -> dict[str, Any]:
    replacements: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        replacements.setdefault(file_of(filename, edit.span), []).append(
            {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.content}}
        )
    return {
        "description": {"text": fix.message},
        "artifactChanges": [
            {"artifactLocation": {"uri": uri(file)}, "replacements": own}
            for file, own in replacements.items()
        ],
    }


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.row,
        "startColumn": span.column,
        "endLine": span.end_row,
        "endColumn": span.end_column,
    }


def _notification(report: FileReport) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": report.reason or "The program could not be analysed."},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(report.filename)}}}],
    }
