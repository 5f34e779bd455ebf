"""``backproof train PROGRAM``: takes the program over, trains it compiled, and reports as text or JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from backproof.errors import INTERRUPTED, FileUnwritableError
from backproof.retrain.aligned import RetrainError
from backproof.retrain.counting import course_of
from backproof.retrain.keeping import keeper_of
from backproof.retrain.plain import plain
from backproof.retrain.report import as_json, as_text, what_was_taken_over
from backproof.retrain.taken_over import TakenOver, take_over
from backproof.retrain.training import train
from backproof.runner import Runner
from backproof.source import read_program, require_python
from backproof.training.checkpoint import Keeper
from backproof.training.outputs import NOTHING_SAVED, check_files, how_to_go_on
from backproof.training.pictures import write_curve
from backproof.training.progress import Progress
from backproof.training.report import headline
from backproof.training.run import Outcome, Reached
from backproof.training.what_if import table_as_json, table_as_text, what_if
from backproof.training.writing import write_whole

TAKEN = frozenset(
    {
        "checkpoint", "lr", "networks", "output_format", "plot", "program", "resume", "save", "seed", "steps",
        "what_if",
    }
)  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Train and report. Gives 0, 2 when it diverged, 130 when Ctrl-C ended it."""
    imported = time.process_time()  # until here nothing was done but to import
    start = time.perf_counter()
    save, plot = (None if v is None else Path(v) for v in (arguments.save, arguments.plot))
    _refuse(arguments, save, plot)
    program = read_program(arguments.program)
    require_python(program)
    with Runner() as runner:
        taken = take_over(program, runner)
        if arguments.lr is not None and not taken.rates:
            raise RetrainError("--lr: no number of the program is called a learning rate in all its updates.")
        course = course_of(taken.program, taken.judgement.step.trace, taken.judgement.windows, runner)
    steps = arguments.steps or course.steps
    if steps is None:
        raise RetrainError(
            f"How many steps {program.filename} makes cannot be told from its loops: give --steps N."
        )
    steps = max(steps - taken.skipped, 1)
    if arguments.what_if:
        return _what_if(taken, steps, arguments)
    outcome, keeper, trouble = _trained(taken, steps, arguments)
    total = time.perf_counter() - start
    if arguments.output_format == "json":
        sys.stdout.write(json.dumps(as_json(taken, course, outcome, imported, total)) + "\n")
    else:
        sys.stdout.write(as_text(taken, course, outcome, total))
    for sentence in [*_written(taken, outcome, save, plot), *_kept(outcome, keeper, trouble, save)]:
        if arguments.output_format != "json":
            sys.stdout.write(f"{sentence}\n")
    if trouble:
        raise trouble
    if outcome.interrupted:
        return INTERRUPTED
    return 2 if outcome.divergence else 0


def _trained(
    taken: TakenOver, steps: int, arguments: argparse.Namespace
) -> tuple[Outcome, Keeper | None, FileUnwritableError | None]:
    """Train, watched and kept; gives what it came to, the checkpoint, and why that could not be written."""
    seed, rate = arguments.seed or 0, arguments.lr
    keeper: Keeper | None = None
    if arguments.checkpoint:
        path = Path(arguments.checkpoint)
        keeper = keeper_of(taken, path, steps, seed, rate, resume=bool(arguments.resume))
    known = keeper.networks.get(seed) if keeper else None
    with Progress(steps) as progress:

        def watch(reached: Reached) -> None:
            if keeper:
                keeper.watch(reached)
            progress.watch(reached)

        outcome = train(taken, steps, seed, rate, watch, known)
    return outcome, keeper, keeper.close() if keeper else None


def _kept(
    outcome: Outcome, keeper: Keeper | None, trouble: FileUnwritableError | None, save: Path | None
) -> list[str]:
    """Say where the state is, and how to go on."""
    if keeper and not trouble:
        goes_on = outcome.interrupted
        said = how_to_go_on(keeper.path, finished=False) if goes_on else f"The state is in {keeper.path}."
        return [*keeper.notes, said]
    if outcome.interrupted and save is None:
        return [NOTHING_SAVED]
    return []


def _refuse(arguments: argparse.Namespace, save: Path | None, plot: Path | None) -> None:
    """Refuse what a program decides itself, and files that could not be written, before anything is run."""
    for name, value in vars(arguments).items():
        if name not in TAKEN and isinstance(value, (bool, int, float, str, list)) and value is not False:
            raise RetrainError(
                f"--{name.replace('_', '-')}: is decided by PROGRAM, or not there yet for it; --steps, --lr,"
                " --seed, --save, --plot, --checkpoint, --resume, --what-if and --output-format are."
            )
    if (arguments.networks or 1) > 1:
        raise RetrainError("--networks: PROGRAM has its own first weights, of one network.")
    check_files(save, plot)


def _written(taken: TakenOver, outcome: Outcome, save: Path | None, plot: Path | None) -> Sequence[str]:
    """Write the files that were asked for, and say so."""
    sentences = []
    if save is not None and outcome.divergence:
        sentences.append(f"Nothing was written to {save}: the parameters are not finite.")
    elif save is not None:
        arrays: dict[str, Any] = {}
        for each, value in zip(taken.recurrence.carried, outcome.parameters, strict=False):
            name, number = each.name, 2
            while name in arrays:
                name, number = f"{each.name} ({number})", number + 1
            arrays[name] = value
        write_whole(save, lambda file: np.savez(file, **arrays), "--save")
        sentences.append(f"The parameters are in {save}.")
    if plot is not None and len(outcome.history) > 1:
        write_curve(outcome.history, plot)
        sentences.append(f"The plot is in {plot}.")
    return sentences


def _what_if(taken: TakenOver, steps: int, arguments: argparse.Namespace) -> int:
    """Try what could help the network of the program; gives 130 when Ctrl-C ended it."""
    options = plain(taken, steps, arguments.seed or 0)
    if options is None:
        raise RetrainError(
            "--what-if: the program is no plain network of layers (products, biases or none, one activation)"
            " under a loss that is known here, so that there are no variants to train."
        )
    if arguments.lr is not None:
        options = replace(options, rate=arguments.lr)
    found, own = what_if(options, written=False)
    seeds = range(own.options.seed, own.options.seed + own.options.networks)
    if arguments.output_format == "json":
        sys.stdout.write(json.dumps(table_as_json(found, seeds)) + "\n")
    else:
        sys.stdout.write("\n".join([*what_was_taken_over(taken), "", f"as {headline(own)}", ""]))
        sys.stdout.write(table_as_text(found, seeds))
    return INTERRUPTED if found.interrupted else 0
