"""The network of a program as one that ``backproof train`` builds itself, with its data and its update.

It is guessed from the shapes, and believed where it gives the program's own loss at three places of its
training and the program's own first update.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.graph import adjoints, evaluate
from backproof.retrain.taken_over import TakenOver
from backproof.training.network import ACTIVATIONS, LOSSES, OUTPUT_ACTIVATIONS, Network, forward
from backproof.training.options import Options

Array = NDArray[np.float64]
CLOSE = 1e-7  # relative: of losses and updates that are the same
SAMPLES = 200  # by whose losses a network is recognised, about
LOOKED_AT = 5_000  # beginnings of arrangements
MOST = 200  # arrangements of the parameters that are tried
SECONDS = 10.0  # of the processor, for all that is tried
CANDIDATES = 12  # arrays of a step that may be its samples


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter of the program as one of the network: its number, and how it is turned."""

    number: int
    turned: bool
    shape: tuple[int, ...]

    def of(self, values: Sequence[Array]) -> Array:
        """The parameter's value as the network has it."""
        value = np.asarray(values[self.number], dtype=np.float64)
        return (value.T if self.turned else value).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Plain:
    """What ``backproof train`` has to do to do as a program does; ``unit`` is the program's loss of one."""

    options: Options
    unit: float


def plain_network(taken: TakenOver, steps: int, seed: int, seconds: float = SECONDS) -> Plain | None:
    """What ``backproof train`` has to do to do what a program does; None where it is no plain network.

    It is looked for in so many ``seconds``.
    """
    if taken.recurrence.draws or taken.decays:  # dropout, noise, a rate that changes
        return None
    points, end = _points(taken), time.process_time() + seconds
    rest = taken.machine.first[taken.recurrence.parameters :]
    some = taken.order.all(max(SAMPLES // taken.order.batch, 1))
    rows = some[some >= 0] if taken.samples.tables else slice(None)
    own = [taken.machine.loss([*point, *rest], some) for point in points]
    for x, y in _data(taken):
        for slots, layers, bias in islice(_arrangements(points[0], x.shape[1], y.shape[1]), MOST):
            if time.process_time() > end:
                return None
            found = _network(points, own, slots, layers, bias, x[rows], y[rows])
            if found is None:
                continue
            network, unit = found
            optimizer, rate = _update(taken, network, slots, x, y)
            if rate is None:
                continue
            weights = [slot.of(points[0]) for slot in slots]
            spread = float(np.std(np.concatenate([w.ravel() for w in weights if w.ndim == 2])))
            options = Options(
                Network(layers, network.activation, network.output_activation, bias, network.loss, optimizer),
                target="", bounds=(0.0, 1.0), samples=len(x), file=None, inputs=None, outputs=None,
                standardize=False, rate=rate, batch=min(_batch(taken, x), len(x)), steps=steps, seed=seed,
                networks=1, largest=math.sqrt(3) * spread or 1.0, arrays=(x, y),
            )  # fmt: skip
            return Plain(options, unit)
    return None


def _points(taken: TakenOver) -> list[list[Array]]:
    """The parameters at three places of the program's training."""
    carried = taken.recurrence.carried[: taken.recurrence.parameters]
    last = len(taken.recurrence.windows) - 1
    later = [
        [np.asarray(each.after.nodes[k].value, dtype=np.float64) for each in carried]
        for k in (last // 2, last)
    ]
    return [[each.first for each in carried], *later]


def _float(value: Any) -> Array:
    return np.asarray(value, dtype=np.float64)


def _batch(taken: TakenOver, x: Array) -> int:
    return taken.order.batch if taken.samples.tables else len(x)


def _data(taken: TakenOver) -> Iterator[tuple[Array, Array]]:
    """Pairs of arrays, one sample a row, that may be the inputs and the targets."""
    if taken.samples.tables:
        kinds = {table.rows.tobytes(): table.rows for table in taken.samples.tables}
        found = list(kinds.values())
    else:
        found = []
        for entry in taken.recurrence.constants:
            value = np.asarray(entry.value)
            if value.dtype.kind in "biuf" and 0 < value.ndim <= 2 and value.size > 1:
                rows = np.asarray(value, dtype=np.float64)
                found += [rows[:, None]] if rows.ndim == 1 else [rows, rows.T]
    for x, y in product(found[:CANDIDATES], repeat=2):
        if len(x) == len(y) > 1 and x is not y:
            yield x, y


def _arrangements(
    values: Sequence[Array], inputs: int, outputs: int
) -> Iterator[tuple[tuple[Slot, ...], tuple[int, ...], bool]]:
    """Ways to see the parameters as the weights and biases of layers, one after the other.

    Of many numbers that are parameters one by one there are too many ways to look through them all.
    """
    left = LOOKED_AT

    def weights(width: int, used: set[int]) -> Iterator[tuple[Slot, int]]:
        for number, value in enumerate(values):
            if number in used:
                continue
            size = value.size
            if value.ndim == 2:
                if value.shape[0] == width:
                    yield Slot(number, False, value.shape), value.shape[1]
                if value.shape[1] == width:
                    yield Slot(number, True, value.shape[::-1]), value.shape[0]
            elif size == width and width > 1:
                yield Slot(number, False, (width, 1)), 1
            elif width == 1:
                yield Slot(number, False, (1, size)), size

    def layers(
        width: int, used: set[int], slots: tuple[Slot, ...], sizes: tuple[int, ...], bias: bool
    ) -> Iterator[tuple[tuple[Slot, ...], tuple[int, ...], bool]]:
        nonlocal left
        left -= 1
        if left < 0:
            return
        if len(used) == len(values):
            if width == outputs:
                yield slots, sizes, bias
            return
        for weight, units in weights(width, used):
            taken = used | {weight.number}
            if not bias:
                yield from layers(units, taken, (*slots, weight), (*sizes, units), bias)
                continue
            for number, value in enumerate(values):
                if number not in taken and value.size == units and max(value.shape, default=1) == units:
                    both = (*slots, weight, Slot(number, False, (units,)))
                    yield from layers(units, taken | {number}, both, (*sizes, units), bias)

    for bias in (True, False):
        yield from layers(inputs, set(), (), (inputs,), bias)


def _network(
    points: Sequence[Sequence[Array]],
    own: Sequence[float],
    slots: Sequence[Slot],
    layers: tuple[int, ...],
    bias: bool,
    x: Array,
    y: Array,
) -> tuple[Network, float] | None:
    """The activations and the loss under which the program's ``own`` is the network's, times a constant."""
    hidden = ACTIVATIONS if len(layers) > 2 else {"linear": None}
    found: list[tuple[Network, float]] = []
    for activation, output, loss in product(hidden, OUTPUT_ACTIVATIONS, LOSSES):
        if LOSSES[loss].of_classes and LOSSES[loss].output != output:
            continue
        network = Network(layers, activation, output, bias, loss)
        ratios = []
        for point, expected in zip(points, own, strict=True):
            step = forward(network, [slot.of(point) for slot in slots], x, y)
            value = float(np.asarray(step.loss.value))
            ratios.append(expected / value if value else math.nan)
            if not abs(ratios[-1] - ratios[0]) <= CLOSE * abs(ratios[0]):
                break
        else:
            found.append((network, ratios[0]))
    return min(found, key=lambda pair: _far_from_one(pair[1]), default=None)


def _far_from_one(ratio: float) -> float:
    return abs(math.log(ratio)) if ratio > 0 else math.inf


def _update(
    taken: TakenOver, network: Network, slots: Sequence[Slot], x: Array, y: Array
) -> tuple[str, float | None]:
    """The optimizer by what is remembered for each parameter, and the rate by the first update."""
    found, count = taken.recurrence, taken.recurrence.parameters
    memories = round((len(found.carried) - count) / count)
    optimizer = {0: "sgd", 1: "momentum", 2: "adam"}.get(memories, "sgd")
    if optimizer == "adam":
        return optimizer, taken.machine.rate if taken.rates else None
    rows = list(taken.samples.rows[0]) if taken.samples.rows else slice(None)
    first = [each.first for each in found.carried[:count]]
    after = [np.asarray(each.after.nodes[0].value, dtype=np.float64) for each in found.carried[:count]]
    step = forward(network, [slot.of(first) for slot in slots], x[rows], y[rows])
    gradients = adjoints(step.loss, step.parameters)
    values = evaluate(list(gradients.values()))
    gradient = np.concatenate([np.ravel(values[gradients[leaf]]) for leaf in step.parameters])
    change = np.concatenate([np.ravel(slot.of(first) - slot.of(after)) for slot in slots])
    size = float(gradient @ gradient)
    rate = float(change @ gradient) / size if size else 0.0
    fits = rate > 0 and np.linalg.norm(change - rate * gradient) <= 1e-6 * np.linalg.norm(change)
    return optimizer, float(f"{rate:.6g}") if fits else None
