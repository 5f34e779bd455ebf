"""The command line: every verb, started without importing what it does not need."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from backproof.errors import INTERRUPTED, BackproofError
from backproof.runner import Runner

__all__ = ["main"]

FAILED = 2
BROKEN_PIPE = 141  # as a shell reports a process whose reader has gone


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; ``argv`` is without the program's name.

    No error that a user can do something about ends in a traceback: it is a message on standard error and
    the exit code 2.
    """
    try:
        code = _run(argv)
        sys.stdout.flush()
    except BackproofError as error:
        sys.stderr.write(f"backproof: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("backproof: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes standard output once more at exit: give it something that it can write to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code


def _run(argv: Sequence[str] | None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    with Runner() as runner:
        if arguments[:1] == ["check"]:
            runner.start()  # it makes itself ready while this process reads its command line
        return _parse_and_run(arguments, runner)


def _with_formula(argv: Sequence[str]) -> list[str]:
    """The words of a command line; a formula may begin with a minus, as no option does."""
    found = list(argv)
    for k, word in enumerate(found[:-1]):
        if word == "--formula":
            return [*found[:k], f"--formula={found[k + 1]}", *found[k + 2 :]]
    return found


def _parse_and_run(argv: Sequence[str], runner: Runner) -> int:
    from backproof.cli.parser import make_parser

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without σ shows a question mark instead
    parser = make_parser()
    try:
        arguments = parser.parse_args(_with_formula(argv))
    except SystemExit as stop:  # --help, --version, or a usage message that has been printed
        return int(stop.code or 0)
    if arguments.run is None:
        parser.print_help(sys.stderr)
        return FAILED
    arguments.runner = runner
    code: int = arguments.run(arguments)
    return code
