"""``backproof train``: runs the options, shows the progress, and reports as text or JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time

from backproof.errors import BackproofError
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
    options = options_of(arguments)
    _check_paths(options)
    with Progress(options) as progress:
        result = train_networks(options, progress.watch)
    if options.json:
        sys.stdout.write(json.dumps(as_json(result, imported)) + "\n")
    else:
        sys.stdout.write(as_text(result))
    for sentence in _written(result):
        if not options.json:
            sys.stdout.write(f"{sentence}\n")
    if any(outcome.interrupted for outcome in result.outcomes):
        return INTERRUPTED
    return 2 if all(outcome.divergence for outcome in result.outcomes) else 0


def _written(result: Result) -> list[str]:
    """Write the files that were asked for, and say so."""
    options = result.options
    sentences = []
    if options.save:
        save(options.save, options.network, result.data, result.best.parameters)
        sentences.append(f"The parameters are in {options.save}.")
    if options.plot and result.best.divergence is None:
        write_plot(fit_of(result), options.plot)
        sentences.append(f"The plot is in {options.plot}.")
    return sentences


def _check_paths(options: Options) -> None:
    if options.plot:
        check_plot_path(options.plot)
        if options.network.layers[0] != 1:
            raise BackproofError("--plot draws a function of one input; the network has several.")
    if options.save:
        if options.save.suffix != ".npz":
            raise BackproofError(f"--save {options.save}: give a file that ends in .npz.")
        check_folder(options.save, "--save")
