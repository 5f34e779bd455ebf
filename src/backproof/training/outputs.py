"""The files that a training leaves: the parameters, the picture, the checkpoint; and what is said of them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from backproof.errors import BackproofError, FileUnwritableError
from backproof.training.options import Options
from backproof.training.pictures import check_picture_path, write_picture
from backproof.training.session import Result
from backproof.training.writing import check_folder, write_whole

NOTHING_SAVED = "Nothing was saved: --checkpoint FILE keeps the state, --resume goes on from it."


def check_outputs(options: Options) -> None:
    """Refuse, before the training, what could not be written after it."""
    check_files(options.save, options.plot)


def check_files(save: Path | None, plot: Path | None) -> None:
    """Refuse a file for the parameters, or one for the picture, that could not be written."""
    if plot:
        check_picture_path(plot)
    if save:
        if save.suffix != ".npz":
            raise BackproofError(f"--save {save}: give a file that ends in .npz.")
        check_folder(save, "--save")


def write_parameters(save: Path, named: Iterable[tuple[str, Any]]) -> str:
    """Write the parameters of a program by its own names, of which several may be the same; says so."""
    arrays: dict[str, Any] = {}
    for called, value in named:
        name, number = called, 2
        while name in arrays:
            name, number = f"{called} ({number})", number + 1
        arrays[name] = value
    write_whole(save, lambda file: np.savez(file, **arrays), "--save")
    return f"The parameters are in {save}."


def how_to_go_on(checkpoint: Path, *, finished: bool) -> str:
    """Say where the state is, and the command that goes on from it."""
    command = shlex.join(["backproof", "train", "--checkpoint", str(checkpoint), "--resume"])
    return f"The state is in {checkpoint}; to go on: {command}{' --steps N' if finished else ''}"


def write_outputs(result: Result) -> tuple[list[str], list[FileUnwritableError]]:
    """Write the files that were asked for; gives what to say of them, and what could not be written."""
    options = result.options
    sentences: list[str] = []
    troubles = [result.trouble] if result.trouble else []

    def attempt(write: Callable[[], None], sentence: str) -> None:
        try:
            write()
            sentences.append(sentence)
        except FileUnwritableError as error:
            troubles.append(error)

    if options.save and result.best.divergence:
        sentences.append(f"Nothing was written to {options.save}: the parameters are not finite.")
    elif save := options.save:
        attempt(lambda: result.model(result.best).save(save), f"The parameters are in {save}.")
    if (plot := options.plot) and result.best.divergence is None:
        attempt(lambda: write_picture(result, plot), f"The plot is in {plot}.")
    if options.checkpoint and not result.trouble and result.best.divergence:
        sentences.append(f"The last state that was finite is in {options.checkpoint}.")
    elif options.checkpoint and not result.trouble:
        sentences.append(how_to_go_on(options.checkpoint, finished=not result.interrupted))
    elif result.interrupted and not options.save:
        sentences.append(NOTHING_SAVED)
    return sentences, troubles
