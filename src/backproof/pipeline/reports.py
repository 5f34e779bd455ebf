"""The reports of a program whose gradients were judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backproof.check.dropped import Dropped
from backproof.check.judgement import Judgement
from backproof.diagnosis.certificate import certified, conventions
from backproof.diagnosis.crossed import every_pair
from backproof.diagnosis.derivation import explained
from backproof.diagnosis.idle_biases import constant_biases
from backproof.diagnosis.luck import hidden
from backproof.diagnosis.mismatch import watched
from backproof.diagnosis.rounds import corrected_otherwise, counted_unevenly, of_a_small_batch
from backproof.diagnosis.rows import loss_row, lost_rows, parameter_rows
from backproof.findings import FileReport, Finding
from backproof.health import warnings
from backproof.pipeline.observing import Options
from backproof.source import Program


def report_of(program: Program, judgement: Judgement, verdict: str, **rest: object) -> FileReport:
    """Report on a step with its loss and its parameters."""
    parameters, loss = parameter_rows(judgement), loss_row(judgement)
    return FileReport(program.filename, verdict, loss=loss, parameters=parameters, **rest)  # type: ignore[arg-type]


def faulty(
    program: Program,
    judgement: Judgement,
    errors: tuple[Finding, ...],
    notes: tuple[Finding, ...],
    options: Options,
) -> FileReport:
    """Report a step with wrong gradients, and what would still be in the way when all are mended."""
    unwell = warnings(judgement) if all(error.mended for error in errors) else ()
    if (pairs := every_pair(judgement)) and pairs[0].name not in {error.name for error in errors}:
        unwell = (*pairs, *unwell)
    if options.explain:
        errors = explained(judgement, errors)
    return report_of(program, judgement, "faulty", findings=(*errors, *unwell, *notes))


def lasting(
    program: Program,
    judgement: Judgement,
    lost: tuple[Finding, ...],
    notes: tuple[Finding, ...],
    dropped: tuple[Dropped, ...],
) -> FileReport:
    """Report a step whose gradients are right: correct, unless some do not arrive."""
    if not lost:
        unwell = (*hidden(judgement), *constant_biases(judgement), *warnings(judgement))
        uneven = (*counted_unevenly(judgement), *corrected_otherwise(judgement), *of_a_small_batch(judgement))
        found = (
            *watched(judgement),
            *every_pair(judgement),
            *uneven,
            *unwell,
            *conventions(judgement),
            *notes,
        )
        said = certified(judgement, program)
        return report_of(program, judgement, "correct", findings=found, certified=said)
    report = report_of(program, judgement, "faulty", findings=(*lost, *notes))
    rows = lost_rows(judgement, dropped)
    kept = [p for p in report.parameters if p.name not in {row.name for row in rows}]
    return replace(report, parameters=(*kept, *rows))


def holds(found: Sequence[Finding]) -> bool:
    """Was every fix verified, or is there nothing that could be written?"""
    return all(finding.fix is None or finding.mended for finding in found)
