"""The whole way of one program, from its source to a report: trace, judge, locate and name, mend, verify."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from backproof.check.compare import compare
from backproof.check.dropped import Dropped, dropped_gradients
from backproof.check.grades import RIGHT
from backproof.check.judge import confirmed, judge
from backproof.check.judgement import Judgement
from backproof.check.trial import Bench
from backproof.check.truncated import truncated
from backproof.check.unread import unread_gradients
from backproof.diagnosis.certificate import certified, conventions
from backproof.diagnosis.conviction import convincing
from backproof.diagnosis.crashed import (
    crash_findings,
    crash_reason,
    mend_crash,
    whole_step,
    with_other_findings,
)
from backproof.diagnosis.derivation import explained
from backproof.diagnosis.faulty import Verify, findings, lost_updates, unapplied
from backproof.diagnosis.frozen import frozen_part, untouched_numbers
from backproof.diagnosis.luck import hidden
from backproof.diagnosis.mismatch import differs, mismatched, undecided, unmended, watched
from backproof.diagnosis.reasons import (
    LAST_ROUND,
    NO_LOSS,
    NOTHING_MOVES,
    changing_factor,
    cut_short,
    failed_in_training,
    no_step,
    numeric,
    on_a_kink,
    one_number,
    only_named,
    outside_updates,
    perhaps_forgotten,
    supplied,
    turned_names,
    undefined,
    unknown_calls,
    unread_updates,
)
from backproof.diagnosis.rows import loss_row, lost_rows, parameter_rows
from backproof.diagnosis.states import among_means, among_states, unsure_of
from backproof.errors import EditRejectedError, ProgramUnreadableError
from backproof.findings import FileReport, Finding, ParameterReport, for_reader
from backproof.health import warnings
from backproof.mend import Repair, Tried, alternatives, forward_axis, located, search
from backproof.runner import Runner
from backproof.source import Edit, Program, apply_edits, read_program, require_python
from backproof.trace import Trace, trace_program, untaken
from backproof.trace.run import how_it_ended
from backproof.trace.stopping import NEVER

STEPS, SECONDS = 4, 20.0
LONGER = (2_500, 20_000)  # nodes that a second and a third look go on for
BRANCHING, BRANCHING_SECONDS = 2_500, 3.0  # more nodes, and seconds, to see other branches
MENDING = 12.0  # seconds to look for what mends a crash
PARTLY = 2  # programs that do not crash any more, whose other mistakes are looked for
POINTS = 8  # at which a program is certified, and a mend verified


@dataclass(frozen=True, slots=True)
class Options:
    """How to look at a program: what runs it, its loss, how many updates to observe, for how long.

    ``explain`` asks for the derivation of the gradients that are wrong.
    """

    runner: Runner
    loss: str | None = None
    steps: int = STEPS
    seconds: float = SECONDS
    explain: bool = False


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
    return _checked(program, Options(runner, loss, steps or STEPS, timeout or SECONDS, explain))


def _checked(program: Program, options: Options) -> FileReport:
    """Trace, judge, mend and report one program."""
    trace, judgement = _observed(program, options)
    program = _with_modules(program, trace)
    if trace.ended == "crashed" and (judgement is None or not whole_step(judgement)):
        report = _crashed(program, options, trace)
    else:
        report = _judged(program, options, trace, judgement)
    return for_reader(report, program)


def _crashed(program: Program, options: Options, trace: Trace) -> FileReport:
    """Report on a program that stopped before a whole training step, with what mends its backward pass."""
    notes = supplied(trace)
    mended, running = mend_crash(
        program, trace, lambda each: _observed(each, options), min(options.seconds, MENDING)
    )
    if mended is None:
        for other in running[:PARTLY]:
            report = _judged(other.program, options, other.judgement.step.trace, other.judgement)
            joined = with_other_findings(program, other, report)
            if joined is not None:
                return joined
        return FileReport(program.filename, "inconclusive", crash_reason(trace, program), findings=notes)
    verdict = compare(mended.judgement.step, POINTS, mended.judgement.verdict.spread)
    mended = replace(mended, judgement=replace(mended.judgement, verdict=verdict))
    found = crash_findings(mended, POINTS)
    wrong = {name for finding in found for name in finding.parameters}
    report = _report(program, mended.judgement, "faulty", findings=(*found, *notes))
    rows = [ParameterReport(p.name, p.shape, "faulty") if p.name in wrong else p for p in report.parameters]
    return replace(report, parameters=tuple(rows))


def _judged(program: Program, options: Options, trace: Trace, judgement: Judgement | None) -> FileReport:
    """Report on a program that has been run."""
    notes = supplied(trace)
    if judgement is None:
        reason = no_step(trace, program, options.loss, options.seconds)
        trains = trace.ended != "finished"
        return FileReport(program.filename, "inconclusive", reason, findings=notes, trains=trains)

    if judgement.step.unread:
        within = among_states(judgement, options.loss)
        if within is not None:
            return unsure_of(_judged(program, options, trace, within[0]), within[1])
    notes = (*notes, *numeric(judgement))

    def verify(edits: Sequence[Edit], names: frozenset[str] | None) -> tuple[int, float] | None:
        return _verified(program, edits, names, options)

    lost = lost_updates(judgement, verify) if judgement.dropped else ()
    if judgement.verdict.correct and judgement.declared is not None:
        found = _mismatch(program, judgement, judgement.declared, verify)
        if found:
            return _faulty(program, judgement.declared, (*found, *lost), notes, options)
    if judgement.verdict.correct and judgement.rounds:
        return _of_last_round(program, judgement, verify, notes, options)
    if judgement.verdict.correct:
        judgement = confirmed(judgement, POINTS)
    followed = unknown_calls(judgement) or unread_updates(judgement)
    if followed is None and judgement.verdict.correct:
        followed = outside_updates(judgement) or one_number(judgement)
        followed = followed or changing_factor(judgement) or untouched_numbers(judgement)
    if judgement.verdict.correct and failed_in_training(judgement):
        reason = how_it_ended(trace, program, options.seconds)
        return _report(program, judgement, "inconclusive", reason=reason, findings=notes)
    if judgement.verdict.correct and followed is None:
        if judgement.measured is not None and judgement.measured.declared:
            reason = undecided(judgement)
            return _report(program, judgement, "inconclusive", reason=reason, findings=notes)
        dropped = () if lost else dropped_gradients(judgement.step)
        missing = unapplied(judgement, dropped, verify) if dropped else ()
        if not (lost or missing) and (forgotten := unread_gradients(judgement.step)):
            reason = perhaps_forgotten(judgement, forgotten)
            return _report(program, judgement, "inconclusive", reason=reason, findings=notes)
        return _lasting(program, judgement, (*lost, *missing), notes, dropped)
    if followed is None and all(c.zero and c.parallel for c in judgement.verdict.comparisons):
        unwell = warnings(judgement)
        return _report(program, judgement, "inconclusive", reason=NOTHING_MOVES, findings=(*unwell, *notes))
    followed = followed or on_a_kink(judgement) or turned_names(judgement)
    if followed is None:
        followed = undefined(judgement) or frozen_part(judgement)
    if followed is None:
        judgement, repair = _repaired(judgement)
        if not repair.complete and (short := truncated(judgement)):
            return _report(program, judgement, "inconclusive", reason=cut_short(short), findings=notes)
        within = among_states(judgement, options.loss, repair.states)
        if within is not None:
            return unsure_of(_judged(program, options, trace, within[0]), within[1])
        if repair.complete and (means := among_means(judgement, options.loss)) is not None:
            return _judged(program, options, trace, means)
        if convincing(judgement, repair) and (repair.complete or not only_named(judgement)):
            if any(state != RIGHT for state in repair.states):
                repair = located(Bench.of(judgement.step, judgement.verdict), repair)
            found = _findings(program, judgement, repair, verify)
            return _faulty(program, judgement, (*found, *lost), notes, options)
    return _report(program, judgement, "inconclusive", reason=followed or NO_LOSS, findings=notes)


def _findings(program: Program, judgement: Judgement, repair: Repair, verify: Verify) -> tuple[Finding, ...]:
    """The findings of a repair; or of another that makes the mended program right, where this one does not.

    At the points of the graph both may, as where a branch of ``np.where`` is taken at none of them.
    """
    found = findings(program, judgement, repair, verify)
    if not repair.complete or _holds(found):
        return found
    for other in alternatives(Bench.of(judgement.step, judgement.verdict), repair):
        instead = findings(program, judgement, other, verify)
        if _holds(instead):
            return instead
    return found


def _holds(found: Sequence[Finding]) -> bool:
    """Was every fix verified, or is there nothing that could be written?"""
    return all(finding.fix is None or finding.fix.applicability == "safe" for finding in found)


def _mismatch(
    program: Program, judgement: Judgement, declared: Judgement, verify: Verify
) -> tuple[Finding, ...]:
    """The findings of a program that declares another loss than the one that its gradients are right for.

    None where the two are all but the same.
    """
    bench = Bench.of(declared.step, declared.verdict)
    repair = search(bench)
    if not repair.complete and differs(judgement):
        repair = located(bench, repair)
    if repair.complete:
        return findings(program, declared, mismatched(repair, judgement), verify)
    return (unmended(judgement),) if differs(judgement) else ()


def _of_last_round(
    program: Program, judgement: Judgement, verify: Verify, notes: tuple[Finding, ...], options: Options
) -> FileReport:
    """Report a step that applies the gradients of its last round only: those of all are to be added up."""
    for whole in judgement.rounds:
        repair = search(Bench.of(whole.step, whole.verdict), rule="not-accumulated")
        if repair.complete:
            found = findings(program, whole, repair, verify)
            return _faulty(program, whole, found, notes, options)
    return _report(program, judgement, "inconclusive", reason=LAST_ROUND, findings=notes)


def _with_modules(program: Program, trace: Trace) -> Program:
    """Give the program with the modules of its own that it has imported."""
    modules = []
    for name in trace.files:
        if name != program.filename:
            with contextlib.suppress(ProgramUnreadableError):
                modules.append(read_program(name))
    return replace(program, modules=tuple(modules))


def _observed(program: Program, options: Options) -> tuple[Trace, Judgement | None]:
    """Run the program and judge its step; run it for longer where what looked like enough was not."""
    trace = trace_program(program, steps=options.steps, seconds=options.seconds, runner=options.runner)
    judgement = judge(trace, options.loss)
    if judgement is not None:
        return _on_other_branches(program, options, trace, judgement) or (trace, judgement)
    for nodes in LONGER:
        if trace.ended != "stopped":
            break
        trace = trace_program(
            program, steps=NEVER, seconds=options.seconds, nodes=nodes, runner=options.runner
        )
        judgement = judge(trace, options.loss)
        if judgement is not None and judgement.verdict.correct:
            break  # nothing is called wrong before the longest look
    return trace, judgement


def _on_other_branches(
    program: Program, options: Options, trace: Trace, judgement: Judgement
) -> tuple[Trace, Judgement] | None:
    """Look for a step with wrong gradients among more steps, where those seen leave branches untaken."""
    if not judgement.verdict.correct or trace.ended != "stopped" or not (missing := untaken(trace)):
        return None
    nodes, seconds = len(trace.nodes) + BRANCHING, min(options.seconds, BRANCHING_SECONDS)
    longer = trace_program(program, steps=NEVER, seconds=seconds, nodes=nodes, runner=options.runner)
    if len(untaken(longer)) >= len(missing):
        return None
    other = judge(longer, options.loss)
    return None if other is None or other.verdict.correct else (longer, other)


def _faulty(
    program: Program,
    judgement: Judgement,
    errors: tuple[Finding, ...],
    notes: tuple[Finding, ...],
    options: Options,
) -> FileReport:
    """Report a step with wrong gradients, and what would still be in the way when all are mended."""
    mended = all(error.fix is not None for error in errors) and _holds(errors)
    unwell = warnings(judgement) if mended else ()
    if options.explain:
        errors = explained(judgement, errors)
    return _report(program, judgement, "faulty", findings=(*errors, *unwell, *notes))


def _lasting(
    program: Program,
    judgement: Judgement,
    lost: tuple[Finding, ...],
    notes: tuple[Finding, ...],
    dropped: tuple[Dropped, ...],
) -> FileReport:
    """Report a step whose gradients are right: correct, unless some do not arrive."""
    if not lost:
        unwell = (*hidden(judgement), *warnings(judgement))
        found = (*watched(judgement), *unwell, *conventions(judgement), *notes)
        return _report(program, judgement, "correct", findings=found, certified=certified(judgement))
    report = _report(program, judgement, "faulty", findings=(*lost, *notes))
    rows = lost_rows(judgement, dropped)
    return replace(report, parameters=(*report.parameters, *rows))


def _report(program: Program, judgement: Judgement, verdict: str, **rest: object) -> FileReport:
    parameters, loss = parameter_rows(judgement), loss_row(judgement)
    return FileReport(program.filename, verdict, loss=loss, parameters=parameters, **rest)  # type: ignore[arg-type]


def _repaired(judgement: Judgement) -> tuple[Judgement, Repair]:
    """Search for a repair; of losses that explain as much, take the one that needs the fewest corrections."""
    rivals = (judgement, *judgement.rivals)  # the squared loss, which most programs descend, comes first
    found = [(j, search(Bench.of(j.step, j.verdict)), k) for k, j in enumerate(rivals)]
    judgement, repair, _ = min(found, key=lambda entry: _badness(entry[1], entry[2]))
    explained_by = {tried.correction.rule for tried in repair.steps}
    doubtful = not (repair.complete and convincing(judgement, repair)) or "wrong-scale" in explained_by
    if judgement.step.hypothesis.stated and doubtful:  # a softmax of the whole batch is the batch's size off
        axis = forward_axis(Bench.of(judgement.step, judgement.verdict))
        if axis is not None:
            states = (RIGHT,) * len(judgement.step.parameters)
            repair = Repair((Tried(axis, (), states),), True, states)
    return judgement, repair


def _badness(repair: Repair, position: int) -> tuple[bool, int, float]:
    cost = sum(tried.correction.cost for tried in repair.steps)
    return (not repair.complete, len(repair.steps), cost + 0.5 * position)


def _verified(
    program: Program, edits: Sequence[Edit], names: frozenset[str] | None, options: Options
) -> tuple[int, float] | None:
    """Run the mended program: the points and the largest relative error at which the parameters are right."""
    try:
        mended = apply_edits(program, edits)
        for each in (mended, *mended.modules):
            require_python(each)
    except (EditRejectedError, ProgramUnreadableError):
        return None
    _, judgement = _observed(mended, options)
    if judgement is None or judgement.dropped:
        return None
    verdict = compare(judgement.step, POINTS, judgement.verdict.spread)
    if names is None and dropped_gradients(judgement.step):
        return None
    right: dict[str, bool] = {}
    for comparison, ok in zip(verdict.comparisons, verdict.right, strict=True):
        right[comparison.name] = ok and right.get(comparison.name, True)
    if not all(right.get(name, False) for name in (right if names is None else names)):
        return None
    errors = [max(c.errors, default=0.0) for c in verdict.comparisons if right[c.name] and not c.decay]
    return POINTS, max(errors, default=0.0)
