"""The verbs and their options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

import backproof
from backproof.cli import check, derive, rule, train
from backproof.cli.options import Parser

if TYPE_CHECKING:
    from backproof.cli.options import Subparsers

_EPILOG = "Exit codes: 0 no fault, 1 faults found, 2 could not be analysed."
_MISSING = {
    "compare": (
        "tell two training programs apart",
        "'backproof check' on each shows the loss and the gradients that it descends",
    ),
}


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
    rule.add_parser(verbs)
    demo = verbs.add_parser("demo", help="the whole story on a built-in example, start to end")
    demo.set_defaults(run=_demo)
    for name, (purpose, instead) in _MISSING.items():
        _add_missing(verbs, name, purpose, instead)
    return parser


def _demo(_: argparse.Namespace) -> int:
    from backproof.demo import run

    return run()


def _add_missing(verbs: Subparsers, name: str, purpose: str, instead: str) -> None:
    parser = verbs.add_parser(name, help=f"{purpose} (not there yet)", add_help=False, prefix_chars="\0")
    parser.add_argument("arguments", nargs="*")
    parser.set_defaults(run=_refusal(name, purpose, instead))


def _refusal(name: str, purpose: str, instead: str) -> Callable[[argparse.Namespace], int]:
    def refuse(_: argparse.Namespace) -> int:
        from backproof.errors import BackproofError

        raise BackproofError(f"'{name}' ({purpose}) is not there yet. {instead[0].upper()}{instead[1:]}.")

    return refuse
