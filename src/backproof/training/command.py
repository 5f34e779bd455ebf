"""``backproof train``: runs the options, shows the progress, and reports as text or JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time

from backproof.errors import INTERRUPTED, BackproofError
from backproof.training.options import Options, options_of
from backproof.training.outputs import check_outputs, write_outputs
from backproof.training.progress import Progress
from backproof.training.report import as_json, as_text, headline
from backproof.training.session import train_networks


def run(arguments: argparse.Namespace) -> int:
    """Train and report. Gives 0, 2 when every network diverged, 130 when Ctrl-C ended it."""
    imported = time.process_time()  # until here nothing was done but to import
    options = options_of(arguments)
    check_outputs(options)
    if getattr(arguments, "what_if", False):
        return _what_if(options)
    with Progress(options.steps, options.networks, options.rates) as progress:
        result = train_networks(options, progress.watch)
    sys.stdout.write(json.dumps(as_json(result, imported)) + "\n" if options.json else as_text(result))
    sentences, troubles = write_outputs(result)
    if not options.json or result.interrupted:
        for sentence in sentences:
            (sys.stderr if options.json else sys.stdout).write(f"{sentence}\n")
    if troubles:
        raise BackproofError("\n".join(map(str, troubles)))
    if result.interrupted:
        return INTERRUPTED
    return 2 if all(outcome.divergence for outcome in result.outcomes) else 0


def _what_if(options: Options) -> int:
    """Try what could help, and print the table; gives 130 when Ctrl-C ended it."""
    from backproof.training.what_if import SEEDS, table_as_json, table_as_text, what_if

    found, own = what_if(options)
    seeds = range(options.seed, options.seed + max(options.networks, SEEDS))
    if options.json:
        sys.stdout.write(json.dumps(table_as_json(found, seeds)) + "\n")
    else:
        sys.stdout.write(f"{headline(own)}\n{table_as_text(found, seeds)}")
    return INTERRUPTED if found.interrupted else 0
