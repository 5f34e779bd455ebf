"""The trainings that are run in every framework."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backproof.training.kernel import compile_step
from backproof.training.network import ACTIVATIONS, LOSSES, OPTIMIZERS, Network, training_step
from backproof.training.schedule import rates_at, read_schedule
from tests.training.runs import QUESTION, Array

STEPS = 100
# Steps of momentum go further than those of plain descent, and those of Adam have the size of the rate. All
# are numbers that float32 holds exactly, as which TensorFlow keeps some of them.
RATES = {"sgd": 0.0625, "momentum": 0.015625, "nesterov": 0.015625, "rmsprop": 0.0078125, "adam": 0.015625}


@dataclass(frozen=True, slots=True)
class Case:
    """One training: ``batch`` None is a sample a step."""

    name: str
    network: Network
    batch: int | None = 4
    schedule: str = "constant"
    steps: int = STEPS

    @property
    def asked(self) -> bool:
        """Is it the question's network, data and rate?"""
        return self.network == QUESTION

    @property
    def stops(self) -> tuple[int, ...]:
        """After which steps the parameters are compared."""
        return (1, 2, self.steps)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """First parameters, data, the samples of each step and their rates."""
        random = np.random.default_rng(len(self.name))
        network = self.network
        if self.asked:
            return _question(random, self.steps)
        x = random.normal(size=(23, network.layers[0]))
        if LOSSES[network.loss].of_classes:
            y = np.eye(network.layers[-1])[random.integers(0, network.layers[-1], 23)]
        else:
            y = random.normal(size=(23, network.layers[-1]))
        shape = (self.steps,) if self.batch is None else (self.steps, self.batch)
        plan = read_schedule(self.schedule, RATES[network.optimizer], self.steps)
        rates = rates_at(plan, 0, self.steps)
        start = [random.normal(size=each) * 0.8 for each in network.shapes()]
        return {
            "x": x,
            "y": y,
            "order": random.integers(0, 23, shape).astype(np.int32),
            "rates": np.array(np.broadcast_to(rates, self.steps)),
            **{f"start{number}": value for number, value in enumerate(start)},
        }


def _question(random: np.random.Generator, steps: int) -> dict[str, NDArray[np.generic]]:
    """Weights, data and order of samples as in the question, x in [0, 15)."""
    x = random.uniform(0, 15, (500, 1))
    return {
        "x": x,
        "y": np.sin(x),
        "order": random.integers(0, 500, steps).astype(np.int32),
        "rates": np.full(steps, float(np.float32(0.01))),  # as TensorFlow's optimiser rounds it
        "start0": random.uniform(-1, 1, (1, 10)),
        "start1": random.uniform(-1, 1, (10, 1)),
    }


def _cases() -> list[Case]:
    cases = [Case("the question's network", QUESTION, None, steps=1000)]
    cases += [Case(f"{name}, one sample", Network((2, 5, 3), optimizer=name), None) for name in OPTIMIZERS]
    cases += [
        Case(f"{name}, decay", Network((2, 5, 3), "tanh", optimizer=name, decay=0.125)) for name in OPTIMIZERS
    ]
    cases += [Case(f"hidden {name}", Network((3, 6, 4, 2), name, optimizer="adam")) for name in ACTIVATIONS]
    for name, loss in LOSSES.items():
        for batch in (None, 5):
            network = Network((2, 5, 3), "tanh", loss.output, loss=name, optimizer="momentum")
            cases.append(Case(f"{name}, batch {batch}", network, batch))
    cases += [
        Case("softmax with a squared error", Network((2, 5, 3), "tanh", "softmax", loss="mse")),
        Case("sigmoid outputs without biases", Network((2, 5, 3), "relu", "sigmoid", bias=False)),
    ]
    for text in ("step:30,0.5", "exponential:1,0.98", "cosine", "cosine:0.25", "warmup:20"):
        cases.append(Case(f"schedule {text}", Network((2, 5, 1), "tanh", optimizer="adam"), 4, text))
    return cases


CASES = _cases()


@cache
def trajectory(case: Case) -> list[list[Array]]:
    """The parameters that the compiled step comes to at each stop."""
    arrays = case.arrays()
    network = case.network
    start = [arrays[f"start{number}"] for number in range(len(network.shapes()))]
    step = training_step(network, start, case.batch)
    state = [*start, *(np.asarray(node.value) for node in step.state[len(start) :])]
    loop = compile_step(step).loop(state, arrays["x"], arrays["y"])
    seen, done = [], 0
    for stop in case.stops:
        loop.advance(arrays["order"][done:stop], arrays["rates"][done:stop])
        seen.append(loop.state()[: len(start)])
        done = stop
    return seen


def distances(case: Case, others: list[list[Array]]) -> list[float]:
    """The largest difference at each stop, relative to the largest number of each parameter."""
    return [
        max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(ours, theirs, strict=True))
        for ours, theirs in zip(trajectory(case), others, strict=True)
    ]


def write(folder: Path, cases: Sequence[Case]) -> None:
    """Write the cases for the program of a framework."""
    arrays: dict[str, NDArray[np.generic]] = {}
    listed = []
    for number, case in enumerate(cases):
        arrays |= {f"{number}/{name}": value for name, value in case.arrays().items()}
        network = {**asdict(case.network), "parameters": len(case.network.shapes())}
        listed.append({**network, "schedule": case.schedule, "stops": case.stops, "asked": case.asked})
    np.savez(folder / "cases.npz", allow_pickle=False, **arrays)
    (folder / "cases.json").write_text(json.dumps(listed), encoding="utf-8")


def read_results(folder: Path, number: int, case: Case) -> list[list[Array]]:
    """What the program wrote: the parameters at each stop."""
    with np.load(folder / "results.npz") as results:
        count = len(case.network.shapes())
        return [[results[f"{number}/{stop}/{position}"] for position in range(count)] for stop in case.stops]
