"""What is still wrong with a program once it is mended: what its first mistakes have hidden.

A gradient that is not applied is told from other values by its being the true one, and a parameter by its
gradient: that shows only when nothing on the way to them is wrong any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from backproof.check.dropped import dropped_gradients
from backproof.check.judgement import Judgement
from backproof.check.untrained import untrained
from backproof.check.unwatched import unwatched
from backproof.diagnosis.assigned import replaced_otherwise
from backproof.diagnosis.faulty import findings
from backproof.diagnosis.frozen import written_back
from backproof.diagnosis.mended import before_mending, holder_of, mended_with
from backproof.diagnosis.rows import lost_rows
from backproof.diagnosis.thrown_away import unbound
from backproof.diagnosis.unapplied import left_layers
from backproof.findings import FileReport, Finding, ParameterReport
from backproof.mend import Repair
from backproof.pipeline.observing import Mends, Options, Run
from backproof.source import Program
from backproof.trace import Trace

Judged = Callable[[Program, Options, Trace, Judgement | None], FileReport]
Left = tuple[tuple[Finding, ...], tuple[ParameterReport, ...]]


def with_what_is_left(mends: Mends, found: tuple[Finding, ...], judged: Judged) -> Left:
    """Add what is found in the program when it is mended as some findings say, where that can be mended too.

    With the rows of the parameters that show only then. The places are those of the program as it is. Edits
    that make it right together are verified by that, which are not by themselves.
    """
    edits = [edit for finding in found if finding.fix is not None for edit in finding.fix.edits]
    alone = all(finding.mended for finding in found)
    if not edits or not (alone or all(finding.fix is not None for finding in found)):
        return found, ()
    run = mends.run(edits)
    if run is None or run.judgement is None:
        return found, ()
    missing, rows = _left(run, mends.options, judged)
    right = alone and run.judgement.verdict.correct
    of_another_loss = right and run.judgement.declared is not None
    kept = written_back(run.judgement) if right and not (of_another_loss or missing) else ()
    missing = missing or kept
    if not missing or not (of_another_loss or kept or all(finding.mended for finding in missing)):
        return found, rows if alone and not missing else ()
    left = before_mending(mends.program, edits, missing)
    if left is None:
        return found, ()
    if alone:
        return (*found, *left), rows
    if not {n for f in left for n in f.parameters} <= {n for f in found for n in f.parameters}:
        return found, ()  # what was right is wrong now: these were no mends
    others = [edit for finding in left if finding.fix is not None for edit in finding.fix.edits]
    apart = all(holder_of(edit, others) is None for edit in edits)
    if apart and mends.verified(others, None) is not None:
        return left, rows  # what was found first is none of it
    return (*mended_with(found, left), *left), rows


def mended_in_turn(mends: Mends, judgement: Judgement, repair: Repair, judged: Judged) -> tuple[Finding, ...]:
    """The findings of a repair that leaves some gradients wrong, and those of the program that it mends.

    Only where those mend the rest. What a mistake leaves out of the backward pass, with other mistakes in it,
    shows in no run but one without it.
    """
    every = findings(mends.program, judgement, repair, mends.verified) if repair.steps else ()
    first = tuple(finding for finding in every if finding.fix is not None)
    if len(first) < len(repair.steps) or not all(finding.mended for finding in first):
        return ()
    found, _ = with_what_is_left(mends, first, judged)
    return found if len(found) > len(first) else ()


def _left(run: Run, options: Options, judged: Judged) -> Left:
    """What is found in a program that was mended, in its places then."""
    judgement = run.judgement
    if judgement is not None and judgement.verdict.correct and not _is_of_another_loss(judgement):
        dropped, mends = dropped_gradients(judgement.step), Mends(run.program, options)
        found, rows = replaced_otherwise(judgement, mends.verified)
        if found:
            return found, rows
        missing = unbound(judgement, dropped, mends.verified)
        layers = None if missing else left_layers(judgement, untrained(judgement), mends.trained)
        return missing if layers is None else (layers,), lost_rows(judgement, dropped)
    if not options.again:
        return (), ()
    report = judged(run.program, replace(options, again=False), run.trace, judgement)
    errors = tuple(finding for finding in report.findings if finding.severity == "error")
    return errors, tuple(row for row in report.parameters if row.verdict == "faulty")


def _is_of_another_loss(judgement: Judgement) -> bool:
    """Is a step right for another loss than the one that the program declares, or surely means to descend?"""
    return judgement.declared is not None or unwatched(judgement) is not None
