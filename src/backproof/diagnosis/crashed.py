"""Programs that crash in their backward pass: what should stand there, found by running what it could be.

The forward pass is known, and what it should have been is not guessed at. Every alternative that would not
have crashed is put into the program, which is run and judged; one that makes every gradient true is the mend.
Where the program then crashes at another place, that is mended next.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from backproof.check.judgement import Judgement
from backproof.diagnosis.mended import before_mending, holder_of
from backproof.diagnosis.origins import READ, forward_doubts, made_before, unlikely
from backproof.diagnosis.wording import sentence
from backproof.errors import EditRejectedError, ProgramUnreadableError
from backproof.faults import RULES
from backproof.findings import FileReport, Finding, Fix
from backproof.graph import Node, ancestors
from backproof.source import Edit, Program, Span, apply_edits, before_edits, require_python, where
from backproof.trace import Attempt, Crash, Trace

RUNS = 60  # of programs with an alternative in them
UNHEARD = 0.7  # how much a shape costs that no value of the forward pass has
FARTHER = 0.5  # what it takes off the cost when a program comes farther than before
MOST = 5  # crashes in a row

Run = Callable[[Program], tuple[Trace, Judgement | None]]


@dataclass(frozen=True, slots=True)
class Step:
    """One crash that is mended: the alternative, in places of the program as it was, and what crashed."""

    attempt: Attempt
    crash: Crash


@dataclass(frozen=True, slots=True, eq=False)
class Mended:
    """A program that does not crash any more, and how that was reached."""

    program: Program
    steps: tuple[Step, ...]
    judgement: Judgement

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All edits, in the places of the program as it was."""
        return tuple(edit for step in self.steps for edit in step.attempt.edits)


def mend_crash(
    program: Program, trace: Trace, run: Run, seconds: float
) -> tuple[Mended | None, list[Mended]]:
    """Find what makes a program that crashes run, and every gradient that it applies true.

    Cheaper alternatives are tried first; ``seconds`` is how long. The second part are programs that run, and
    have other mistakes: those with the most true gradients first.
    """
    deadline = time.monotonic() + seconds
    queue: list[tuple[float, int, Program, Trace, tuple[Step, ...], Attempt]] = []
    running: list[tuple[int, float, int, Mended]] = []
    known = {np.shape(node.value) for node in trace.nodes}
    count = 0

    def add(source: Program, seen: Trace, steps: tuple[Step, ...], spent: float) -> None:
        nonlocal count
        if seen.crash is None or len(steps) >= MOST:
            return
        doubt_of = forward_doubts(seen)
        attempts = [(a, doubt_of(a)) for a in seen.crash.attempts]
        for attempt, doubt in [*attempts, *((a, 0.0) for a in made_before(source, seen))]:
            count += 1
            unheard = UNHEARD if attempt.shape and attempt.shape not in known else 0.0
            read = READ if unlikely(source, seen, attempt) else 0.0
            price = spent + attempt.cost + doubt + unheard + read
            heapq.heappush(queue, (price, count, source, seen, steps, attempt))

    add(program, trace, (), 0.0)
    for number in range(RUNS):
        if not queue or time.monotonic() > deadline:
            break
        price, _, source, seen, steps, attempt = heapq.heappop(queue)
        assert seen.crash is not None
        mended = _applied(source, attempt)
        edits = tuple(edit for step in steps for edit in step.attempt.edits)
        original = _original(program, edits, attempt) if mended is not None else None
        if mended is None or original is None:
            continue
        after, judgement = run(mended)
        so_far = (*steps, Step(original, seen.crash))
        if after.ended == "crashed":
            if after.crash is not None and _farther(after, seen):
                add(mended, after, so_far, price - FARTHER)
            continue
        if judgement is None or not all(_in_backward(judgement, span) for span in _now(so_far)):
            continue
        reached = Mended(mended, so_far, judgement)
        if judgement.verdict.correct and not judgement.dropped:
            return reached, []
        running.append((-sum(judgement.verdict.right), price, number, reached))
    return None, [mended for *_, mended in sorted(running, key=lambda entry: entry[:3])]


