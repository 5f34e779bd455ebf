"""``backproof derive``: the derivation of a forward pass, and its backward pass."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from backproof.cli.options import names, positive_integer, positive_number
from backproof.cli.terminal import terminal_width, write
from backproof.errors import ConfigurationError

if TYPE_CHECKING:
    from backproof.cli.options import Subparsers
    from backproof.derive import Derivation
    from backproof.deriving import Request

FRAMEWORKS = ("numpy", "torch", "jax", "tensorflow")
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
    parser.add_argument(
        "--order",
        type=int,
        choices=(1, 2),
        default=1,
        help="2: the product of the Hessian with vectors v_NAME, as Python (default: 1)",
    )
    parser.add_argument("--loss", metavar="NAME", help="which variable is the loss")
    parser.add_argument(
        "--emit",
        choices=FRAMEWORKS,
        help="write a training program of the same network, weights and samples for this framework",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="where --emit writes it, its data beside it as .npz where there is much",
    )
    parser.add_argument(
        "--steps",
        type=positive_integer,
        default=100,
        metavar="N",
        help="steps that --emit trains (default: 100)",
    )
    parser.add_argument(
        "--lr",
        type=positive_number,
        metavar="RATE",
        help="plain gradient descent at this rate for --emit (default: the program's rule)",
    )
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
    from backproof.derive.second import hessian_product
    from backproof.deriving import Request, for_all_sizes, parsed_shapes

    if (arguments.program is None) == (arguments.formula is None):
        raise ConfigurationError("Give either a PROGRAM or --formula EXPR: 'backproof derive --help'.")
    shapes = parsed_shapes(arguments.shapes or [])
    request = Request(tuple(arguments.wrt or ()), arguments.loss, shapes, arguments.timeout)
    if arguments.emit is not None:
        return _emit(arguments, request)
    derived = for_all_sizes(_derivation(arguments), request)
    if arguments.order == 2:
        if arguments.format not in ("text", "python"):
            raise ConfigurationError("--order 2 writes Python: leave --format out.")
        what = f"the Hessian of {derived.forward.loss_name} times v, by parameter"
        write(as_python(hessian_product(derived), what).rstrip())
        return 0
    if arguments.format == "python":
        write(as_python(derived).rstrip())
        return 0
    told = account(derived)
    if arguments.format == "text":
        write(as_text(told, min(terminal_width() or 100, 110)).rstrip())
    else:
        write({"markdown": as_markdown, "latex": as_latex, "html": as_html}[arguments.format](told).rstrip())
    return 0


def _derivation(arguments: argparse.Namespace) -> Callable[[Request], Derivation]:
    """What is to be derived, for a request."""
    from backproof.deriving import derive_formula, derive_function, derive_program
    from backproof.source import read_program

    if arguments.formula is not None:
        return lambda request: derive_formula(arguments.formula, request, arguments.runner)
    filename, colon, function = arguments.program.rpartition(":")
    if colon and function.isidentifier():
        program = read_program(filename)
        return lambda request: derive_function(program, function, request, arguments.runner)
    program = read_program(arguments.program)
    return lambda request: derive_program(program, request, arguments.runner)


def _emit(arguments: argparse.Namespace, request: Request) -> int:
    """Write a training program, and its data beside it."""
    import numpy as np

    from backproof.derive.emit import emit
    from backproof.deriving import train_function, train_program
    from backproof.source import read_program

    if arguments.program is None:
        raise ConfigurationError("--emit needs a PROGRAM that trains, or computes a loss.")
    filename, colon, function = arguments.program.rpartition(":")
    how = (request, arguments.lr, arguments.steps, arguments.runner)
    if colon and function.isidentifier():
        training = train_function(read_program(filename), function, *how)
    else:
        training = train_program(read_program(arguments.program), *how)
    output = None if arguments.output is None else Path(arguments.output)
    data = None if output is None else output.with_suffix(".npz")
    title = f"The network of {Path(arguments.program).name}"
    made = emit(training, arguments.emit, title, None if data is None else data.name)
    if output is None or data is None:
        write(made.text.rstrip())
        return 0
    try:
        output.write_text(made.text, encoding="utf-8")
        if made.arrays:
            np.savez(data, **made.arrays)
    except OSError as error:
        raise ConfigurationError(
            f"--output: {error.filename} cannot be written ({error.strerror})."
        ) from None
    return 0
