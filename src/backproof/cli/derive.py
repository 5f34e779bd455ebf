"""``backproof derive``: the derivation of a forward pass, and its backward pass."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from backproof.cli.options import names, positive_number
from backproof.cli.terminal import terminal_width, write
from backproof.errors import ConfigurationError

if TYPE_CHECKING:
    from backproof.cli.options import Subparsers

FORMATS = ("text", "markdown", "latex", "html", "python")


def add_parser(verbs: Subparsers) -> None:
    """Add the verb and its options."""
    parser = verbs.add_parser(
        "derive",
        help="write the derivation and the backward pass of a forward pass",
        description="Derives the loss of PROGRAM by its parameters, or of one of its functions by its "
        "arguments (PROGRAM:FUNCTION), or of a formula. What is printed has been run and compared first.",
    )
    parser.add_argument(
        "program", nargs="?", metavar="PROGRAM", help="a .py or .ipynb file, or FILE:FUNCTION"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="(default: text)")
    parser.add_argument("--formula", metavar="EXPR", help="a scalar expression instead of a program")
    parser.add_argument("--wrt", type=names, metavar="NAMES", help="what to derive by")
    parser.add_argument(
        "--shapes", nargs="+", metavar="NAME=N,M", help="shapes of what the program or formula does not give"
    )
    parser.add_argument("--loss", metavar="NAME", help="which variable is the loss")
    parser.add_argument(
        "--timeout", type=positive_number, default=20.0, metavar="SECONDS", help="(default: 20)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Derive, and print."""
    from backproof.derive.account import account
    from backproof.derive.as_html import as_html
    from backproof.derive.as_markdown import as_latex, as_markdown
    from backproof.derive.as_python import as_python
    from backproof.derive.as_text import as_text
    from backproof.deriving import Request, derive_formula, derive_function, derive_program, parsed_shapes
    from backproof.source import read_program

    if (arguments.program is None) == (arguments.formula is None):
        raise ConfigurationError("Give either a PROGRAM or --formula EXPR: 'backproof derive --help'.")
    shapes = parsed_shapes(arguments.shapes or [])
    request = Request(tuple(arguments.wrt or ()), arguments.loss, shapes, arguments.timeout)
    if arguments.formula is not None:
        derived = derive_formula(arguments.formula, request, arguments.runner)
    else:
        filename, colon, function = arguments.program.rpartition(":")
        if colon and function.isidentifier():
            derived = derive_function(read_program(filename), function, request, arguments.runner)
        else:
            derived = derive_program(read_program(arguments.program), request, arguments.runner)
    verified = as_python(derived)
    if arguments.format == "python":
        write(verified.rstrip())
        return 0
    told = account(derived)
    if arguments.format == "text":
        write(as_text(told, min(terminal_width() or 100, 110)).rstrip())
    else:
        write({"markdown": as_markdown, "latex": as_latex, "html": as_html}[arguments.format](told).rstrip())
    return 0
