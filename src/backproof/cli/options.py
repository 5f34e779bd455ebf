"""Kinds of option values that several verbs share, each with a message for values that are none."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, NoReturn, TypeAlias


class Parser(argparse.ArgumentParser):
    """A parser whose usage errors are one line; the options are long, and ``--help`` has them."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and exit with 2."""
        self.exit(2, f"{self.prog}: error: {message}\nTry '{self.prog} --help'.\n")


if TYPE_CHECKING:
    Subparsers: TypeAlias = "argparse._SubParsersAction[Parser]"


def positive_integer(text: str) -> int:
    """Read a whole number of at least 1; ``500_000`` and ``5e5`` are ways to write one.

    >>> positive_integer("500_000"), positive_integer("5e5")
    (500000, 500000)
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (number >= 1 and number.is_integer()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(number)


def positive_number(text: str) -> float:
    """Read a finite number above zero."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return number


def names(text: str) -> list[str]:
    """Read names that are separated by commas.

    >>> names("sign-flipped, factor,")
    ['sign-flipped', 'factor']
    """
    return [name.strip() for name in text.split(",") if name.strip()]


def near_match(wrong: str, known: list[str]) -> str:
    """Say which known name may have been meant, or which there are.

    >>> near_match("sign-fliped", ["sign-flipped", "wrong-axis"])
    "did you mean 'sign-flipped'?"
    """
    from difflib import get_close_matches

    close = get_close_matches(wrong, known, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"there are {', '.join(known)}." if len(known) <= 12 else "'backproof rule --all' lists them."
