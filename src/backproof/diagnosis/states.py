"""Steps that hand values to the next one: judged again with these taken for no parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from backproof.check.carried import carried
from backproof.check.grades import starting_states
from backproof.check.judge import judge
from backproof.check.judgement import Judgement
from backproof.diagnosis.wording import listed
from backproof.findings import FileReport
from backproof.step import label
from backproof.step.update import keeps
from backproof.trace import Trace


def among_states(
    judgement: Judgement, loss: str | None, states: Sequence[int] | None = None
) -> tuple[Judgement, tuple[str, ...]] | None:
    """Judge a step again with what it carries on taken for no parameter, and say of what that is not sure.

    ``states`` says how right every parameter is with the corrections that are known. None where the step
    carries nothing on, or where nothing is left to judge.
    """
    step = judgement.step
    found = carried(judgement, states)
    places = {each.change.place for each in found} | {change.place for change in step.window.states}
    again = _judged_without(step.trace, loss, places) if found else None
    unsure = tuple(label(step.trace, each.change) for each in found if not each.sure)
    return None if again is None else (again, unsure)


def among_means(judgement: Judgement, loss: str | None) -> Judgement | None:
    """Judge a step again without the running means of data, which one correction could make gradients of."""
    verdict, trace = judgement.verdict, judgement.step.trace
    if verdict.correct or not any(verdict.right):
        return None
    found = carried(judgement, starting_states(verdict))
    means = {c.change.place for c in found if c.sure and keeps(c.change.after, c.change.before, whole=True)}
    places = means | {c.place for c in judgement.step.window.states}
    return _judged_without(trace, loss, places) if means else None


def _judged_without(trace: Trace, loss: str | None, places: set[Any]) -> Judgement | None:
    """Judge the steps in which none of some places is a parameter; None where there is no other step."""
    again = judge(trace, loss, places)
    if again is None:
        return None
    taken = {change.place for parameter in again.step.parameters for change in parameter.changes}
    return again if taken.isdisjoint(places) else None


def unsure_of(report: FileReport, names: Sequence[str]) -> FileReport:
    """Certify nothing of a step with values that may be states, or parameters with a wrong update."""
    if report.verdict != "correct" or not names:
        return report
    return replace(report, verdict="inconclusive", reason=_may_be_states(names), certified=())


def _may_be_states(names: Sequence[str]) -> str:
    """Say of which values it cannot be told whether they are parameters."""
    them = "them" if len(names) > 1 else "it"
    return (
        f"The step replaces {listed(list(names))} by something that does not vanish where the gradients do, "
        "as a state that is carried from step to step is replaced, or a running mean. If that is meant, "
        f"every gradient is right; if the program is to learn {them}, the update is wrong."
    )
