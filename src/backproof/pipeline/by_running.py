"""Mistakes that no step of the program shows, and the program without them does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backproof.diagnosis.assigned import all_forgetful
from backproof.diagnosis.uncounted import uncounted
from backproof.findings import FileReport
from backproof.pipeline.observing import Mends
from backproof.pipeline.reports import report_of
from backproof.pipeline.verdict import judged
from backproof.source import Edit
from backproof.trace import Trace


def found_by_running(mends: Mends, trace: Trace, report: FileReport) -> FileReport:
    """Report what the mended program is right without, where nothing mends the program as it was seen."""
    if report.verdict == "correct" or any(finding.mended for finding in report.findings):
        return report

    def right(edits: Sequence[Edit], _: frozenset[str] | None) -> tuple[int, float] | None:
        run = mends.run(edits) if edits else None
        if run is None or run.judgement is None:
            return None
        if report.verdict != "faulty" and not run.judgement.step.hypothesis.stated:
            return None
        mended = judged(run.program, mends.options, run.trace, run.judgement)
        return mends.verified(edits, None) if mended.verdict == "correct" else None

    found, rows = all_forgetful(trace, right)
    if found:
        run = mends.run([edit for finding in found if finding.fix is not None for edit in finding.fix.edits])
        assert run is not None
        assert run.judgement is not None
        return replace(report_of(mends.program, run.judgement, "faulty", findings=found), parameters=rows)
    wrong = tuple(row.name for row in report.parameters if row.verdict == "faulty")
    found = tuple(replace(each, parameters=wrong) for each in uncounted(trace, right)) if wrong else ()
    return replace(report, verdict="faulty", reason=None, findings=found) if found else report
