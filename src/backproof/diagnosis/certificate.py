"""What was proved of a correct program, and which of its conventions look wrong and are right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backproof.check.judgement import Judgement
from backproof.diagnosis.practices import absorbed, practices
from backproof.diagnosis.rows import loss_row
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.findings import Finding, Severity
from backproof.source import Program, Span, cell_of
from backproof.step.computed import COMPUTED
from backproof.trace import later_trainings, untaken

MOST = 4  # branches that are told


def certified(judgement: Judgement, program: Program) -> tuple[str, ...]:
    """Say of which loss the gradients are, why of that, how closely, and why what looks odd is right."""
    verdict, step = judgement.verdict, judgement.step
    hypothesis = step.hypothesis
    name = f"{hypothesis.name}, {hypothesis.formula}" if hypothesis.name else hypothesis.formula
    plain = [c for c in verdict.comparisons if not c.decay and not c.zero]
    worst = max((max(c.errors) for c in plain), default=0.0)
    names = listed([p.name for p in step.parameters])
    computed = step.window.kind[0] == COMPUTED
    sentences = [
        f"The gradients {'computed for' if computed else 'applied to'} {names} are the gradients of {name}.",
        _choice(judgement),
        f"They agree at {len(verdict.comparisons[0].scales)} fresh random points, in float64, to a relative "
        f"{worst:.1e}{_unseen(judgement, program)}.",
    ]
    still = [p.name for p, c in zip(step.parameters, verdict.comparisons, strict=True) if c.zero]
    if still:
        sentences.append(
            f"The loss does not depend on {listed(still)} with these data, and neither does the update."
        )
    if judgement.in_turn:
        sentences.append(
            f"The gradient of {listed(list(judgement.in_turn))} is that behind the update before it: the "
            "forward pass is computed anew in between."
        )
    return (*sentences, *_behind(judgement, program), *practices(judgement))


def _unseen(judgement: Judgement, program: Program) -> str:
    """Say which branches did not run in any step that was seen."""
    trace = judgement.step.trace
    rows = [branch.row for branch in untaken(trace) if branch.file == next(iter(trace.files))]
    if not rows:
        return ""
    return f", in steps that did not run the branch{'es' * (len(rows) > 1)} at line {_rows(program, rows)}"


def _behind(judgement: Judgement, program: Program) -> Iterator[str]:
    """Say which trainings of the program come behind the one in which it was stopped."""
    step = judgement.step
    update = step.parameters[-1].changes[-1].stores[-1]
    rows = later_trainings(step.trace, update, [p.name for p in step.parameters])
    if rows:
        those = "those at lines" if len(rows) > 1 else "that at line"
        yield f"The run was stopped in the first training: {those} {_rows(program, rows)} did not run."


def _rows(program: Program, rows: Sequence[int]) -> str:
    """Name rows as a reader counts them, the first ones only where they are many."""
    places = []
    for row in rows[:MOST]:
        cell = cell_of(program, row)
        places.append(str(row) if cell is None else f"{row - cell.first + 1} of cell {cell.number}")
    return listed(places) + f" and {len(rows) - MOST} more" * (len(rows) > MOST)


def _choice(judgement: Judgement) -> str:
    """Say why the gradients were held against this loss, and where that decides the verdict."""
    hypothesis, trace = judgement.step.hypothesis, judgement.step.trace
    if judgement.step.window.kind[0] == COMPUTED:
        return "No update applies them: which is that of what is told by their names."
    if hypothesis.held:
        first = hypothesis.held[0]
        called = first.name or (trace.sites[first.origin.site].text if first.origin is not None else "?")
        return (
            f"The program computes this loss, and its updates take `{called}` for a "
            "constant, as in temporal-difference learning, though it depends on the parameters."
        )
    if hypothesis.joined:
        return (
            "The program computes the two apart; that their sum is the loss is inferred from the gradients."
        )
    if hypothesis.stated and hypothesis.declared:
        return "The program itself computes this loss in its training step."
    if hypothesis.stated:
        return "Of what the program computes, this is the loss that explains all of its updates."
    begins = ""
    if hypothesis.site is not None:
        text = " ".join(trace.sites[hypothesis.site].text.split())
        begins = f" with `{text}` (line {trace.sites[hypothesis.site].span.row})"
    return (
        f"This loss is inferred: no loss that the program computes explains its updates, and its "
        "backward pass "
        f"begins{begins}. For another loss they would not be right."
    )


def conventions(judgement: Judgement) -> tuple[Finding, ...]:
    """Point out one factor that all gradients share: the learning rate absorbs it."""
    verdict, hypothesis = judgement.verdict, judgement.step.hypothesis
    if not verdict.rate or not verdict.scales or not hypothesis.stated:
        return ()
    ratio = verdict.scales[0] / verdict.rate
    if abs(ratio - 1) <= 1e-5 or max(verdict.scales) > min(verdict.scales) * (1 + 1e-6):
        return ()
    rule = RULES["common-scale"]
    message = f"Every gradient is {ratio:.6g} times that of the loss: one factor, {absorbed(hypothesis)}."
    loss = loss_row(judgement)
    span = Span(loss.row, 1, loss.row, 2, loss.file) if loss.row else None
    severity: Severity = "warning" if hypothesis.minimised else "info"
    return (Finding(rule.code, rule.name, severity, message, span),)
