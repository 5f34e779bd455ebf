"""``backproof.train(...)``: what the command does, from Python."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backproof.training.checkpoint import resumed
from backproof.training.contradictions import contradiction
from backproof.training.keywords import Name, TrainOptions, as_namespace
from backproof.training.options import OptionError, options_of
from backproof.training.outputs import check_outputs, write_outputs
from backproof.training.pictures import check_picture_path, write_picture
from backproof.training.report import as_text, divergence_of
from backproof.training.session import Result, train_networks

if TYPE_CHECKING:
    from backproof.training.run import Divergence, Outcome, Reached

Array = NDArray[np.float64]
Callback = Callable[[int, float], bool | None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained network.

    ``parameters`` are by name: ``W1``, ``b1``, ``W2``, ...; weights have shape `(inputs, outputs)`. Losses
    are means over all samples, ``history`` holds (steps, loss) from the start to the end. ``divergence`` has
    the step and the parameter where something was not finite any more, ``stopped`` says that the callback
    ended it. ``validation`` is the curve of the samples held back, and empty where none are. ``accuracy`` is
    the part of the targets that is met, ``validation_accuracy`` that of the samples held back; they are None
    where there are no classes, whose names are ``classes``. Of several networks this is the best;
    ``networks`` has all, in the order of their seeds.
    """

    seed: int
    parameters: Mapping[str, Array]
    first_loss: float
    final_loss: float
    history: tuple[tuple[int, float], ...]
    steps: int
    seconds: float
    divergence: Divergence | None
    stopped: bool
    validation: tuple[tuple[int, float], ...]
    accuracy: float | None
    validation_accuracy: float | None
    classes: tuple[str, ...]
    networks: tuple[Trained, ...] = field(repr=False)
    _result: Result = field(repr=False)
    _outcome: Outcome = field(repr=False)

    def predict(self, x: ArrayLike) -> Array:
        """Give the outputs for inputs as they were learnt from, not scaled: see `Model.predict`."""
        return self._result.model(self._outcome).predict(x)

    def classify(self, x: ArrayLike) -> NDArray[np.str_]:
        """Give the name of the class of each sample: see `Model.classify`."""
        return self._result.model(self._outcome).classify(x)

    def save(self, path: Name) -> None:
        """Write the parameters into an ``.npz`` file; `backproof.load` reads it back."""
        self._result.model(self._outcome).save(Path(path))

    def plot(self, path: Name) -> None:
        """Draw data, fit and the curve of the loss; the ending of the file decides the format."""
        check_picture_path(Path(path))
        write_picture(self._result.of(self._outcome), Path(path))

    def report(self) -> str:
        """What the command would print."""
        return as_text(self._result)


def train(
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    callback: Callback | None = None,
    **options: Unpack[TrainOptions],
) -> Trained:
    """Train a network, compiled, as the command ``backproof train`` does.

    Parameters
    ----------
    x, y
        What to learn: inputs of shape `(samples, inputs)` and outputs of shape `(samples, outputs)`, or
        `(samples,)` where there is one. Without them a formula is learnt (``target="sin(x)"``, the default)
        or a file (``data="points.csv"``).
    callback
        Is called with the steps done and the mean loss after each part of the run: about fifty times, and at
        least every tenth of a second. It ends the run by returning True, or by raising.
    **options
        The options of the command by their names, with the same defaults: ``layers``, ``lr``, ``steps``, ...

    Returns
    -------
    Trained
        The parameters, the history, the loss, and ``predict`` and ``save``.

    Raises
    ------
    BackproofError
        When an option, the data or a file do not fit. What cannot be written in the end is a warning, since
        the training would be lost, and so is divergence.

    Examples
    --------
    >>> x = np.linspace(-2.0, 2.0, 50)
    >>> trained = train(x, x**2, layers=(1, 5, 1), steps=20_000)
    >>> trained.parameters["W1"].shape, trained.predict([1.0]).shape
    ((1, 5), (1,))
    >>> bool(trained.final_loss < trained.first_loss)
    True
    """
    names = as_namespace(options)
    if x is not None or y is not None:
        names.arrays = (x, y)
    if callback is not None and not callable(callback):
        raise OptionError(f"callback={callback!r}: is nothing that can be called.")
    problem = contradiction(names)
    if problem:
        raise OptionError(f"{problem}.")
    complete = options_of(resumed(names))
    check_outputs(complete)

    def watch(reached: Reached) -> bool | None:
        return callback(reached.steps, reached.loss) if callback else None

    result = train_networks(complete, watch)
    _, troubles = write_outputs(result)
    if result.interrupted:
        raise KeyboardInterrupt
    for sentence in [*map(str, troubles), " ".join(divergence_of(result))]:
        if sentence:
            warnings.warn(sentence, RuntimeWarning, stacklevel=2)
    networks = tuple(_trained(result, outcome, ()) for outcome in result.outcomes)
    return _trained(result, result.best, networks)


def _trained(result: Result, outcome: Outcome, networks: tuple[Trained, ...]) -> Trained:
    return Trained(
        outcome.seed,
        result.model(outcome).parameters,
        outcome.first_loss,
        outcome.final_loss,
        outcome.history,
        outcome.steps,
        outcome.seconds,
        outcome.divergence,
        outcome.stopped,
        outcome.validation,
        *result.accuracies(outcome),
        result.data.classes,
        networks,
        result,
        outcome,
    )
