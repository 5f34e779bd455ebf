"""The step of a program that trains, to derive it or to write it as another program."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backproof.check.judge import judge
from backproof.check.judgement import Judgement
from backproof.derive import Derivation, derivation, from_step
from backproof.derive.emit import followed
from backproof.derive.training import Training, recorded, untrained
from backproof.deriving.losses import CALLED, without_updates
from backproof.deriving.request import Request
from backproof.errors import DerivationError
from backproof.pipeline.observing import Options, observed
from backproof.runner import Runner
from backproof.source import Program
from backproof.trace import Trace, trace_program

SEEDED = "import random as _random, numpy as _np; _random.seed(0); _np.random.seed(0)\n"


def derive_program(program: Program, request: Request, runner: Runner | None = None) -> Derivation:
    """Derive the loss of a program by its parameters.

    Those that it updates, or by ``request.wrt``.

    Raises
    ------
    DerivationError
        When no loss or no parameter is found.
    """
    trace = trace_program(program, seconds=request.seconds, runner=runner)
    judgement = judge(trace, request.loss) if not request.wrt else None
    if judgement is not None and not _only_looks_like_training(judgement, trace):
        return derivation(from_step(judgement.step))
    try:
        return derivation(without_updates(trace, program, request))
    except DerivationError:
        longer = None if request.wrt else _seen_longer(program, request, runner)
        if longer is None:
            raise
        return derivation(from_step(longer.step))


def _seen_longer(program: Program, request: Request, runner: Runner | None) -> Judgement | None:
    """The step of a program that was not seen to make one, looked at for as long as ``check`` does."""
    if runner is None:
        with Runner() as own:
            return _seen_longer(program, request, own)
    return observed(program, Options(runner, request.loss, seconds=request.seconds))[1]


def _only_looks_like_training(judgement: Judgement, trace: Trace) -> bool:
    """Is a state taken for a parameter, as it is replaced from itself, and the loss comes behind it all?"""
    if judgement.verdict.correct or judgement.step.hypothesis.stated or not judgement.windows:
        return False
    end = max(window.end for window in judgement.windows)
    losses = [b for b in trace.bindings if np.size(b.node.value) == 1 and CALLED.search(b.name)]
    return bool(losses) and all(b.time >= end for b in losses)


def train_program(
    program: Program, request: Request, rate: float | None, steps: int, runner: Runner | None = None
) -> Training:
    """Record the training that a program does, ``steps`` steps of it, to be written as another program.

    Random numbers that the program does not seed are those of the seed 0: all frameworks get the same.
    Where it updates nothing, its loss is minimised by plain gradient descent on the data that it has.

    Raises
    ------
    DerivationError
        When there is no loss, or its steps cannot be written as one loop.
    """
    if "__future__" not in program.text:  # else the program for one framework begins elsewhere than the next
        program = replace(program, text=SEEDED + program.text)
    trace = trace_program(program, steps=steps + 1, seconds=request.seconds, runner=runner)
    judgement = judge(trace, request.loss) if not request.wrt else None
    if judgement is None:
        return untrained(without_updates(trace, program, request), rate, steps)
    step = judgement.step
    training = recorded(step, judgement.windows, from_step(step), rate, steps)
    followed(training)
    return training
