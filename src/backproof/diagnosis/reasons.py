"""Why a program could not be judged, in words that tell its author what to do."""

from __future__ import annotations

from backproof.check.judge import Judgement
from backproof.faults import RULES
from backproof.findings import Finding
from backproof.source import Program, Span
from backproof.step.loss import ancestors_since
from backproof.trace import Trace
from backproof.trace.run import how_it_ended

NO_LOSS = (
    "No loss was found that explains the updates: none of the gradients is that of a loss which the program "
    "states or which its backward pass implies. --loss NAME names the variable that is the loss."
)


def no_step(trace: Trace, program: Program, loss: str | None, seconds: float) -> str:
    """Say why no training step was seen, and where the run ended."""
    if loss is not None and trace.ended in ("finished", "stopped"):
        return (
            f"No value called {loss} that depends on the parameters was seen; without --loss it is inferred."
        )
    return how_it_ended(trace, program, seconds)


def unknown_calls(judgement: Judgement) -> str | None:
    """Say which calls of the step could not be followed, where an update or the loss hangs on one."""
    step, window = judgement.step, judgement.step.window
    results = [step.hypothesis.node, *(c.after for p in step.parameters for c in p.changes)]
    made = ancestors_since(results, window.start)
    unknown = step.trace.unknown
    used = sorted({unknown[node] for node in made if node in unknown and node.origin.time >= window.start})
    if not used:
        return None
    return f"A value of the training step comes from what could not be followed: {', '.join(used)}."


def supplied(trace: Trace) -> tuple[Finding, ...]:
    """Say what the program was given so that it could run."""
    if not trace.supplied:
        return ()
    rule = RULES["supplied"]
    what = ", ".join(text for text, _ in trace.supplied)
    row = min(row for _, row in trace.supplied)
    message = f"The program does not run as it is; it was given {what}."
    return (Finding(rule.code, rule.name, "info", message, Span(row, 1, row, 2)),)