def _applied(program: Program, attempt: Attempt) -> Program | None:
    try:
        mended = apply_edits(program, attempt.edits)
        for each in (mended, *mended.modules):
            require_python(each)
    except (EditRejectedError, ProgramUnreadableError):
        return None
    return mended


def _original(program: Program, edits: tuple[Edit, ...], attempt: Attempt) -> Attempt | None:
    """An attempt in the places of the program before the edits that led to it; None where they overlap."""
    if not edits:
        return attempt
    try:
        span = before_edits(program, edits, attempt.span)
        own = tuple(Edit(before_edits(program, edits, e.span), e.content) for e in attempt.edits)
        apply_edits(program, (*edits, *own))
    except EditRejectedError:
        return None
    return replace(attempt, edits=own, span=span)


def _farther(after: Trace, before: Trace) -> bool:
    """Did a program come farther than it did before?"""
    assert after.crash is not None
    assert before.crash is not None
    return after.crash.span != before.crash.span and len(after.nodes) > len(before.nodes)


def _now(steps: tuple[Step, ...]) -> list[Span]:
    """Where the mended expressions stand in the mended program."""
    edits = [edit for step in steps for edit in step.attempt.edits]
    spans = []
    for step in steps:
        span = step.attempt.span
        shift = grown = 0
        for edit in edits:
            if edit.span.file != span.file or edit.span.row != span.end_row:
                continue
            more = len(edit.content) - (edit.span.end_column - edit.span.column)
            if edit.span.end_column <= span.column and edit.span.row == span.row:
                shift += more
            elif edit.span.end_column <= span.end_column:
                grown += more
        first = span.column + shift
        spans.append(replace(span, column=first, end_column=span.end_column + shift + grown))
    return spans


def _in_backward(judgement: Judgement, span: Span) -> bool:
    """Does an update hang on an expression, and the loss not?

    Or on how large it is, as on the norm of what is clipped where it is small. Nor may it have been evaluated
    before the first step: then it makes data, or a parameter's first value.
    """
    step = judgement.step
    trace, kind = step.trace, step.window.kind
    first = min((a.start for a in trace.activities if (a.kind, a.site) == kind), default=step.window.start)
    early = (node for node in trace.nodes if node.origin is not None and node.origin.time < first)
    if any(_made_in(trace, node, span) for node in early) or _uses(judgement, step.loss, span):
        return False
    declared = judgement.declared
    if declared is not None and _uses(declared, declared.step.loss, span):
        return False  # it makes the loss that the program states, whichever it descends
    return any(_uses(judgement, descent, span) for descent in step.descents) or _measures(judgement, span)


def _measures(judgement: Judgement, span: Span) -> bool:
    """Is an expression made in this step of what gradients are made of, and the loss is not?"""
    step = judgement.step
    own = _times(ancestors(step.descents)) - _times(ancestors([step.loss]))
    made = (
        node
        for node in step.trace.nodes
        if node.origin is not None
        and step.window.start <= node.origin.time <= step.window.end
        and _made_in(step.trace, node, span)
    )
    return not own.isdisjoint(_times(ancestors(made)))


def _times(nodes: Iterable[Node]) -> set[int]:
    """When values were computed."""
    return {node.origin.time for node in nodes if node.origin is not None and node.operands}


def _uses(judgement: Judgement, result: Node, span: Span) -> bool:
    """Does a value hang on an expression in this step?"""
    step = judgement.step
    return any(
        _made_in(step.trace, node, span)
        for node in ancestors([result])
        if node.origin is not None and node.origin.time >= step.window.start
    )


def _made_in(trace: Trace, node: Node, span: Span) -> bool:
    """Was a value, or what it was computed from, made or read by an expression inside a span?"""
    if node.origin is None:
        return False
    begin, end = (span.row, span.column), (span.end_row, span.end_column)
    for number in (node.origin.site, *node.origin.operand_sites):
        if number is None or number < 0:
            continue
        there = trace.sites[number].span
        inside = begin <= (there.row, there.column) and (there.end_row, there.end_column) <= end
        if inside and there.file == span.file:
            return True
    return False


