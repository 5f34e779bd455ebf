"""What a run of ``backproof train`` is asked to do, complete and checked."""

from __future__ import annotations

import argparse
import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.errors import BackproofError
from backproof.training.columns import choose, read_columns
from backproof.training.data import Data, array_columns, as_arrays, hold_arrays, read_data, sample_formula
from backproof.training.network import ACTIVATIONS, LOSSES, OPTIMIZERS, OUTPUT_ACTIVATIONS, Network
from backproof.training.schedule import Schedule, read_schedule
from backproof.training.targets import default_loss

Array = NDArray[np.float64]
RATES = {name: optimizer.rate for name, optimizer in OPTIMIZERS.items()}
STEPS = 5_000_000
AS_ASKED_STEPS, AS_ASKED_RATE = 500_000, 0.01
LONGEST = 10**15
# Names that other people give to the same.
OTHER_LOSSES = {
    "categorical-cross-entropy": "cross-entropy",
    "categorical-crossentropy": "cross-entropy",
    "binary-crossentropy": "binary-cross-entropy",
    "bce": "binary-cross-entropy",
    "l1": "mae",
    "l2": "mse",
}
OTHER_ACTIVATIONS = {
    "logistic": "sigmoid",
    "identity": "linear",
    "none": "linear",
    "softmax": "it is for the end: --output-activation softmax.",
}
DTYPES = ("float64", "float32")
PASSING = (
    "plot",
    "save",
    "checkpoint",
    "resume",
    "output_format",
    "arrays",
)  # say nothing of what is computed


class OptionError(BackproofError):
    """An option of ``backproof train`` has a value that does not work."""


@dataclass(frozen=True, slots=True)
class Options:
    """One run: the network, its data and how it is trained. ``largest`` bounds the initial parameters."""

    network: Network
    target: str
    bounds: tuple[float, float]
    samples: int
    file: Path | None
    inputs: tuple[str, ...] | None
    outputs: tuple[str, ...] | None
    standardize: bool
    rate: float
    batch: int
    steps: int
    seed: int
    networks: int
    largest: float | None = None
    plot: Path | None = None
    save: Path | None = None
    json: bool = False
    checkpoint: Path | None = None
    resume: bool = False
    given: Mapping[str, Any] = field(default_factory=dict)
    arrays: tuple[Array, NDArray[Any]] | None = field(default=None, repr=False, compare=False)
    schedule: str = "constant"
    validation: float = 0.0
    dtype: str = "float64"

    @property
    def rates(self) -> Schedule:
        """The rate of each step."""
        return read_schedule(self.schedule, self.rate, self.steps)

    @property
    def same_data(self) -> bool:
        """Do all networks learn from the same samples, whatever their seed?"""
        return (self.file is not None or self.arrays is not None) and not self.validation

    @property
    def flat(self) -> bool:
        """Are outputs `(samples,)`? So they are where there is one, unless they were given otherwise."""
        return self.network.layers[-1] == 1 and (self.arrays is None or self.arrays[1].ndim == 1)

    def data(self, seed: int) -> Data:
        """The samples that a network of this seed learns from."""
        standardize, loss, part = self.standardize, self.network.loss, self.validation
        if self.arrays is not None:
            return hold_arrays(*self.arrays, standardize=standardize, loss=loss, validation=part, seed=seed)
        if self.file is not None:
            names = self.inputs, self.outputs
            return read_data(
                self.file, *names, standardize=standardize, loss=loss, validation=part, seed=seed
            )
        return sample_formula(
            self.target, self.bounds, self.samples, seed, standardize=standardize, loss=loss, validation=part
        )


def options_of(arguments: argparse.Namespace) -> Options:
    """Complete and check the options of the command line; what was not given is None there."""

    def given(name: str, default: Any) -> Any:
        value = getattr(arguments, name, None)
        return default if value is None else value

    asked = bool(given("as_asked", False))
    optimizer = _one_of("--optimizer", given("optimizer", "sgd"), OPTIMIZERS)
    file = _path(given("data", None))
    names = _names(given("inputs", None)), _names(given("outputs", None))
    arrays = None if given("arrays", None) is None else as_arrays(*arguments.arrays)
    loss = given("loss", None)
    if loss is None:
        loss = _default_loss(file, *names, arrays)
    loss = _one_of("--loss", loss, LOSSES, OTHER_LOSSES)
    network = Network(
        layers=_layers(given("layers", (1, 10, 1))),
        activation=_one_of("--activation", given("activation", "sigmoid"), ACTIVATIONS, OTHER_ACTIVATIONS),
        output_activation=_output_activation(given("output_activation", LOSSES[loss].output), loss),
        bias=bool(given("bias", not asked)),
        loss=loss,
        optimizer=optimizer,
        decay=_decay(given("weight_decay", 0.0)),
    )
    rate = float(given("lr", AS_ASKED_RATE if asked else RATES[optimizer]))
    if not (math.isfinite(rate) and rate > 0):
        raise OptionError(f"--lr {rate:g}: the learning rate is a number above 0.")
    bounds = tuple(given("range", (0.0, 15.0)))
    options = Options(
        network=network,
        target=str(given("target", "sin(x)")),
        bounds=(float(bounds[0]), float(bounds[1])),
        samples=_whole("--samples", given("samples", 500)),
        file=file,
        inputs=names[0],
        outputs=names[1],
        standardize=bool(given("standardize", not asked)),
        rate=rate,
        batch=0 if given("batch", 1) == "full" else _whole("--batch", given("batch", 1)),
        steps=_whole("--steps", given("steps", AS_ASKED_STEPS if asked else STEPS)),
        seed=_whole("--seed", given("seed", 0), least=0),
        networks=_whole("--networks", given("networks", 1)),
        largest=1.0 if asked else None,
        plot=_path(given("plot", None)),
        save=_path(given("save", None)),
        dtype=_one_of("--dtype", str(given("dtype", "float64")), DTYPES),
        json=given("output_format", "text") == "json",
        checkpoint=_path(given("checkpoint", None)),
        resume=bool(given("resume", False)),
        given=_given(arguments),
        arrays=arrays,
        schedule=str(given("schedule", "constant")),
        validation=_part(given("validation", 0.0)),
    )
    read_schedule(options.schedule, rate, options.steps)
    return _fitted(options, layers_given=getattr(arguments, "layers", None) is not None)


