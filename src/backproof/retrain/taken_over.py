"""The way of a program to a training that can be run compiled: check, mend, trace, take over, verify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from backproof.check.judge import judge
from backproof.check.judgement import Judgement
from backproof.findings import FileReport, Finding
from backproof.pipeline import check_program
from backproof.pipeline.observing import with_modules
from backproof.retrain.aligned import Entry, RetrainError
from backproof.retrain.branches import stops
from backproof.retrain.decays import Decays, decays_of
from backproof.retrain.listed import MoreToSeeError
from backproof.retrain.losses import Loss, loss_of
from backproof.retrain.machine import Machine, machine
from backproof.retrain.rates import rates_of
from backproof.retrain.recurrence import Recurrence, recurrence
from backproof.retrain.sample_order import SampleOrder, filled_up, sample_order
from backproof.retrain.samples import Samples, samples_of
from backproof.runner import Runner
from backproof.source import Program, apply_edits
from backproof.step import Window
from backproof.trace import Trace, trace_program
from backproof.trace.run import how_it_ended

Array = NDArray[np.float64]
# Steps that are recorded, to tell the order of the samples from, and nodes: fewer of large ones.
LOOKS = ((40, 8_000), (6, 60_000))
LONGER = ((1000, 20_000),)  # the same where these did not show every sample
ENOUGH = 5  # steps, for the second look not to be needed
SECONDS = 20.0
SMALLEST = 1e-6  # of the largest number of all parameters: what is smaller may be all rounding
CLOSE = 1e-9  # of the largest number of a parameter: what rounding may make of a few dozen steps
CLOSE_NARROW = 1e-4  # the same where the program computes in less than float64


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TakenOver:
    """A program whose training can be run compiled.

    ``program`` is the mended one, ``report`` what was found in the one given, ``mended`` the findings whose
    edits it has. ``deviation`` is the largest relative difference to the program's own weights over the
    ``verified`` first steps. ``rates`` are the numbers that the program calls its learning rate,
    ``stops`` the conditions by which it ends before its loops do, or goes on. The first ``skipped`` steps of
    the program, which update less than the others, are not taken over: the training begins behind them.
    ``decays`` is how it changes its rate by the number of a round.
    """

    program: Program
    report: FileReport
    mended: tuple[Finding, ...]
    judgement: Judgement
    recurrence: Recurrence
    samples: Samples
    order: SampleOrder
    machine: Machine
    verified: int
    deviation: float
    rates: tuple[Entry, ...]
    stops: tuple[str, ...]
    skipped: int = 0
    decays: Decays | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Seen:
    """A program whose training was seen: mended where it has to be, and with its steps recorded."""

    program: Program
    report: FileReport
    mended: tuple[Finding, ...]
    judgement: Judgement


def take_over(
    program: Program, runner: Runner, *, loss: str | None = None, compiled: bool = True
) -> TakenOver:
    """Check a program, mend it where that was verified, and build its training.

    Raises
    ------
    RetrainError
        When it cannot be taken over; the message says why.
    """
    return taken_over(seen(program, runner, loss=loss), runner, loss=loss, compiled=compiled)


def seen(
    program: Program,
    runner: Runner,
    *,
    loss: str | None = None,
    report: FileReport | None = None,
    seconds: float = SECONDS,
) -> Seen:
    """Check a program, mend it where that was verified, and record its training.

    ``report`` is what the check has found, where it was done before. The program is run for so many
    ``seconds`` at the most, twice.

    Raises
    ------
    RetrainError
        When no training was seen, or when it has a mistake that no edit was verified to mend.
    """
    report = report or check_program(program, loss=loss, runner=runner)
    if not report.parameters and report.verdict == "inconclusive":
        raise RetrainError(report.reason or f"{program.filename}: no training step was seen.")
    mended, found = _mended(program, report)
    trace, judgement = _seen(mended, runner, loss, seconds, LOOKS)
    mended = with_modules(mended, trace)
    if judgement is None:
        raise RetrainError(report.reason or how_it_ended(trace, mended, seconds))
    return Seen(mended, report, found, judgement)


def taken_over(
    found: Seen, runner: Runner | None = None, *, loss: str | None = None, compiled: bool = True
) -> TakenOver:
    """Build the training of a program that was seen.

    Where too few steps were seen to know every sample, a ``runner`` runs it once more, for longer.

    Raises
    ------
    RetrainError
        When it cannot be taken over; the message says why.
    """
    try:
        return _taken_over(found, compiled)
    except MoreToSeeError:
        if runner is None:
            raise
    trace, judgement = _seen(found.program, runner, loss, SECONDS, LONGER)
    if judgement is None:
        raise RetrainError(how_it_ended(trace, found.program, SECONDS))
    return _taken_over(replace(found, judgement=judgement), compiled)


def _taken_over(found: Seen, compiled: bool) -> TakenOver:
    judgement = found.judgement
    if judgement.beside:
        raise RetrainError("The program trains several networks in turn, which cannot be taken over.")
    if judgement.step.window.outside:
        raise RetrainError("The program updates parameters beside its steps, which cannot be taken over.")
    steps = _in_a_row(judgement.windows)
    carried = recurrence(judgement.step, steps)
    rates = rates_of(carried)
    decays = decays_of(carried, rates, sorted(judgement.windows, key=lambda w: w.start)) if rates else None
    ends = stops(carried, decays.name if decays else None)
    stated = loss_of(carried, judgement.step, steps)
    samples = samples_of(carried, stated.read(), rates)
    stated = replace(stated, places=samples.places(stated.read()))
    order = sample_order(samples, "\n".join([found.program.text, *(m.text for m in found.program.modules)]))
    ready = machine(carried, samples, stated, rates, compiled=compiled)
    deviation = _deviation(carried, samples, ready)
    narrow = any(
        np.asarray(c.before.value).dtype != np.float64 for c in carried.carried[: carried.parameters]
    )
    close = CLOSE_NARROW if narrow else CLOSE
    if not deviation <= close:
        raise RetrainError(
            f"The step that was taken over does not give the program's own weights: after"
            f" {len(carried.windows)} steps they differ by {deviation:.1g} of their size."
        )
    _require_own_loss(stated, carried, samples, ready, close)
    return TakenOver(
        found.program, found.report, found.mended, judgement, carried, samples, order, ready,
        len(carried.windows), deviation, tuple(rates), tuple(ends), len(judgement.windows) - len(steps),
        decays,
    )  # fmt: skip


def _seen(
    program: Program, runner: Runner, loss: str | None, seconds: float, looks: Sequence[tuple[int, int]]
) -> tuple[Trace, Judgement | None]:
    """Record so many steps that the rule can be told by which they follow one another, and judge them."""
    for steps, nodes in looks:
        trace = trace_program(program, steps=steps, nodes=nodes, seconds=seconds, runner=runner)
        judgement = judge(trace, loss)
        if judgement is not None and len(judgement.windows) >= ENOUGH:
            break
    return trace, judgement


def _mended(program: Program, report: FileReport) -> tuple[Program, tuple[Finding, ...]]:
    """The program with all edits that mend it.

    Raises
    ------
    RetrainError
        When there is a mistake in it that is not mended.
    """
    errors = [finding for finding in report.findings if finding.severity == "error"]
    left = [finding for finding in errors if not finding.mended]
    if left:
        row = f":{left[0].span.row}" if left[0].span is not None else ""
        raise RetrainError(
            f"{program.filename}{row}: {left[0].name}: a gradient is wrong and no edit was verified to mend"
            " it, so that there is no right training to take over; 'backproof check' says more."
        )
    edits = [edit for finding in errors if finding.fix is not None for edit in finding.fix.edits]
    return (apply_edits(program, edits) if edits else program), tuple(errors)


def _in_a_row(windows: Sequence[Window]) -> list[Window]:
    """The steps in order of time, from the first that updates as much as any.

    Where an input is 0, no weight of it may be seen to learn.
    """
    ordered = sorted(windows, key=lambda w: w.start)
    most = max(len(w.parameters) for w in ordered)
    first = next(k for k, w in enumerate(ordered) if len(w.parameters) == most)
    return ordered[first:]


def _deviation(found: Recurrence, samples: Samples, ready: Machine) -> float:
    """How far the first steps, done again from the program's first weights, lead away from its own."""
    count = len(found.windows)
    rows = filled_up(samples.rows[:count] or ((0,),) * count, samples.batch)
    loop = ready.loop()
    worst = 0.0
    for k in range(count):
        loop.advance(ready.numbered(rows[k : k + 1], k), ready.rate)
        if k not in (0, count // 2, count - 1):
            continue
        parameters = found.carried[: found.parameters]
        owns = [np.asarray(each.after.nodes[k].value, dtype=np.float64) for each in parameters]
        largest = max((float(np.max(np.abs(own), initial=0.0)) for own in owns), default=0.0)
        for own, value in zip(owns, loop.state(), strict=False):
            size = max(float(np.max(np.abs(own), initial=0.0)), SMALLEST * largest) or 1.0
            gap = np.max(np.abs(value - own), initial=0.0) if np.all(np.isfinite(own)) else np.inf
            worst = max(worst, float(gap) / size) if np.isfinite(gap) else np.inf
    return worst


def _require_own_loss(loss: Loss, found: Recurrence, samples: Samples, ready: Machine, close: float) -> None:
    """Hold the loss of the step that was judged, computed anew, against what the program computed.

    Raises
    ------
    RetrainError
        When it is another.
    """
    k = loss.position if loss.entry is None else 0
    if found.laws or k >= len(found.windows) or any(map(loss.is_total, loss.line())):
        return
    node = loss.node if loss.entry is None else loss.entry.nodes[k]
    own = loss.share * float(np.sum(np.asarray(node.value, dtype=np.float64)))
    own_rows = samples.rows[k] if samples.rows else (0,)
    if ready.alone:
        own_rows = (own_rows[loss.places[0]],) * samples.batch
    rows = filled_up([own_rows], samples.batch)
    state = [np.asarray(each.before.nodes[k].value, dtype=np.float64) for each in found.carried]
    shaped = [np.broadcast_to(v, each.first.shape) for v, each in zip(state, found.carried, strict=True)]
    again = ready.loss([*shaped, *ready.first[len(shaped) :]], rows, k)
    if np.isfinite(own) and not abs(again - own) <= 1e3 * close * max(abs(own), 1.0):
        raise RetrainError(
            f"The loss of step {k + 1} is {own:.6g} in the program and {again:.6g} in the step that was taken"
            " over: what it is computed from could not be followed."
        )
