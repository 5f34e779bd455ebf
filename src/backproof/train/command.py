"""``backproof train``: runs the options, shows the progress, and reports as text or JSON."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from backproof.errors import BackproofError
from backproof.train.data import Data
from backproof.train.network import initial_parameters
from backproof.train.options import Options, options_of
from backproof.train.plots import check_plot_path, write_plot
from backproof.train.report import as_json, as_text, fit_of, order_of
from backproof.train.run import Outcome, Trainer

INTERRUPTED = 130  # what shells expect of a program that Ctrl-C ended


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
    best = min(outcomes, key=order_of)
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
        sys.stdout.write(json.dumps(as_json(options, outcomes, seconds)) + "\n")
    else:
        sys.stdout.write(as_text(options, trainer, data, outcomes, best, total))
        if options.save:
            sys.stdout.write(f"The parameters are in {options.save}.\n")
    if options.plot and best.divergence is None:
        write_plot(fit_of(options, trainer, data, best), options.plot)
        if not options.json:
            sys.stdout.write(f"The plot is in {options.plot}.\n")
    if any(outcome.interrupted for outcome in outcomes):
        return INTERRUPTED
    return 2 if all(outcome.divergence for outcome in outcomes) else 0


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
