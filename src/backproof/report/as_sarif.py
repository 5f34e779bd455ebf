"""The report for code scanning services: SARIF 2.1.0."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Protocol

import backproof
from backproof.findings import FileReport, Finding, Fix, Severity
from backproof.report.values import place, uri
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
    if finding.fix is not None and finding.fix.applicability == "safe":
        result["fixes"] = [_fix(report.filename, finding.fix)]
    return result


def _location(filename: str, finding: Finding) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": uri(filename)},
            "region": _region(place(finding)),
        }
    }


def _fix(filename: str, fix: Fix) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.content}} for edit in fix.edits
    ]
    return {
        "description": {"text": fix.message},
        "artifactChanges": [{"artifactLocation": {"uri": uri(filename)}, "replacements": replacements}],
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
