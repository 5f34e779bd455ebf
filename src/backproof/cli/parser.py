"""The verbs and their options."""

from __future__ import annotations

import argparse

import backproof
from backproof.cli import check, compare, derive, rule, train
from backproof.cli.options import Parser

_EPILOG = "Exit codes: 0 no fault, 1 faults found, 2 could not be analysed."


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the whole command line; ``run`` of what it parses is the verb's function."""
    parser = Parser(
        prog="backproof",
        description="Prove your backprop, or show where it is wrong and mend it.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"backproof {backproof.__version__}")
    parser.set_defaults(run=None)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    check.add_parser(verbs)
    derive.add_parser(verbs)
    train.add_parser(verbs)
    compare.add_parser(verbs)
    rule.add_parser(verbs)
    demo = verbs.add_parser("demo", help="the whole story on a built-in example, start to end")
    demo.set_defaults(run=_demo)
    return parser


def _demo(_: argparse.Namespace) -> int:
    from backproof.demo import run

    return run()
