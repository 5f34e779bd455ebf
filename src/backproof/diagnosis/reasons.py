"""Why a program could not be judged, in words that tell its author what to do."""

from __future__ import annotations

from backproof.check.judge import Judgement
from backproof.faults import RULES
from backproof.findings import Finding
from backproof.source import Span
from backproof.step.loss import ancestors_since
from backproof.trace import Trace

NO_LOSS = (
    "No loss was found that explains the updates: none of the gradients is that of a loss which the program "
    "states or which its backward pass implies. --loss NAME names the variable that is the loss."
)


def no_step(trace: Trace, loss: str | None, seconds: float) -> str:
    """Say why no training step was seen."""
    match trace.ended:
        case "crashed" if trace.crash is not None:
            crash = trace.crash
            return (
                f"The program stopped with {crash.kind} in line {crash.row}, before a whole training step "
                f"was seen: {crash.message or 'no message'}. Run it by itself first."
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
        return (
            f"No value called {loss} that depends on the parameters was seen; without --loss it is inferred."
        )
    return (
        "The program ran, but nothing in it looks like training: a value that is replaced, round after "
        "round, by itself plus something computed from it."
    )


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
