"""The verdict on a program that has been run: correct, faulty, or inconclusive for a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from backproof.check.counted import counted_elsewhere
from backproof.check.dropped import dropped_gradients
from backproof.check.elsewhere import evaluated_elsewhere
from backproof.check.grades import RIGHT
from backproof.check.judge import confirmed
from backproof.check.judgement import Judgement
from backproof.check.samples import with_samples
from backproof.check.trial import Bench
from backproof.check.truncated import truncated
from backproof.check.unread import unread_gradients
from backproof.check.untrained import untrained
from backproof.check.unwatched import unwatched
from backproof.diagnosis.assigned import replaced_otherwise
from backproof.diagnosis.conviction import convincing
from backproof.diagnosis.crossed import crossed
from backproof.diagnosis.faulty import Verify, findings
from backproof.diagnosis.frozen import (
    forgotten_part,
    frozen_part,
    left_out,
    overwritten_with_itself,
    untouched_items,
    written_back,
)
from backproof.diagnosis.growing import may_fall, may_grow
from backproof.diagnosis.idle_biases import idle_biases
from backproof.diagnosis.mismatch import (
    differs,
    elsewhere,
    independent,
    mismatched,
    penalised_elsewhere,
    two_losses,
    undecided,
    unmended,
)
from backproof.diagnosis.reasons import (
    LAST_ROUND,
    NOTHING_MOVES,
    changing_factor,
    cut_short,
    failed_in_training,
    left_unjudged,
    no_step,
    numeric,
    of_one_step,
    on_a_kink,
    one_number,
    only_named,
    outside_updates,
    perhaps_forgotten,
    read_by_nothing,
    stopped_before,
    supplied,
    turned_names,
    undefined,
    unexplained,
    unknown_calls,
    unread_updates,
    without_digits,
)
from backproof.diagnosis.rounds import (
    applied_to_another,
    begun_otherwise,
    decided_before,
    divided_otherwise,
    drawn_anew,
    grown_by_factors,
    in_turn_of_one_list,
    let_through_at_times,
    rounded_off,
    set_to_zero,
    without_samples,
)
from backproof.diagnosis.scaled import apart_from_the_others, with_those_before
from backproof.diagnosis.several import together
from backproof.diagnosis.shortened import shortened
from backproof.diagnosis.signs import by_signs_alone
from backproof.diagnosis.states import among_means, among_states, unsure_of
from backproof.diagnosis.strong_decay import strong_decay
from backproof.diagnosis.thrown_away import thrown_away, unbound
from backproof.diagnosis.unapplied import left_layers, lost_updates
from backproof.diagnosis.weighing import unweighted
from backproof.findings import FileReport, Finding, ParameterReport
from backproof.health import warnings
from backproof.mend import Repair, alternatives, located, search
from backproof.pipeline.alone import mends_alone
from backproof.pipeline.left import mended_in_turn, with_what_is_left
from backproof.pipeline.observing import POINTS, Mends, Options
from backproof.pipeline.repairing import repaired
from backproof.pipeline.reports import faulty, holds, lasting, report_of
from backproof.source import Program
from backproof.trace import Trace
from backproof.trace.run import how_it_ended


@dataclass(frozen=True, slots=True)
class Case:
    """A program that has been run, with the judgement of its step and what there is to note already."""

    mends: Mends
    trace: Trace
    judgement: Judgement
    notes: tuple[Finding, ...]

    @property
    def program(self) -> Program:
        """The program as it is."""
        return self.mends.program

    @property
    def options(self) -> Options:
        """How it is looked at."""
        return self.mends.options

    @property
    def verify(self) -> Verify:
        """What runs the program with edits and says whether its gradients are right then."""
        return self.mends.verified

    def inconclusive(self, reason: str, unwell: Sequence[Finding] = ()) -> FileReport:
        """The report that gives a reason, and no verdict."""
        found = (*unwell, *self.notes)
        return report_of(self.program, self.judgement, "inconclusive", reason=reason, findings=found)


def judged(program: Program, options: Options, trace: Trace, judgement: Judgement | None) -> FileReport:
    """Report on a program that has been run."""
    notes = supplied(trace)
    if judgement is not None and judgement.beside and (reason := drawn_anew(judgement)):
        return report_of(program, judgement, "inconclusive", reason=reason, findings=notes)
    if judgement is not None and judgement.beside:
        each = [replace(judgement, beside=()), *judgement.beside]
        return together([judged(program, options, trace, one) for one in each])
    if judgement is None:
        reason = no_step(trace, program, options.loss, options.seconds)
        trains = trace.ended != "finished"
        return FileReport(program.filename, "inconclusive", reason, findings=notes, trains=trains)

    if judgement.step.unread:
        within = among_states(judgement, options.loss)
        if within is not None:
            return unsure_of(judged(program, options, trace, within[0]), within[1])
    notes = (*notes, *numeric(judgement))

    case = Case(Mends(program, options), trace, judgement, notes)
    lost = lost_updates(judgement, case.verify) if judgement.dropped else ()
    if judgement.verdict.correct:
        report = _of_another_loss(case, lost)
        if report is not None:
            return report
        case = replace(case, judgement=confirmed(judgement, POINTS))
    return _right(case, lost) if case.judgement.verdict.correct else _wrong(case, lost)


def _of_another_loss(case: Case, lost: tuple[Finding, ...]) -> FileReport | None:
    """Report a step that is right for a loss that is not the declared one, or not that of all its rounds."""
    judgement = case.judgement
    if judgement.declared is not None:
        found = _mismatch(case, judgement.declared)
        if found:
            return faulty(case.program, judgement.declared, (*found, *lost), case.notes, case.options)
    elif (meant := unwatched(judgement)) is not None:
        found = _mismatch(replace(case, judgement=replace(judgement, declared=meant)), meant)
        if found:
            return faulty(case.program, meant, (*found, *lost), case.notes, case.options)
    return _of_last_round(case) if judgement.rounds else None


def _right(case: Case, lost: tuple[Finding, ...]) -> FileReport:
    """Report a step whose gradients are right: correct, unless something speaks against it."""
    judgement = case.judgement
    if failed_in_training(judgement):
        return case.inconclusive(how_it_ended(case.trace, case.program, case.options.seconds))
    found, rows = replaced_otherwise(judgement, case.verify)
    if found:
        report = lasting(case.program, judgement, (*lost, *found), case.notes, ())
        return replace(report, parameters=(*report.parameters, *rows))
    doubt = next(filter(None, _doubts(judgement)), None)
    if doubt is not None:
        return case.inconclusive(doubt)
    dropped = () if lost else dropped_gradients(judgement.step)
    missing = () if lost else unbound(judgement, dropped, case.verify)
    if missing and not holds(missing):
        missing, _ = with_what_is_left(case.mends, missing, judged)
    if not (lost or missing):
        if forgotten := unread_gradients(judgement.step):
            return case.inconclusive(perhaps_forgotten(judgement, forgotten))
        given = untrained(judgement)
        if (layers := left_layers(judgement, given, case.mends.trained)) is not None:
            return lasting(case.program, judgement, (layers,), case.notes, ())
        if idle := idle_biases(judgement, case.verify):
            return lasting(case.program, judgement, idle, case.notes, ())
        if kept := written_back(judgement):
            return faulty(case.program, judgement, kept, case.notes, case.options)
        left = untouched_items(judgement) or overwritten_with_itself(judgement) or left_out(given)
        if left is not None:
            return case.inconclusive(left)
    return lasting(case.program, judgement, (*lost, *missing), case.notes, dropped)


def _doubts(judgement: Judgement) -> Iterator[str | None]:
    """What keeps a step from being certified whose gradients are right."""
    yield of_one_step(judgement)
    yield unknown_calls(judgement)
    yield unread_updates(judgement)
    yield outside_updates(judgement)
    yield left_unjudged(judgement)
    yield read_by_nothing(judgement)
    yield stopped_before(judgement)
    yield drawn_anew(judgement)
    yield in_turn_of_one_list(judgement)
    yield decided_before(judgement)
    yield rounded_off(judgement)
    yield set_to_zero(judgement)
    yield begun_otherwise(judgement)
    yield let_through_at_times(judgement)
    yield applied_to_another(judgement)
    yield divided_otherwise(judgement)
    yield one_number(judgement)
    yield changing_factor(judgement)
    yield strong_decay(judgement)
    yield apart_from_the_others(judgement)
    yield with_those_before(judgement)
    yield without_samples(judgement)
    yield may_fall(judgement)
    if judgement.measured is not None and judgement.measured.declared:
        yield undecided(judgement)
    if (other := evaluated_elsewhere(judgement)) is not None:
        yield elsewhere(judgement, other)
    if (counted := counted_elsewhere(judgement)) is not None:
        yield penalised_elsewhere(judgement, counted)
    yield unweighted(judgement)


def _wrong(case: Case, lost: tuple[Finding, ...]) -> FileReport:
    """Report a step whose gradients are not all right: faulty, where what mends them is convincing."""
    judgement = case.judgement
    followed = of_one_step(judgement) or unknown_calls(judgement)
    if followed is None and (unread := unread_updates(judgement)) is not None:
        return _beside_unread(case) or case.inconclusive(unread)
    if followed is None and all(c.zero and c.parallel for c in judgement.verdict.comparisons):
        return case.inconclusive(NOTHING_MOVES, warnings(judgement))
    followed = followed or grown_by_factors(judgement) or on_a_kink(judgement)
    followed = followed or turned_names(judgement) or may_grow(judgement)
    if followed is None and (part := forgotten_part(judgement)):
        return faulty(case.program, judgement, (*part, *lost), case.notes, case.options)
    followed = (
        followed
        or two_losses(judgement)
        or independent(judgement)
        or by_signs_alone(judgement)
        or undefined(judgement)
        or frozen_part(judgement)
        or without_digits(judgement)
    )
    if followed is not None:
        return case.inconclusive(followed)
    if (report := _of_pairs(case, lost)) is not None:
        return report
    if found := shortened(judgement, case.verify) or thrown_away(judgement, case.verify):
        return faulty(case.program, judgement, (*found, *lost), case.notes, case.options)
    judgement, repair = repaired(with_samples(judgement))
    case = replace(case, judgement=judgement)
    if not repair.complete and (short := truncated(judgement)):
        return case.inconclusive(cut_short(short))
    program, options, trace = case.program, case.options, case.trace
    within = among_states(judgement, options.loss, repair.states)
    if within is not None:
        return unsure_of(judged(program, options, trace, within[0]), within[1])
    if repair.complete and (means := among_means(judgement, options.loss)) is not None:
        return judged(program, options, trace, means)
    if convincing(judgement, repair) and (repair.complete or not only_named(judgement)):
        named = repair
        if any(state != RIGHT for state in repair.states):
            repair = located(Bench.of(judgement.step, judgement.verdict), repair)
        found = _findings(case, repair)
        if not named.complete and not all(finding.mended for finding in found):
            found = mended_in_turn(case.mends, judgement, named, judged) or found
        found, rows = with_what_is_left(case.mends, (*found, *lost), judged)
        return _faulty_with(case, found, rows)
    return case.inconclusive(unexplained(judgement))


def _beside_unread(case: Case) -> FileReport | None:
    """Report a step beside whose wrong gradients something is replaced by what is no gradient step.

    None where the mended program does not show, with all its gradients right, what that was to be.
    """
    judgement, repair = repaired(with_samples(case.judgement))
    if not repair.complete or not convincing(judgement, repair):
        return None
    found = findings(case.program, judgement, repair, case.verify)
    every, rows = with_what_is_left(case.mends, found, judged)
    if len(every) == len(found) or not all(finding.mended for finding in every):
        return None
    return _faulty_with(replace(case, judgement=judgement), every, rows)


def _of_pairs(case: Case, lost: tuple[Finding, ...]) -> FileReport | None:
    """Report targets in another shape than the predictions, where the program is right in that of these."""
    found = crossed(case.judgement, case.verify)
    if not found:
        return None
    found, rows = with_what_is_left(case.mends, (*found, *lost), judged)
    if not all(finding.mended for finding in found):
        return None
    return _faulty_with(case, found, rows)


def _faulty_with(case: Case, found: tuple[Finding, ...], rows: tuple[ParameterReport, ...]) -> FileReport:
    """Report a step with wrong gradients, and the rows of those that show only when these are mended."""
    report = faulty(case.program, case.judgement, found, case.notes, case.options)
    return replace(report, parameters=(*report.parameters, *rows))


def _findings(case: Case, repair: Repair) -> tuple[Finding, ...]:
    """The findings of a repair; or of another that makes the mended program right, where this one does not.

    At the points of the graph both may, as where a branch of ``np.where`` is taken at none of them.
    """
    program, judgement, verify = case.program, case.judgement, case.verify
    found = findings(program, judgement, repair, verify)
    if len(found) > 1 and (alone := mends_alone(case.mends, judgement, found)) is not None:
        return (alone,)
    if not repair.complete or holds(found):
        return found
    for other in alternatives(Bench.of(judgement.step, judgement.verdict), repair):
        instead = findings(program, judgement, other, verify)
        if holds(instead):
            return instead
    return found


def _mismatch(case: Case, declared: Judgement) -> tuple[Finding, ...]:
    """The findings of a program that declares another loss than the one that its gradients are right for.

    None where the two are all but the same.
    """
    bench = Bench.of(declared.step, declared.verdict)
    repair = search(bench)
    if not repair.complete and differs(case.judgement):
        repair = located(bench, repair)
    if repair.complete or (repair.steps and repair.written and all(s == RIGHT for s in repair.states)):
        return findings(case.program, declared, mismatched(repair, case.judgement), case.verify)
    return (unmended(case.judgement, repair),) if differs(case.judgement) else ()


def _of_last_round(case: Case) -> FileReport:
    """Report a step that applies the gradients of its last round only: those of all are to be added up."""
    for whole in case.judgement.rounds:
        repair = search(Bench.of(whole.step, whole.verdict), rule="not-accumulated")
        if repair.complete:
            found = findings(case.program, whole, repair, case.verify)
            return faulty(case.program, whole, found, case.notes, case.options)
    return case.inconclusive(LAST_ROUND)
