"""The whole way of one program, from its source to a report: trace, judge, locate and name, mend, verify."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from backproof.check.compare import Comparison, Verdict
from backproof.check.judge import Judgement, judge
from backproof.check.trial import RIGHT, Bench
from backproof.faults import RULES
from backproof.faults.never_updated import in_place
from backproof.findings import FileReport, Finding, Fix, LossReport, ParameterReport
from backproof.mend import Repair, Tried, edits_of, forward_axis, search
from backproof.source import Edit, Program, Span, apply_edits
from backproof.step.training_step import label
from backproof.trace import Trace, trace_program

STEPS, SECONDS = 4, 20.0
POINTS = 8


def check_program(
    program: Program, *, loss: str | None = None, steps: int | None = None, timeout: float | None = None
) -> FileReport:
    """Check the hand-written gradients of a program.

    Runs it in a process of its own until a few updates are seen, holds every gradient that it applies
    against the true gradient of its loss at fresh points, and for those that differ finds the expression at
    fault, its name, and an edit that is verified by running the mended program.
    """
    count, seconds = steps or STEPS, timeout or SECONDS
    trace = trace_program(program, steps=count, seconds=seconds)
    judgement = judge(trace, loss)
    supplied = _supplied(trace)
    if judgement is None:
        return FileReport(program.filename, "inconclusive", _why_not(trace, loss, seconds), findings=supplied)
    step, verdict = judgement.step, judgement.verdict
    parameters = _parameters(judgement)
    stated = _loss(judgement)
    lost = _dropped(program, judgement, loss, count, seconds)
    if verdict.correct and lost:
        names = {name for finding in lost for name in finding.parameters}
        rows = tuple(replace(p, verdict="faulty") if p.name in names else p for p in parameters)
        return FileReport(program.filename, "faulty", None, stated, rows, (*lost, *supplied))
    if verdict.correct:
        return FileReport(
            program.filename,
            "correct",
            None,
            stated,
            parameters,
            (*_conventions(judgement), *supplied),
            _certified(judgement),
        )
    if step.trace.unknown and _hangs_on_unknown(judgement):
        reason = "A value in the backward pass comes from a call that could not be followed: " + ", ".join(
            sorted(set(trace.unknown.values()))
        )
        return FileReport(program.filename, "inconclusive", reason, stated, parameters, supplied)
    judgement, repair = _repaired(judgement)
    parameters, stated = _parameters(judgement), _loss(judgement)
    if not _convincing(judgement, repair):
        axis = (
            forward_axis(Bench.of(judgement.step, judgement.verdict))
            if judgement.step.hypothesis.stated
            else None
        )
        if axis is not None:
            repair = Repair((Tried(axis, (), (RIGHT,) * len(parameters)),), True, (RIGHT,) * len(parameters))
            findings = _findings(program, judgement, repair, loss, count, seconds)
            return FileReport(program.filename, "faulty", None, stated, parameters, (*findings, *supplied))
        reason = (
            "No loss was found that explains the updates: none of the gradients is that of a loss which the program "
            "states or which its backward pass implies. --loss NAME names the variable that is the loss."
        )
        return FileReport(program.filename, "inconclusive", reason, stated, parameters, supplied)
    findings = (*_findings(program, judgement, repair, loss, count, seconds), *lost)
    return FileReport(program.filename, "faulty", None, stated, parameters, (*findings, *supplied))


def _repaired(judgement: Judgement) -> tuple[Judgement, Repair]:
    """Search for a repair.

    Of several losses that explain as much, the one under which the fewest corrections suffice.
    """
    found = [(j, search(Bench.of(j.step, j.verdict))) for j in (judgement, *judgement.rivals)]
    return min(
        found,
        key=lambda pair: (
            not pair[1].complete,
            len(pair[1].steps),
            sum(t.correction.cost for t in pair[1].steps),
        ),
    )


def _dropped(
    program: Program, judgement: Judgement, loss: str | None, steps: int, seconds: float
) -> tuple[Finding, ...]:
    """Updates that the next step does not see."""
    rule, trace = RULES["never-updated"], judgement.step.trace
    findings = []
    edits: dict[int, tuple[Edit, ...]] = {}
    for change in judgement.dropped:
        value = trace.sites[change.stores[-1].site]
        statement = trace.sites[value.statement] if value.statement is not None else value
        edits[statement.number] = in_place(trace, statement)
    together = [e for group in edits.values() for e in group]
    verified = _verify(program, together, loss, steps, seconds) if together else None
    for number, own in edits.items():
        statement = trace.sites[number]
        message = f"`{statement.text}` gives a local name a new array; the parameter itself never changes."
        expected = own[0].content if own else None
        fix = (
            Fix(own, f"write {expected}", "safe" if verified is not None else "unsafe", POINTS, verified)
            if own
            else None
        )
        names = tuple(
            label(trace, c) for c in judgement.dropped if trace.sites[c.stores[-1].site].statement == number
        )
        findings.append(
            Finding(
                rule.code,
                rule.name,
                "error",
                message,
                statement.span,
                tuple(dict.fromkeys(names)),
                statement.text,
                expected,
                fix,
            )
        )
    return tuple(findings)


# ---------------------------------------------------------------------- parts of the report
def _why_not(trace: Trace, loss: str | None, seconds: float) -> str:
    match trace.ended:
        case "crashed" if trace.crash is not None:
            crash = trace.crash
            return (
                f"The program stopped with {crash.kind} in line {crash.row}, before a whole training step was seen: "
                f"{crash.message or 'no message'}. Run it by itself first."
            )
        case "timeout":
            return f"No whole training step within {seconds:g} s; --timeout gives it more time."
        case "memory":
            return (
                "The program used up its memory before a whole training step was seen; try it with less data."
            )
        case "exited":
            return "The program ended itself before a whole training step was seen."
    if loss is not None:
        return f"No value called {loss} that depends on the parameters was seen; leave --loss out to let it be found."
    return (
        "The program ran, but nothing in it looks like training: a value that is replaced, round after round, by itself "
        "plus something computed from it."
    )


def _supplied(trace: Trace) -> tuple[Finding, ...]:
    if not trace.supplied:
        return ()
    rule = RULES["supplied"]
    what = ", ".join(text for text, _ in trace.supplied)
    row = min(row for _, row in trace.supplied)
    message = f"The program does not run as it is; it was given {what}."
    return (Finding(rule.code, rule.name, "info", message, Span(row, 1, row, 2)),)


def _loss(judgement: Judgement) -> LossReport:
    hypothesis = judgement.step.hypothesis
    return LossReport(hypothesis.name, hypothesis.row, not hypothesis.stated, hypothesis.formula)


def _parameters(judgement: Judgement) -> tuple[ParameterReport, ...]:
    verdict = judgement.verdict
    return tuple(
        _row(parameter.name, parameter.shape, comparison, right, verdict)
        for parameter, comparison, right in zip(
            judgement.step.parameters, verdict.comparisons, verdict.right, strict=True
        )
    )


def _row(
    name: str, shape: tuple[int, ...], comparison: Comparison, right: bool, verdict: Verdict
) -> ParameterReport:
    if not comparison.scales:
        return ParameterReport(name, shape, "correct" if right else "faulty")
    unit = verdict.scales[0] if verdict.scales else verdict.rate
    scale, rest = comparison.scales[0], comparison.errors[0]
    if not unit or comparison.zero:
        return ParameterReport(name, shape, "correct" if right else "faulty", None, None, None)
    c = scale / unit
    if math.isinf(rest):
        return ParameterReport(name, shape, "faulty", 1.0, None, 0.0)
    cosine = math.copysign(math.sqrt(max(0.0, 1 - min(rest, 1.0) ** 2)), c)
    off = abs(c / cosine) * rest if cosine else abs(c)
    error = math.hypot(c - 1, off)
    return ParameterReport(name, shape, "correct" if right else "faulty", error, cosine, c)


def _conventions(judgement: Judgement) -> tuple[Finding, ...]:
    """What is right and might look wrong: a common scale, weight decay outside the loss."""
    verdict = judgement.verdict
    found: list[Finding] = []
    if verdict.rate and verdict.scales and judgement.step.hypothesis.stated:
        ratio = verdict.scales[0] / verdict.rate
        if abs(ratio - 1) > 1e-5 and max(verdict.scales) < min(verdict.scales) * (1 + 1e-6):
            rule = RULES["common-scale"]
            message = f"Every gradient is {ratio:.6g} times that of the loss: one common factor, which the learning rate absorbs."
            row = judgement.step.hypothesis.row
            found.append(
                Finding(rule.code, rule.name, "info", message, Span(row, 1, row, 2) if row else None)
            )
    return tuple(found)


def _certified(judgement: Judgement) -> tuple[str, ...]:
    verdict, step = judgement.verdict, judgement.step
    worst = max((max(c.errors, default=0.0) for c in verdict.comparisons if not c.decay), default=0.0)
    hypothesis = step.hypothesis
    loss = (
        f"{hypothesis.name}, {hypothesis.formula}"
        if hypothesis.stated
        else f"{hypothesis.formula} (inferred: the program states no loss that explains its gradients)"
    )
    sentences = [
        f"The gradients applied to {_listed([p.name for p in step.parameters])} are the gradients of {loss}.",
        f"Held at {len(verdict.comparisons[0].scales)} fresh random points in float64; the largest relative error is {worst:.1e}.",
    ]
    decayed = [c.name for c in verdict.comparisons if c.decay is not None]
    if decayed:
        sentences.append(
            f"The update of {_listed(decayed)} also has weight decay, which the loss does not state: a convention, not a fault."
        )
    if any(np.any(np.asarray(v)) or True for v in step.state.values()):
        sentences.append("What the optimizer remembers (momentum, sums of squares) was set aside.")
    return tuple(sentences)


def _listed(names: list[str]) -> str:
    if len(names) > 12:
        return f"{len(names)} parameters"
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _hangs_on_unknown(judgement: Judgement) -> bool:
    """Does an update use a value of this step that came from a call that could not be followed?"""
    step = judgement.step
    unknown = {
        step.copies[n] for n in step.trace.unknown if n in step.copies and n.origin.time >= step.window.start
    }
    if not unknown:
        return False
    from backproof.graph import ancestors

    return not unknown.isdisjoint(ancestors([*step.descents, step.loss]))


# Faults whose mend keeps every factor and every value that the author chose: they show themselves under any loss.
STRUCTURAL = frozenset(
    {"sign-flipped", "derivative-at-wrong-point", "wrong-transpose", "missing-sum", "wrong-axis", "updated-weights",
     "not-accumulated", "not-reset", "upstream-ignored"}
)  # fmt: skip


def _convincing(judgement: Judgement, repair: Repair) -> bool:
    """May the program be called faulty: is the loss that it was held against surely its own?

    It is when some gradient is true already, or when the program states it and a repair makes every
    gradient true. A loss that was only inferred, and that explains nothing as the program stands, could be
    made to fit anything by changing factors.
    """
    verdict, hypothesis = judgement.verdict, judgement.step.hypothesis
    right = [
        p
        for p, ok, c in zip(judgement.step.parameters, verdict.right, verdict.comparisons, strict=True)
        if ok and not c.zero
    ]
    if right and (len(right) > 1 or int(np.prod(right[0].shape)) > 1 or hypothesis.stated):
        return True
    if not repair.complete:
        return False
    if hypothesis.stated and hypothesis.evidence >= 6:
        return True
    return all(tried.correction.rule in STRUCTURAL for tried in repair.steps)


# ---------------------------------------------------------------------- findings
def _findings(
    program: Program, judgement: Judgement, repair: Repair, loss: str | None, steps: int, seconds: float
) -> tuple[Finding, ...]:
    if not repair.steps:
        return (_unnamed(judgement),)
    edits = [edits_of(program, tried.correction) for tried in repair.steps]
    together = [e for group in edits for e in group]
    verified: float | None = None
    if repair.complete and all(edits):
        verified = _verify(program, together, loss, steps, seconds)
    findings = []
    states = None
    for tried, own in zip(repair.steps, edits, strict=True):
        findings.append(_finding(judgement, tried, own, verified, states))
        states = tried.states
    if not repair.complete:
        left = [p.name for p, s in zip(judgement.step.parameters, repair.states, strict=True) if s != 2]
        findings.append(_unnamed(judgement, left))
    order = sorted(findings, key=lambda f: f.span or Span(10**9, 1, 1, 1))
    return tuple(order)


def _finding(
    judgement: Judgement,
    tried: Tried,
    edits: tuple[Edit, ...],
    verified: float | None,
    before: tuple[int, ...] | None,
) -> Finding:
    correction = tried.correction
    rule = RULES[correction.rule]
    start = (
        before
        if before is not None
        else tuple(
            2 if ok else (1 if c.parallel else 0)
            for ok, c in zip(judgement.verdict.right, judgement.verdict.comparisons, strict=True)
        )
    )
    better = tuple(
        p.name for p, a, b in zip(judgement.step.parameters, start, tried.states, strict=True) if b > a
    )
    site = correction.site
    fix = None
    if edits:
        safe = verified is not None
        content = correction.expected or edits[0].content
        fix = Fix(edits, f"write {content}", "safe" if safe else "unsafe", POINTS if safe else 0, verified)
    return Finding(
        rule.code, rule.name, "error", _sentence(correction.why), site.span, better,
        site.text, correction.expected, fix,
    )  # fmt: skip


def _sentence(text: str) -> str:
    return (text[0].upper() + text[1:] if text[0].isalpha() else text) + "."


def _unnamed(judgement: Judgement, names: list[str] | None = None) -> Finding:
    rule = RULES["unnamed-difference"]
    wrong = names or [
        p.name for p, ok in zip(judgement.step.parameters, judgement.verdict.right, strict=True) if not ok
    ]
    step = judgement.step
    first = next(p for p in step.parameters if p.name == wrong[0])
    site = step.trace.sites[first.change.stores[-1].site]
    message = f"The gradient applied to {_listed(wrong)} is not that of the loss, and no single mistake that has a name explains it."
    return Finding(rule.code, rule.name, "error", message, site.span, tuple(wrong), site.text)


def _verify(
    program: Program, edits: list[Edit], loss: str | None, steps: int, seconds: float
) -> float | None:
    """Run the mended program.

    The largest relative error of its gradients, or None where they are not all right.
    """
    try:
        mended = apply_edits(program, edits)
        compile(mended.text, program.filename, "exec")
    except (ValueError, SyntaxError):
        return None
    judgement = judge(trace_program(replace(mended), steps=steps, seconds=seconds), loss)
    if judgement is None or not judgement.verdict.correct or judgement.dropped:
        return None
    return max((max(c.errors, default=0.0) for c in judgement.verdict.comparisons), default=0.0)
