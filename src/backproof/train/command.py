"""``backproof train``: runs the options, shows the progress, and reports as text or JSON."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time

from backproof.errors import BackproofError, FileUnwritableError
from backproof.train.checkpoint import resumed
from backproof.train.options import Options, options_of
from backproof.train.plots import check_plot_path, write_plot
from backproof.train.progress import Progress
from backproof.train.report import as_json, as_text, fit_of
from backproof.train.saved import save
from backproof.train.session import Result, train_networks
from backproof.train.writing import check_folder

INTERRUPTED = 130  # what shells expect of a program that Ctrl-C ended


def run(arguments: argparse.Namespace) -> int:
    """Train and report. Gives 0, 2 when every network diverged, 130 when Ctrl-C ended it."""
    imported = time.process_time()  # until here nothing was done but to import
    options = options_of(resumed(arguments))
    _check_paths(options)
    with Progress(options) as progress:
        result = train_networks(options, progress.watch)
    if options.json:
        sys.stdout.write(json.dumps(as_json(result, imported)) + "\n")
    else:
        sys.stdout.write(as_text(result))
    sentences, trouble = _written(result)
    if not options.json or result.interrupted:
        for sentence in sentences:
            (sys.stderr if options.json else sys.stdout).write(f"{sentence}\n")
    if trouble:
        raise trouble
    if result.interrupted:
        return INTERRUPTED
    return 2 if all(outcome.divergence for outcome in result.outcomes) else 0


def _written(result: Result) -> tuple[list[str], BackproofError | None]:
    """Write the files that were asked for, and say so; one that cannot be written keeps no other back."""
    options = result.options
    sentences, trouble = [], result.trouble
    if options.save:
        try:
            save(options.save, options.network, result.data, result.best.parameters)
            sentences.append(f"The parameters are in {options.save}.")
        except FileUnwritableError as error:
            trouble = error
    if options.plot and result.best.divergence is None:
        try:
            write_plot(fit_of(result), options.plot)
            sentences.append(f"The plot is in {options.plot}.")
        except FileUnwritableError as error:
            trouble = error
    if options.checkpoint and not result.trouble:
        more = "" if result.interrupted else " --steps N"
        command = shlex.join(["backproof", "train", "--checkpoint", str(options.checkpoint), "--resume"])
        sentences.append(f"The state is in {options.checkpoint}; to go on: {command}{more}")
    elif result.interrupted and not options.save:
        sentences.append(
            "Nothing was saved: --checkpoint FILE keeps the state, and --resume goes on from it."
        )
    return sentences, trouble


def _check_paths(options: Options) -> None:
    if options.plot:
        check_plot_path(options.plot)
        if options.network.layers[0] != 1:
            raise BackproofError("--plot draws a function of one input; the network has several.")
    if options.save:
        if options.save.suffix != ".npz":
            raise BackproofError(f"--save {options.save}: give a file that ends in .npz.")
        check_folder(options.save, "--save")