def _default_loss(
    file: Path | None,
    inputs: tuple[str, ...] | None,
    outputs: tuple[str, ...] | None,
    arrays: tuple[Array, NDArray[Any]] | None,
) -> str:
    """The loss that fits the outputs, where none is named."""
    if arrays is not None:
        return default_loss(array_columns("y", arrays[1]))
    return default_loss([] if file is None else choose(file, read_columns(file), inputs, outputs)[1])


def _output_activation(name: str, loss: str) -> str:
    """The output's activation; cross-entropies have their own and no other."""
    found = _one_of("--output-activation", name, OUTPUT_ACTIVATIONS, OTHER_ACTIVATIONS)
    if LOSSES[loss].of_classes and found != LOSSES[loss].output:
        raise OptionError(
            f"--output-activation {found}: --loss {loss} goes with {LOSSES[loss].output} outputs; leave the"
            " option out."
        )
    return found


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was given of the options that say what is computed, for who goes on with it without them."""
    values = {name: value for name, value in vars(arguments).items() if name not in PASSING}
    if values.get("data") is not None:
        values["data"] = str(Path(values["data"]).absolute())
    plain = {name: np.asarray(value).tolist() for name, value in values.items() if value is not None}
    return {name: value for name, value in plain.items() if isinstance(value, (str, int, float, list))}


def _fitted(options: Options, *, layers_given: bool) -> Options:
    """Hold the layers against the data, which decide the first and the last one where none were given."""
    from dataclasses import replace

    data = options.data(options.seed)
    inputs, outputs = data.x.shape[1], data.y.shape[1]
    layers = options.network.layers
    if not layers_given:
        layers = (inputs, *layers[1:-1], outputs)
    classes = outputs > 1 and len(data.outputs) == 1 and bool(data.classes)
    if layers[0] != inputs or layers[-1] != outputs:
        raise OptionError(
            f"--layers {','.join(map(str, layers))} do not fit the data, which have {_count(inputs, 'input')}"
            f" and {_count(outputs, 'class' if classes else 'output')}: the first number is that of the"
            f" inputs, the last that of the {'classes' if classes else 'outputs'}."
        )
    if outputs == 1 and options.network.output_activation == "softmax":
        raise OptionError("--output-activation softmax: of one output it is 1 whatever the network does.")
    if not options.batch:
        options = replace(options, batch=len(data.x))
    if options.batch > len(data.x):
        raise OptionError(
            f"--batch {options.batch}: there are only {_count(len(data.x), 'sample')} to learn from."
        )
    return replace(options, network=replace(options.network, layers=layers))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 'es' if noun.endswith('s') else 's'}"


def _layers(value: str | Sequence[int]) -> tuple[int, ...]:
    try:
        sizes = tuple(int(part) for part in (value.split(",") if isinstance(value, str) else value))
    except ValueError:
        sizes = ()
    if len(sizes) < 2 or min(sizes) < 1:
        raise OptionError(f"--layers {value}: give at least two sizes from 1 on, as in 1,10,1.")
    return sizes


def _part(value: Any) -> float:
    part = float(value)
    if not 0 <= part < 1:
        raise OptionError(
            f"--validation {part:g}: give the part that is held back, a number from 0 to below 1."
        )
    return part


def _decay(value: Any) -> float:
    decay = float(value)
    if not (math.isfinite(decay) and decay >= 0):
        raise OptionError(f"--weight-decay {decay:g}: the weight decay is a number from 0 on.")
    return decay


def _one_of(option: str, name: str, known: Iterable[str], others: Mapping[str, str] | None = None) -> str:
    """Hold a name against the known ones; ``others`` are names from elsewhere for the same."""
    names = list(known)
    if name in names:
        return name
    others = {other: meant for other, meant in (others or {}).items() if other not in names}
    close = difflib.get_close_matches(name, [*others, *names], n=1)
    meant = others.get(close[0], close[0]) if close else ""
    hint = f"did you mean {meant!r}?" if meant in names else meant or f"there are {', '.join(names)}."
    raise OptionError(f"{option} {name}: is not known; {hint}")


def _whole(option: str, value: Any, least: int = 1) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if number != value or not least <= number <= LONGEST:
        raise OptionError(f"{option} {value}: give a whole number from {least} on.")
    return number


def _names(value: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(value.split(",")) if isinstance(value, str) else tuple(value)


def _path(value: str | None) -> Path | None:
    return None if value is None else Path(value)
