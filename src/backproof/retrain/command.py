"""``backproof train PROGRAM``: takes the program over, trains it compiled, and reports as text or JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from backproof.errors import INTERRUPTED, FileUnwritableError
from backproof.retrain import as_it_is
from backproof.retrain.aligned import RetrainError
from backproof.retrain.as_it_is import SECONDS, run_as_it_is
from backproof.retrain.counting import Course, course_of
from backproof.retrain.keeping import keeper_of
from backproof.retrain.plain import plain_network
from backproof.retrain.report import as_json, as_text, what_was_taken_over
from backproof.retrain.taken_over import Seen, TakenOver, seen, taken_over
from backproof.retrain.training import train
from backproof.retrain.variants import seeds_of, variants
from backproof.runner import Runner
from backproof.source import read_program, require_python
from backproof.training.checkpoint import Keeper
from backproof.training.outputs import NOTHING_SAVED, check_files, how_to_go_on, write_parameters
from backproof.training.pictures import write_curve
from backproof.training.progress import Progress
from backproof.training.report import headline
from backproof.training.run import Outcome, Reached
from backproof.training.what_if import table_as_json, table_as_text, what_if

KEPT_OUT = ("checkpoint", "lr", "seed", "what_if")  # of a program that is run as it is
TAKEN = frozenset(
    {
        "checkpoint", "lr", "networks", "output_format", "plot", "program", "resume", "save", "seed", "steps",
        "timeout", "what_if",
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
        found = seen(program, runner)
        course = course_of(found.program, found.judgement.step.trace, found.judgement.windows, runner)
        try:
            taken = taken_over(found, runner)
            if taken.machine.kernel is None and not _needs_taking_over(arguments):
                raise RetrainError(f"{taken.machine.reason}.")
            steps = arguments.steps or course.steps
            if steps is None:
                raise RetrainError(
                    "How many steps it makes cannot be told from its loops (--steps N says it)."
                )
        except RetrainError as error:
            return _as_it_is(found, course, str(error), runner, arguments, imported, start)
    if arguments.lr is not None and not taken.rates:
        raise RetrainError("--lr: no number of the program is called a learning rate in all its updates.")
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


def _needs_taking_over(arguments: argparse.Namespace) -> bool:
    """Is something asked for that the program cannot do by itself?"""
    return any(getattr(arguments, name) is not None for name in KEPT_OUT)


def _as_it_is(
    found: Seen,
    course: Course,
    why: str,
    runner: Runner,
    arguments: argparse.Namespace,
    imported: float,
    start: float,
) -> int:
    """Run the program as it is, where it cannot be compiled, and report. Gives 0, 2 or 130 as `run` does."""
    for name in KEPT_OUT:
        if getattr(arguments, name) is not None:
            raise RetrainError(
                f"--{name.replace('_', '-')}: needs a program that can be compiled. This one cannot: {why}"
            )
    limit = arguments.timeout or SECONDS
    try:
        ran = run_as_it_is(found, course, why, runner, seconds=limit, steps=arguments.steps or 0)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped by Ctrl-C, before the program that was run as it is came to its end.\n")
        return INTERRUPTED
    interrupted = ran.ended == "interrupted"
    files = ["Nothing was saved: --save FILE.npz keeps the parameters."] if interrupted else []
    if arguments.save is not None:
        path, files = Path(arguments.save), []
        if ran.diverged:
            files.append(f"Nothing was written to {path}: the program diverged.")
        elif ran.values:
            files.append(write_parameters(path, ran.values.items()))
        else:
            files.append(f"Nothing was written to {path}: at its end the parameters have no names any more.")
    if arguments.plot is not None and len(ran.history) > 1:
        write_curve(ran.history, Path(arguments.plot))
        files.append(f"The plot is in {arguments.plot}.")
    if arguments.output_format == "json":
        total = time.perf_counter() - start
        sys.stdout.write(json.dumps(as_it_is.as_json(ran, 0, imported, total)) + "\n")
    else:
        sys.stdout.write(as_it_is.as_text(ran, files, limit))
    if interrupted:
        return INTERRUPTED
    return 2 if ran.diverged else 0


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
        names = [each.name for each in taken.recurrence.carried]
        sentences.append(write_parameters(save, zip(names, outcome.parameters, strict=False)))
    if plot is not None and len(outcome.history) > 1:
        write_curve(outcome.history, plot)
        sentences.append(f"The plot is in {plot}.")
    return sentences


def _what_if(taken: TakenOver, steps: int, arguments: argparse.Namespace) -> int:
    """Try what could help the network of the program; gives 130 when Ctrl-C ended it."""
    known = plain_network(taken, steps, arguments.seed or 0)
    if known is None:
        return _variants(taken, steps, arguments)
    options = known.options if arguments.lr is None else replace(known.options, rate=arguments.lr)
    found, own = what_if(options, written=False)
    seeds = range(own.options.seed, own.options.seed + own.options.networks)
    if arguments.output_format == "json":
        sys.stdout.write(json.dumps(table_as_json(found, seeds)) + "\n")
    else:
        sys.stdout.write("\n".join([*what_was_taken_over(taken), "", f"as {headline(own)}", ""]))
        sys.stdout.write(table_as_text(found, seeds))
    return INTERRUPTED if found.interrupted else 0


def _variants(taken: TakenOver, steps: int, arguments: argparse.Namespace) -> int:
    """Try what can be changed from outside, where the network of the program is not one of plain layers."""
    seed = arguments.seed or 0
    found = variants(taken, steps, seed, arguments.lr)
    seeds = seeds_of(taken, seed)
    if arguments.output_format == "json":
        sys.stdout.write(json.dumps(table_as_json(found, seeds)) + "\n")
    else:
        said = "no network of plain layers under a known loss: its rate, steps and first values are varied"
        sys.stdout.write("\n".join([*what_was_taken_over(taken), said, "", ""]))
        sys.stdout.write(table_as_text(found, seeds))
    return INTERRUPTED if found.interrupted else 0
