"""``backproof train``: runs the options, shows the progress, and reports as text or JSON."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from backproof.errors import BackproofError
from backproof.train.data import Data
from backproof.train.network import LOSSES, initial_parameters
from backproof.train.options import Options, options_of
from backproof.train.plots import Fit, check_plot_path, terminal_plot, write_plot
from backproof.train.run import Outcome, Trainer

INTERRUPTED = 130  # what shells expect of a program that Ctrl-C ended
LEARNT = 1e-3  # of the loss of always predicting the mean: above it a sentence says what could help
TABLE_ROWS = 20


def run(arguments: argparse.Namespace) -> int:
    """Train and report. Gives 0, 2 when every network diverged, 130 when Ctrl-C ended it."""
    imported = time.process_time()  # until here nothing was done but to import
    start = time.perf_counter()
    options = options_of(arguments)
    _check_paths(options)
    data = options.data(options.seed)
    trainer = Trainer(options.network, data.seen, data.y, options.batch)
    outcomes: list[Outcome] = []
    with _Progress(options) as progress:
        for seed in range(options.seed, options.seed + options.networks):
            if options.file is None and seed != options.seed:
                data = options.data(seed)
                trainer.set_data(data.seen, data.y)
            parameters = initial_parameters(options.network, seed, options.largest)
            outcomes.append(trainer.run(parameters, options.steps, options.rate, seed, progress.watch(seed)))
            if outcomes[-1].interrupted:
                break
    total = time.perf_counter() - start
    best = min(outcomes, key=lambda outcome: _order(outcome.final_loss))
    if options.file is None and best is not outcomes[-1]:
        data = options.data(best.seed)
    if options.save:
        _save(options.save, options, data, best)
    if options.json:
        seconds = {
            "import": imported,
            "compile": trainer.kernel.seconds if trainer.kernel else 0.0,
            "run": sum(outcome.seconds for outcome in outcomes),
            "total": imported + total,
        }
        sys.stdout.write(json.dumps(_as_json(options, outcomes, seconds)) + "\n")
    else:
        _report(options, trainer, data, outcomes, best, total)
    if options.plot and best.divergence is None:
        write_plot(_fit(options, trainer, data, best), options.plot)
        if not options.json:
            sys.stdout.write(f"The plot is in {options.plot}.\n")
    if any(outcome.interrupted for outcome in outcomes):
        return INTERRUPTED
    return 2 if all(outcome.divergence for outcome in outcomes) else 0


def _order(loss: float) -> float:
    return loss if math.isfinite(loss) else math.inf


def _check_paths(options: Options) -> None:
    if options.plot:
        check_plot_path(options.plot)
        if options.network.layers[0] != 1:
            raise BackproofError("--plot draws a function of one input; the network has several.")
    if options.save and (options.save.suffix != ".npz" or not options.save.parent.is_dir()):
        raise BackproofError(
            f"--save {options.save}: give a file that ends in .npz, in a folder that exists."
        )


class _Progress:
    """A progress bar on standard error, while it is a terminal and the run is long enough to be watched."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._bar: Any = None
        self._task: Any = None
        self._start = time.perf_counter()

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def watch(self, seed: int) -> Any:
        """What a run tells its progress to; None where nobody looks."""
        if not sys.stderr.isatty():
            return None
        before = (seed - self._options.seed) * self._options.steps

        def watch(done: int, loss: float) -> None:
            if self._bar is None:
                # The bar costs more than a short run: it comes when there is something to wait for.
                if time.perf_counter() - self._start < 0.3:
                    return
                self._open()
            name = f"seed {seed}" if self._options.networks > 1 else "training"
            self._bar.update(self._task, completed=before + done, loss=loss, name=name)

        return watch

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.fields[name]}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("loss {task.fields[loss]:.3e}"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        total = self._options.steps * self._options.networks
        self._task = self._bar.add_task("", total=total, loss=math.nan, name="training")
        self._bar.start()


def _as_json(options: Options, outcomes: Sequence[Outcome], seconds: dict[str, float]) -> dict[str, Any]:
    """The report by the JSON contract; a loss that is not finite is null."""
    done = sum(outcome.steps for outcome in outcomes)

    def finite(loss: float) -> float | None:
        return loss if math.isfinite(loss) else None

    return {
        "version": 1,
        "networks": [
            {
                "seed": outcome.seed,
                "final_loss": finite(outcome.final_loss),
                "first_loss": finite(outcome.first_loss),
                "diverged": outcome.divergence is not None,
            }
            for outcome in outcomes
        ],
        "steps": options.steps,
        "parameters": options.network.parameters,
        "seconds": seconds,
        "ns_per_step": seconds["run"] / done * 1e9 if done else None,
    }


def _report(
    options: Options, trainer: Trainer, data: Data, outcomes: Sequence[Outcome], best: Outcome, total: float
) -> None:
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    write = sys.stdout.write
    write(f"{_headline(options, data)}\n\n")
    write(_table(outcomes))
    write("\n")
    if options.network.layers[0] == 1 and best.divergence is None:
        write(f"{terminal_plot(_fit(options, trainer, data, best), colour=colour)}\n\n")
    for sentence in _sentences(options, trainer, data, outcomes, best):
        write(f"{sentence}\n")
    run = sum(outcome.seconds for outcome in outcomes)
    steps = sum(outcome.steps for outcome in outcomes)
    if trainer.kernel:
        write(
            f"{steps:,} steps in {run:.3g} s, {run / max(steps, 1) * 1e9:.3g} ns a step"
            f" (compiled in {trainer.kernel.seconds:.2g} s; {total:.2g} s in all).\n"
        )
    else:
        write(f"{steps:,} steps in {run:.3g} s, not compiled: {trainer.reason}.\n")
    if options.save:
        write(f"The parameters are in {options.save}.\n")


def _headline(options: Options, data: Data) -> str:
    network = options.network
    biases = "with biases" if network.bias else "without biases"
    scaled = "standardised" if options.standardize else "as it is"
    source = (
        str(options.file)
        if options.file
        else f"{options.target} on [{options.bounds[0]:g}, {options.bounds[1]:g})"
    )
    batch = "one sample a step" if options.batch == 1 else f"{options.batch} samples a step"
    return (
        f"{'-'.join(map(str, network.layers))} {network.activation} network {biases},"
        f" {network.parameters} parameters; {len(data.x)} samples of {source}, x {scaled}\n"
        f"{network.optimizer} at rate {options.rate:g}, {batch}, {options.steps:,} steps;"
        f" loss: {LOSSES[network.loss][1]}"
    )


def _table(outcomes: Sequence[Outcome]) -> str:
    rows = [f"{'seed':>6}  {'first loss':>11}  {'final loss':>11}\n"]
    for outcome in outcomes[:TABLE_ROWS]:
        note = ""
        if outcome.divergence:
            note = f"  diverged at step {outcome.divergence.step:,}"
        elif outcome.interrupted:
            note = f"  stopped by Ctrl-C after {outcome.steps:,} steps"
        rows.append(f"{outcome.seed:>6}  {outcome.first_loss:>11.3e}  {outcome.final_loss:>11.3e}{note}\n")
    if len(outcomes) > TABLE_ROWS:
        losses = np.array([_order(outcome.final_loss) for outcome in outcomes])
        rows.append(
            f"… {len(outcomes) - TABLE_ROWS} more; over all {len(outcomes)}: final loss from {losses.min():.3e},"
            f" median {np.median(losses):.3e}, to {losses.max():.3e}\n"
        )
    return "".join(rows)


def _sentences(
    options: Options, trainer: Trainer, data: Data, outcomes: Sequence[Outcome], best: Outcome
) -> list[str]:
    """What a person should know besides the numbers: why it diverged, or why it did not learn."""
    diverged = [outcome for outcome in outcomes if outcome.divergence]
    if diverged:
        first = diverged[0]
        assert first.divergence is not None
        who = f"seed {first.seed}" if len(outcomes) > 1 else "the run"
        return [
            f"Diverged: after step {first.divergence.step:,} {first.divergence.parameter} of {who} is not finite any more."
            f" Take a smaller rate (--lr {options.rate / 10:g})"
            + ("." if options.standardize else ", or scale the input (--standardize).")
        ]
    flat = trainer.loss_of_mean()
    if best.final_loss < LEARNT * flat:
        return []
    found = f"Not learnt: always predicting the mean would give {flat:.3g}."
    if not options.network.bias:
        return [
            found,
            "Without biases every sigmoid unit passes through ½ at x = 0, so that no unit can bend anywhere else;"
            if options.network.activation == "sigmoid"
            else "Without biases every unit is at its 0 at x = 0, so that no unit can bend anywhere else;",
            "the gradients are right, the network is what cannot fit: try --bias"
            + ("" if options.standardize else " --standardize")
            + ".",
        ]
    if not options.standardize:
        return [found, "The input is not scaled: try --standardize."]
    return [found, f"Try more steps (--steps {options.steps * 10}), more units, or another rate."]


def _fit(options: Options, trainer: Trainer, data: Data, best: Outcome) -> Fit:
    x = data.x[:, 0]
    low, high = options.bounds if options.file is None else (float(x.min()), float(x.max()))
    line = np.linspace(low, high, 400)
    title = f"seed {best.seed}: loss {best.final_loss:.2e}"
    outputs = trainer.outputs(best.parameters, data.scaled(line[:, None]))[:, 0]
    return Fit(x, data.y[:, 0], line, outputs, best.history, data.inputs[0], data.outputs[0], title)


def _save(path: Path, options: Options, data: Data, best: Outcome) -> None:
    """Write the parameters and the scaling of the input; the file appears whole or not at all."""
    arrays = dict(zip(options.network.names(), best.parameters, strict=True))
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, x_centre=data.centre, x_spread=data.spread, **arrays)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise BackproofError(f"--save {path}: cannot be written ({error.strerror or error}).") from None
