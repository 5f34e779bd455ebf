"""What is still wrong with a program once it is mended: what its first mistakes have hidden.

A gradient that is not applied is told from other values by its being the true one, and a parameter by its
gradient: that shows only when nothing on the way to them is wrong any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from backproof.check.dropped import dropped_gradients
from backproof.check.judgement import Judgement
from backproof.diagnosis.faulty import unapplied
from backproof.diagnosis.mended import before_mending
from backproof.diagnosis.rows import lost_rows
from backproof.findings import FileReport, Finding, ParameterReport
from backproof.pipeline.observing import Mends, Options
from backproof.source import Program
from backproof.trace import Trace

Judged = Callable[[Program, Options, Trace, Judgement | None], FileReport]
Left = tuple[tuple[Finding, ...], tuple[ParameterReport, ...]]
NOTHING: Left = ((), ())


def left_when_mended(mends: Mends, found: Sequence[Finding], judged: Judged) -> Left:
    """What is found in the program when it is mended as some findings say, where that can be mended as well.

    With the rows of the parameters that show only then. The places are those of the program as it is.
    """
    edits = [edit for finding in found if finding.fix is not None for edit in finding.fix.edits]
    if not edits or not all(finding.mended for finding in found):
        return NOTHING
    run = mends.run(edits)
    if run is None or run.judgement is None:
        return NOTHING
    judgement = run.judgement
    if judgement.verdict.correct and judgement.declared is None:
        dropped = dropped_gradients(run.judgement.step)
        missing = unapplied(run.judgement, dropped, Mends(run.program, mends.options).verified)
        rows = lost_rows(run.judgement, dropped)
    elif mends.options.again:
        report = judged(run.program, replace(mends.options, again=False), run.trace, run.judgement)
        missing = tuple(finding for finding in report.findings if finding.severity == "error")
        rows = tuple(row for row in report.parameters if row.verdict == "faulty")
    else:
        return NOTHING
    of_another_loss = judgement.verdict.correct and judgement.declared is not None
    if not of_another_loss and not all(finding.mended for finding in missing):
        return NOTHING
    left = before_mending(mends.program, edits, missing)
    return NOTHING if left is None else (left, rows)
