"""The options of ``backproof train``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from backproof.cli.options import names, positive_integer, positive_number

if TYPE_CHECKING:
    from backproof.cli.options import Subparsers


ACTIVATIONS = "sigmoid, tanh, relu, leaky-relu, elu, gelu, softplus, sin or linear"


def add_parser(verbs: Subparsers) -> None:
    """Add the verb and its options."""
    parser = verbs.add_parser(
        "train",
        help="train a network, compiled",
        description="Trains the sine network, or that of PROGRAM with its gradients mended.",
    )
    parser.add_argument(
        "program", nargs="?", metavar="PROGRAM", help="a training program (default: the sine network)"
    )
    flag = argparse.BooleanOptionalAction
    network = parser.add_argument_group("the network")
    network.add_argument(
        "--layers", type=_layers, metavar="N,N,...", help="units of each layer (default: 1,10,1)"
    )
    network.add_argument(
        "--activation", metavar="NAME", help=f"of the hidden layers: {ACTIVATIONS} (default: sigmoid)"
    )
    network.add_argument(
        "--output-activation",
        metavar="NAME",
        help="of the last layer, also softmax (default: linear, or what the loss goes with)",
    )
    network.add_argument("--bias", action=flag, help="biases in each layer (default: yes)")
    network.add_argument(
        "--standardize", action=flag, help="mean 0 and spread 1 for each input (default: yes)"
    )
    data = parser.add_argument_group("the data")
    data.add_argument("--target", metavar="EXPR", help="the function of x to learn (default: sin(x))")
    data.add_argument(
        "--range", nargs=2, type=float, metavar=("FROM", "TO"), help="where x lies (default: 0 15)"
    )
    data.add_argument("--samples", type=positive_integer, metavar="N", help="how many x (default: 500)")
    data.add_argument("--data", metavar="FILE", help="a .csv or .npz file instead of a function")
    data.add_argument(
        "--inputs", type=names, metavar="NAMES", help="columns or arrays of --data to learn from"
    )
    data.add_argument("--outputs", type=names, metavar="NAMES", help="columns or arrays of --data to learn")
    data.add_argument(
        "--validation",
        type=float,
        metavar="PART",
        help="the part of the samples that is not learnt from and tells how it does on others, as 0.2",
    )
    how = parser.add_argument_group("the run")
    how.add_argument(
        "--loss",
        metavar="NAME",
        help="half-squared, mse, mae, huber, binary-cross-entropy or cross-entropy"
        " (default: half-squared, ½·error²; cross-entropy where the output is text)",
    )
    how.add_argument(
        "--optimizer", metavar="NAME", help="sgd, momentum, nesterov, rmsprop or adam (default: sgd)"
    )
    how.add_argument(
        "--weight-decay", type=float, metavar="L", help="adds L times each parameter to its gradient"
    )
    how.add_argument(
        "--lr", type=positive_number, metavar="RATE", help="the learning rate (default: 0.1 for sgd)"
    )
    how.add_argument(
        "--schedule",
        metavar="NAME:N,...",
        help="how the rate changes: constant, step:EVERY,FACTOR, exponential:EVERY,FACTOR, cosine[:LAST],"
        " warmup:STEPS, or warmup:STEPS+one of them (default: constant)",
    )
    how.add_argument("--batch", type=_batch, metavar="N", help="samples in a step, or full (default: 1)")
    how.add_argument("--steps", type=positive_integer, metavar="N", help="(default: 5000000)")
    how.add_argument("--seed", type=int, metavar="N", help="(default: 0)")
    how.add_argument("--dtype", choices=["float64", "float32"], help="(default: float64)")
    how.add_argument(
        "--networks",
        type=positive_integer,
        metavar="N",
        help="train N at once: seeds seed … seed+N−1",
    )
    how.add_argument(
        "--as-asked", action="store_true", default=None, help="no biases, raw input, rate 0.01, 500000 steps"
    )
    how.add_argument(
        "--what-if",
        action="store_const",
        const=True,
        help="train the variants that could help; print a table",
    )
    how.add_argument(
        "--timeout",
        type=positive_number,
        metavar="SECONDS",
        help="how long PROGRAM is run as it is, where it cannot be compiled (default: 60)",
    )
    output = parser.add_argument_group("the output")
    output.add_argument("--plot", metavar="FILE", help="draw data, fit and loss: .png, .svg, .pdf or .html")
    output.add_argument("--checkpoint", metavar="FILE", help="write the state every few seconds, and at last")
    output.add_argument("--resume", action="store_true", default=None, help="go on from --checkpoint")
    output.add_argument("--save", metavar="FILE.npz", help="write the trained parameters")
    output.add_argument("--output-format", choices=["text", "json"], default="text", help="(default: text)")
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Refuse contradictions, and train; an option not given is ``None``: the trainer has the defaults."""
    from backproof.training.contradictions import contradiction

    problem = contradiction(arguments)
    if problem:
        try:
            arguments.parser.error(problem)
        except SystemExit as stop:
            return int(stop.code or 0)
    if arguments.resume:
        from backproof.training.checkpoint import resumed

        arguments = resumed(arguments)
    if arguments.program is not None:
        from backproof.retrain.command import run as retrain

        return retrain(arguments)
    from backproof.training.command import run as train

    return train(arguments)


def _batch(text: str) -> int | str:
    return text if text == "full" else positive_integer(text)


def _layers(text: str) -> list[int]:
    sizes = [positive_integer(part) for part in text.split(",")]
    if len(sizes) < 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not at least two sizes, as in 1,10,1")
    return sizes
