"""One training program as an experiment: run, judged, and read."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median

import numpy as np

from backproof.check.judge import judge
from backproof.check.judgement import Judgement
from backproof.check.losses import judged_step
from backproof.compare.counting import steps_of
from backproof.compare.data import Data
from backproof.compare.frameworks import framework_of
from backproof.compare.layering import described
from backproof.compare.losses import Loss, loss_of
from backproof.compare.network import Network
from backproof.compare.placeholders import as_numpy, has_placeholders
from backproof.compare.ports import network
from backproof.compare.seen import UNCOMPUTED, Seen
from backproof.compare.starting import Start
from backproof.compare.updates import Update, update_of
from backproof.errors import NoTrainingStepError
from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.runner import Runner
from backproof.source import Program
from backproof.step import Window
from backproof.step.change import made_between
from backproof.trace import trace_program
from backproof.trace.run import NODES

LOOKS = ((12, 16_000), (4, NODES))  # steps and nodes: enough to tell samples in turn from samples at random
SECONDS = 20.0
SMALLER = 0.95  # of the numbers of other steps: what is shown in some of them are only a few


@dataclass(frozen=True, eq=False, repr=False)
class Experiment:
    """A program whose training was seen: its step, and what ``check`` says of its gradients.

    ``derived`` says that its backward pass is not its own, but the derived one, as a framework's is.
    """

    program: Program
    seen: Seen
    report: FileReport
    derived: bool = False

    @cached_property
    def code(self) -> str:
        """The program without its comments and its layout."""
        return ast.dump(ast.parse(self.program.text))

    @property
    def unmoved(self) -> bool:
        """Does ``check`` name parameters that no update of the step changes?"""
        moved = {p.name for p in self.seen.step.parameters}
        return any(p.name not in moved for p in self.report.parameters)

    @cached_property
    def network(self) -> Network | None:
        """Its forward pass, where it is seen what goes in and what comes out."""
        try:
            return network(self.seen)
        except UNCOMPUTED:
            return None

    @cached_property
    def model(self) -> str | None:
        """Its forward pass in words."""
        return None if self.network is None or self.unmoved else described(self.network)

    @cached_property
    def data(self) -> Data | None:
        """Its samples."""
        return None if self.network is None else Data(self.seen, self.network)

    @cached_property
    def start(self) -> Start | None:
        """What its parameters begin with."""
        return None if self.network is None else Start(self.network)

    @cached_property
    def loss(self) -> Loss:
        """Its loss."""
        return Loss(None) if self.network is None else loss_of(self.network)

    @cached_property
    def update(self) -> Update:
        """The rule by which it updates its parameters."""
        return update_of(self.seen)

    @cached_property
    def steps(self) -> int | None:
        """How many steps it makes."""
        return steps_of(self.seen.judgement, self.program.text)


def _of_whole_batch(judgement: Judgement, loss: str | None) -> Judgement:
    """Judge another step, where the one that was judged takes fewer samples, as the last of an epoch does."""
    trace, windows = judgement.step.trace, judgement.windows

    def size(window: Window) -> int:
        return sum(int(np.size(node.value)) for node in made_between(trace, window.start, window.end))

    usual = SMALLER * median([size(window) for window in windows])
    if size(judgement.step.window) >= usual:
        return judgement
    larger = next(window for window in reversed(windows) if size(window) >= usual)
    again, _ = judged_step(trace, larger, loss)
    if again is None:
        return judgement
    return replace(again, windows=windows, dropped=judgement.dropped, beside=judgement.beside)


def experiment(program: Program, loss: str | None, seconds: float | None, runner: Runner) -> Experiment:
    """Run a program, check its gradients, and read what it does.

    Raises
    ------
    NoTrainingStepError
        When no training step was seen, with what ``check`` says of it.
    """
    derived = has_placeholders(program)
    if derived:
        program = as_numpy(program, seconds or SECONDS, runner)
    report = check_program(program, loss=loss, timeout=seconds, runner=runner)
    judgement = None
    for steps, nodes in LOOKS:
        trace = trace_program(program, steps=steps, nodes=nodes, seconds=seconds or SECONDS, runner=runner)
        judgement = judge(trace, loss)
        judgement = None if judgement is None else _of_whole_batch(judgement, loss)
        if judgement is not None:
            break
    framework = framework_of(program)
    if judgement is None and framework is not None:
        raise NoTrainingStepError(
            f"{program.filename}: it trains by {framework}, which makes the gradients itself; of such "
            "programs those with TensorFlow 1's placeholders are read, and no others yet."
        )
    if judgement is None:
        reason = report.reason or "no training step was seen in it"
        raise NoTrainingStepError(reason if program.filename in reason else f"{program.filename}: {reason}")
    return Experiment(program, Seen(judgement), report, derived)