def whole_step(judgement: Judgement) -> bool:
    """Did a program that crashed later make a whole step first?

    What was updated when it stopped is none where the round of a loop that holds it was never completed.
    """
    window, trace = judgement.step.window, judgement.step.trace
    if window.kind[1] < 0:
        return False
    completed = {a.site for a in trace.activities if a.complete and a.kind == "round"}
    return not any(
        a.kind == "round" and not a.complete and a.start <= window.start and a.site not in completed
        for a in trace.activities
    )


def with_other_findings(program: Program, mended: Mended, report: FileReport) -> FileReport | None:
    """Join what was found in a program that does not crash any more with what it took to get it there.

    ``report`` is about the mended program, and its places are told in the program as it was. None where it
    leaves a mistake unmended: then nothing shows that the crash was mended rightly.
    """
    errors = [finding for finding in report.findings if finding.severity == "error"]
    if report.verdict != "faulty" or not errors:
        return None
    if not all(finding.mended for finding in errors):
        return None
    found = before_mending(program, mended.edits, errors)
    if found is None:
        return None
    others = [finding for finding in report.findings if finding.severity != "error"]
    own = [edit for finding in found if finding.fix is not None for edit in finding.fix.edits]
    kept = [
        finding
        for finding in crash_findings(mended, 0)
        if finding.fix is None or not all(holder_of(edit, own) for edit in finding.fix.edits)
    ]  # what is written anew around it was guessed wrong
    return replace(report, findings=(*kept, *found, *others))


def crash_findings(mended: Mended, points: int) -> tuple[Finding, ...]:
    """A finding for each crash that was mended, in the order in which they came.

    ``points`` is how many the gradients of the mended program were compared at.
    """
    step_of, verdict = mended.judgement.step, mended.judgement.verdict
    errors = [max(c.errors, default=0.0) for c in verdict.comparisons if not c.decay]
    found = []
    for step, span in zip(mended.steps, _now(mended.steps), strict=True):
        names = tuple(
            p.name
            for p, descent in zip(step_of.parameters, step_of.descents, strict=True)
            if _uses(mended.judgement, descent, span)
        )
        attempt, rule = step.attempt, RULES[step.attempt.rule]
        found.append(
            Finding(
                rule.code,
                rule.name,
                "error",
                _message(step),
                attempt.span,
                names,
                attempt.found,
                attempt.expected,
                Fix(
                    attempt.edits,
                    f"write {attempt.expected}",
                    "safe",
                    points,
                    max(errors, default=0.0) if points else None,
                ),
            )
        )
    return tuple(found)


def _message(step: Step) -> str:
    attempt, crash = step.attempt, step.crash
    shapes = _shapes(crash)
    shown = " ".join(attempt.found.split())
    what = f"`{shown}` stops the program with {crash.kind}"
    if crash.span is not None and attempt.span.row != crash.span.row:
        what = f"The program stops with {crash.kind} in line {crash.row}, because of `{shown}`"
    result = f"; as `{' '.join(attempt.expected.split())}` it runs"
    if attempt.shape:
        result += f", and has the shape {attempt.shape}"
    return sentence(f"{what}{f': {shapes}' if shapes else ''}{result}")


def _shapes(crash: Crash) -> str:
    """The shapes of the operands, in NumPy's words."""
    return ", ".join(f"`{name}` has the shape {shape}" for name, shape in crash.shapes)


def crash_reason(trace: Trace, program: Program) -> str:
    """Say where a program crashed, to the column, and with which shapes."""
    crash = trace.crash
    assert crash is not None
    span = crash.span
    place = crash.file or program.filename
    if span is not None:
        place = (
            f"{span.file}:{span.row}:{span.column}" if span.file else where(program, span.row, span.column)
        )
    elif crash.row:
        place = where(program, crash.row) if crash.file == program.filename else f"{place}:{crash.row}"
    said = f": {crash.message.rstrip('.')}" if crash.message else ""
    shapes = _shapes(crash)
    return (
        f"{place}: the program stopped with {crash.kind} before a whole training step was seen{said}."
        f"{f' Here {shapes}.' if shapes else ''}"
    )
