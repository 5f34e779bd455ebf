"""The end of ``check``: whether a program whose gradients are right learns, and what would make it.

It is trained compiled, by its own steps, and held against always predicting the mean. Only what is plainly
stuck is spoken of, and only where something else does better: how well it could do at the best, with targets
that are noise in part, nobody knows.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backproof.findings import FileReport
from backproof.retrain.aligned import RetrainError
from backproof.retrain.counting import course_of
from backproof.retrain.plain import plain_network
from backproof.retrain.taken_over import seen, taken_over
from backproof.retrain.training import train
from backproof.runner import Runner
from backproof.source import Program
from backproof.training.network import LOSSES
from backproof.training.options import Options
from backproof.training.report import constant_guess, headline
from backproof.training.run import Outcome, Reached, loss_of_mean
from backproof.training.session import Result
from backproof.training.what_if import Found, table_as_text, what_if

STUCK = 0.5  # of the loss of always predicting the mean: a program that ends above it has hardly learnt
HELPS = 0.5  # of the program's loss: a change that ends below it shows that more can be learnt
ROWS = 8  # of the table
SEEN = 5.0  # seconds for the steps of the program to be seen
PATIENCE = 3.0  # seconds of the processor to tell its network, and as many to train it


@dataclass(frozen=True, slots=True)
class Outlook:
    """A program that does not learn though its gradients are right.

    ``flat`` is the loss of always predicting the mean, in the program's own units as those of ``outcome``;
    ``found`` are the variants that were trained, and ``own`` the network that they vary. Both are None
    where the gradients still have to be mended.
    """

    outcome: Outcome
    flat: float
    classes: bool
    found: Found[Options] | None = None
    own: Result | None = None


def outlook(program: Program, report: FileReport, runner: Runner, seconds: float) -> Outlook | None:
    """Train a program that was checked, and, where it is stuck, variants of it for so many ``seconds``.

    None where it learns, where nothing else does better, and where this cannot be told: it is no plain
    network, its steps cannot be counted or take too long. Of a program that has mistakes, all mended, the
    variants are not trained.
    """
    errors = [finding for finding in report.findings if finding.severity == "error"]
    if report.verdict == "inconclusive" or not all(finding.mended for finding in errors):
        return None
    try:
        taken = taken_over(seen(program, runner, report=report, seconds=min(SEEN, seconds)))
    except RetrainError:
        return None
    course = course_of(taken.program, taken.judgement.step.trace, taken.judgement.windows, runner)
    known = plain_network(taken, course.steps, 0, PATIENCE) if course.steps else None
    if known is None or course.steps is None:
        return None
    end = time.process_time() + PATIENCE

    def late(_: Reached) -> bool:
        return time.process_time() > end

    outcome = train(taken, course.steps, 0, None, late)
    network, arrays = known.options.network, known.options.arrays
    assert arrays is not None  # a program brings its data
    flat = known.unit * loss_of_mean(network, arrays[1])
    if (
        outcome.interrupted
        or outcome.stopped
        or not (outcome.divergence or outcome.final_loss > STUCK * flat)
    ):
        return None
    classes = LOSSES[network.loss].of_classes
    if errors:
        return Outlook(outcome, flat, classes)
    found, own = what_if(known.options, written=False, seconds=seconds)
    reached = math.inf if outcome.divergence else outcome.final_loss
    helps = any(known.unit * row.middle < HELPS * min(reached, flat) for row in found.rows if not row.easier)
    return Outlook(outcome, flat, classes, found, own) if helps else None


def outlook_as_text(program: Program, stuck: Outlook) -> str:
    """Say that the program does not learn, and show the variants, best first."""
    return "\n".join(_lines(program, stuck))


def _lines(program: Program, stuck: Outlook) -> Iterator[str]:
    outcome = stuck.outcome
    right = "with these mended" if stuck.found is None else "with every gradient right"
    came = (
        f"it diverges at step {outcome.divergence.step:,}"
        if outcome.divergence
        else f"it hardly learns: after its {outcome.steps:,} steps the loss is {outcome.final_loss:.3g}"
    )
    always = constant_guess(stuck.classes)
    yield f"{program.filename}: {right}, {came}; always predicting {always} gives {stuck.flat:.3g}."
    if stuck.found is None or stuck.own is None:
        yield f"What would help is trained by: backproof train {program.filename} --what-if"
        return
    yield f"What would help, trained compiled, as {headline(stuck.own)}:"
    yield ""
    yield table_as_text(stuck.found, _seeds(stuck.own), ROWS).rstrip("\n")


def _seeds(own: Result) -> Sequence[int]:
    return range(own.options.seed, own.options.seed + own.options.networks)
