"""The options of ``backproof train`` as keyword arguments, each of the kind that it has to be."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from numbers import Real
from os import PathLike
from typing import Any, Literal, TypedDict

import numpy as np

from backproof.training.options import OptionError

Name = str | PathLike[str]
Names = Sequence[str] | str
Sizes = Sequence[int] | str
Pair = Sequence[float]
Batch = int | Literal["full"]


class TrainOptions(TypedDict, total=False):
    """The options of ``backproof train``, by their names and with their defaults; see ``train --help``."""

    layers: Sizes
    activation: str
    output_activation: str
    bias: bool
    standardize: bool
    target: str
    range: Pair
    samples: int
    data: Name
    inputs: Names
    outputs: Names
    loss: str
    optimizer: str
    weight_decay: float
    lr: float
    schedule: str
    validation: float
    batch: Batch
    steps: int
    seed: int
    dtype: str
    networks: int
    as_asked: bool
    plot: Name
    checkpoint: Name
    resume: bool
    save: Name


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return _is_number(value) and float(value).is_integer()


def _is_list(value: Any, holds: Callable[[Any], bool]) -> bool:
    return isinstance(value, (list, tuple, np.ndarray)) and len(value) > 0 and all(map(holds, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


# By the annotation: whether a value is of its kind, and what it should be.
KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "bool": (lambda value: isinstance(value, (bool, np.bool_)), "True or False"),
    "float": (_is_number, "a number"),
    "int": (_is_whole, "a whole number"),
    "Batch": (lambda value: _is_whole(value) or value == "full", 'a whole number or "full"'),
    "str": (_is_text, "a text"),
    "Name": (lambda value: isinstance(value, (str, PathLike)), "the name of a file"),
    "Pair": (lambda value: _is_list(value, _is_number) and len(value) == 2, "two numbers"),
    "Sizes": (
        lambda value: _is_text(value) or _is_list(value, _is_whole),
        "whole numbers, as in (1, 10, 1)",
    ),
    "Names": (lambda value: _is_text(value) or _is_list(value, _is_text), "names"),
}


def as_namespace(options: Mapping[str, Any]) -> argparse.Namespace:
    """Take keyword arguments as the command line gives its options; None is what is not given.

    Raises `OptionError` for one that there is not, or that is of another kind than it has to be.
    """
    kinds = TrainOptions.__annotations__
    given = {name: value for name, value in options.items() if value is not None}
    for name, value in given.items():
        if name not in kinds:
            close = get_close_matches(name, kinds, n=1)
            raise OptionError(
                f"{name}: is no option; "
                + (f"did you mean {close[0]!r}?" if close else f"there are {', '.join(kinds)}.")
            )
        fits, words = KINDS[kinds[name].__forward_arg__]
        if not fits(value):
            raise OptionError(f"{name}={value!r}: has to be {words}.")
    return argparse.Namespace(**given)
