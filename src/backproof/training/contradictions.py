"""Options of ``backproof train`` that do not go together; said before anything heavy is imported."""

from __future__ import annotations

import argparse


def contradiction(options: argparse.Namespace) -> str | None:
    """Say which options contradict each other, if any do; what was not given is None, or not there."""

    def given(name: str) -> bool:
        value = getattr(options, name, None)
        return value is not None and value is not False

    formula = given("target") or given("range") or given("samples")
    if given("resume") and not given("checkpoint"):
        return "--resume needs --checkpoint FILE to go on from"
    if given("arrays") and (given("data") or formula):
        return "arrays and --data, --target, --range or --samples are two kinds of data: give one"
    if given("data") and formula:
        return "--data and --target, --range or --samples are two kinds of data: give one"
    if (given("inputs") or given("outputs")) and not given("data"):
        return "--inputs and --outputs name columns of --data FILE"
    if given("what_if") and (given("save") or given("plot") or given("checkpoint")):
        return "--what-if prints a table of many runs: leave out --save, --plot and --checkpoint"
    if given("program") and (given("as_asked") or given("data") or given("target") or given("layers")):
        return "PROGRAM brings its own network and data: leave out --layers, --target, --data and --as-asked"
    if given("range") and not options.range[0] < options.range[1]:
        return "--range FROM TO: FROM has to be below TO"
    return None
