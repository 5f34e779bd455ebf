"""``backproof compare``: two training programs side by side."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from backproof.cli.options import positive_number
from backproof.cli.terminal import terminal_width, wants_colour, warn, write
from backproof.errors import BackproofError

if TYPE_CHECKING:
    from backproof.cli.options import Subparsers

EXITS = {"same": 0, "different": 1, "inconclusive": 2}


def add_parser(verbs: Subparsers) -> None:
    """Add the verb and its options."""
    parser = verbs.add_parser(
        "compare",
        help="tell two training programs apart",
        description="Runs both programs and compares model, data, first values, loss, update and gradients. "
        "Exit codes: 0 the same experiment, 1 they differ, 2 not all could be compared.",
    )
    parser.add_argument("first", metavar="A", help="a training program, .py or .ipynb")
    parser.add_argument("second", metavar="B", help="another one")
    parser.add_argument("--output-format", choices=["text", "json"], default="text", help="(default: text)")
    parser.add_argument("--loss", metavar="NAME", help="which variable is the loss, in both")
    parser.add_argument(
        "--timeout", type=positive_number, metavar="SECONDS", help="for each run of a program (default: 20)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare, and print."""
    from backproof.compare import compare_programs
    from backproof.compare.report import as_json, as_text
    from backproof.source import read_program

    programs = [read_program(name) for name in (arguments.first, arguments.second)]
    try:
        comparison = compare_programs(
            *programs, loss=arguments.loss, timeout=arguments.timeout, runner=arguments.runner
        )
    except BackproofError:
        raise
    except Exception as error:
        raise BackproofError(
            f"backproof itself failed ({type(error).__name__}: {error}). This is its own fault, not that of "
            "the programs: please report it with them."
        ) from error
    if arguments.output_format == "json":
        write(as_json(comparison))
    elif comparison.reason is not None:
        warn(comparison.reason)
    else:
        write(as_text(comparison, terminal_width(), wants_colour()))
    return EXITS[comparison.verdict]
