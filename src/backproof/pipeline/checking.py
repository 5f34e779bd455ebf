"""The whole way of one program, from its source to a report: trace, judge, locate and name, mend, verify."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from dataclasses import replace

from backproof.check.compare import compare
from backproof.diagnosis.crashed import (
    crash_findings,
    crash_reason,
    mend_crash,
    whole_step,
    with_other_findings,
)
from backproof.diagnosis.crossed import crossed_before
from backproof.diagnosis.faulty import fix_of
from backproof.diagnosis.reasons import supplied
from backproof.findings import FileReport, ParameterReport, for_reader
from backproof.pipeline.by_running import found_by_running
from backproof.pipeline.left import with_what_is_left
from backproof.pipeline.observing import POINTS, SECONDS, STEPS, Mends, Options, observed, with_modules
from backproof.pipeline.reports import report_of
from backproof.pipeline.verdict import judged
from backproof.runner import Runner
from backproof.source import Program
from backproof.trace import Trace

MENDING = 12.0  # seconds to look for what mends a crash
PARTLY = 2  # programs that do not crash any more, whose other mistakes are looked for


def check_program(
    program: Program,
    *,
    loss: str | None = None,
    steps: int | None = None,
    timeout: float | None = None,
    runner: Runner | None = None,
    explain: bool = False,
) -> FileReport:
    """Check the hand-written gradients of a program.

    Runs it in a process of its own until ``steps`` updates are seen (for ``timeout`` seconds at the most),
    holds every gradient that it applies against the true gradient of its loss at fresh points, and for
    those that differ finds the expression at fault, its name, and an edit that is verified by running the
    mended program. ``loss`` names the variable that is the loss, where it is not to be found or inferred.
    ``runner`` runs it, which may have been started before; else one is started for this program.
    ``explain`` adds the derivation of each gradient that is wrong. The report holds the program's own
    modules, in which findings may stand.
    """
    if runner is None:
        with Runner() as runner:
            return check_program(
                program, loss=loss, steps=steps, timeout=timeout, runner=runner, explain=explain
            )
    with _uncollected():
        return _checked(program, Options(runner, loss, steps or STEPS, timeout or SECONDS, explain))


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no cycles among the nodes of a graph, of which there are many and no cycles: it takes long."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _checked(program: Program, options: Options) -> FileReport:
    """Trace, judge, mend and report one program."""
    trace, judgement = observed(program, options)
    program = with_modules(program, trace)
    if trace.ended == "crashed" and (judgement is None or not whole_step(judgement)):
        report = _crashed(program, options, trace)
    else:
        report = found_by_running(Mends(program, options), trace, judged(program, options, trace, judgement))
    return for_reader(report, program)


def _crashed(program: Program, options: Options, trace: Trace) -> FileReport:
    """Report on a program that stopped before a whole training step, with what mends its backward pass."""
    notes = supplied(trace)
    if (report := _of_pairs(program, options, trace)) is not None:
        return report
    mended, running = mend_crash(
        program, trace, lambda each: observed(each, options), min(options.seconds, MENDING)
    )
    if mended is None:
        for other in running[:PARTLY]:
            report = judged(other.program, options, other.judgement.step.trace, other.judgement)
            joined = with_other_findings(program, other, report)
            if joined is not None:
                return joined
        return FileReport(program.filename, "inconclusive", crash_reason(trace, program), findings=notes)
    verdict = compare(mended.judgement.step, POINTS, mended.judgement.verdict.spread)
    mended = replace(mended, judgement=replace(mended.judgement, verdict=verdict))
    found = crash_findings(mended, POINTS)
    wrong = {name for finding in found for name in finding.parameters}
    found, lost = with_what_is_left(Mends(program, options), found, judged)
    report = report_of(program, mended.judgement, "faulty", findings=(*found, *notes))
    rows = [ParameterReport(p.name, p.shape, "faulty") if p.name in wrong else p for p in report.parameters]
    return replace(report, parameters=(*rows, *lost))


def _of_pairs(program: Program, options: Options, trace: Trace) -> FileReport | None:
    """Report targets in another shape than the predictions, where a program in that of these is right."""
    mends = Mends(program, options)
    for finding in crossed_before(trace):
        assert finding.fix is not None
        run = mends.run(finding.fix.edits)
        if run is None or run.judgement is None or run.trace.ended == "crashed":
            continue
        verified = mends.verified(finding.fix.edits, None)
        fix = fix_of(finding.fix.edits, finding.expected, verified)
        names = tuple(p.name for p in run.judgement.step.parameters)
        found, _ = with_what_is_left(mends, (replace(finding, parameters=names, fix=fix),), judged)
        if all(each.mended for each in found):
            report = report_of(program, run.judgement, "faulty", findings=(*found, *supplied(trace)))
            rows = (ParameterReport(p.name, p.shape, "faulty") for p in report.parameters)
            return replace(report, parameters=tuple(rows))
    return None
