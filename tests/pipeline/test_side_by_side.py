"""Networks that a program trains side by side, each by a loss of its own: as one that compares optimizers."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

RACE = """\
import numpy as np

rng = np.random.default_rng(7)
times = rng.normal(size=(60, 5))
places = np.tanh(times @ rng.normal(size=(5, 3)))


class Plain:
    def apply(self, weights, slopes):
        for key in weights:
            weights[key] -= 0.05 * slopes[key]


class Rolling:
    def __init__(self):
        self.speed = None

    def apply(self, weights, slopes):
        if self.speed is None:
            self.speed = {key: np.zeros_like(w) for key, w in weights.items()}
        for key in weights:
            self.speed[key] = 0.9 * self.speed[key] - 0.05 * slopes[key]
            weights[key] += self.speed[key]


class Shrinking:
    def __init__(self):
        self.seen = None

    def apply(self, weights, slopes):
        if self.seen is None:
            self.seen = {key: np.zeros_like(w) for key, w in weights.items()}
        for key in weights:
            self.seen[key] += slopes[key] * slopes[key]
            weights[key] -= 0.05 * slopes[key] / (np.sqrt(self.seen[key]) + 1e-7)


class Adaptive:
    def __init__(self):
        self.mean = None
        self.count = 0

    def apply(self, weights, slopes):
        if self.mean is None:
            self.mean = {key: np.zeros_like(w) for key, w in weights.items()}
            self.spread = {key: np.zeros_like(w) for key, w in weights.items()}
        self.count += 1
        rate = 0.01 * np.sqrt(1 - 0.999**self.count) / (1 - 0.9**self.count)
        for key in weights:
            self.mean[key] += 0.1 * (slopes[key] - self.mean[key])
            self.spread[key] += 0.001 * (slopes[key] ** 2 - self.spread[key])
            weights[key] -= rate * self.mean[key] / (np.sqrt(self.spread[key]) + 1e-7)


class Runner:
    def __init__(self):
        self.weights = {
            "A": rng.normal(size=(5, 4)) * 0.6,
            "a": rng.normal(size=4) * 0.1,
            "B": rng.normal(size=(4, 3)) * 0.6,
            "b": rng.normal(size=3) * 0.1,
        }

    def slopes(self, x, t):
        w = self.weights
        self.h = np.maximum(x @ w["A"] + w["a"], 0)
        self.o = self.h @ w["B"] + w["b"]
        d = (self.o - t) / len(x)
        dh = (d @ w["B"].T) * (self.h > 0)
        return {"A": x.T @ dh, "a": dh.sum(axis=0), "B": self.h.T @ d, "b": d.sum(axis=0)}

    def loss(self, t):
        return 0.5 * np.sum((self.o - t) ** 2) / len(t)


rules = {"plain": Plain(), "rolling": Rolling(), "shrinking": Shrinking(), "adaptive": Adaptive()}
runners = {name: Runner() for name in rules}
history = {name: [] for name in rules}
for lap in range(200):
    chosen = rng.choice(60, 11)
    for name in rules:
        slopes = runners[name].slopes(times[chosen], places[chosen])
        history[name].append(runners[name].loss(places[chosen]))
        rules[name].apply(runners[name].weights, slopes)
"""

VALLEY = """\
import numpy as np

rng = np.random.default_rng(2)
p = rng.normal(size=4)
q = rng.normal(size=3)
for k in range(50):
    loss = np.sum(p**2) + np.sum(q**2)
    print(loss)
    p -= 0.1 * 2 * p
    q -= 0.1 * 2 * q
"""


def test_every_network_is_certified() -> None:
    """Each optimizer's network is right under its own loss, and all of them are named."""
    report = check_program(program_from_bytes(RACE.encode(), "race.py"))
    assert report.verdict == "correct"
    names = {p.name for p in report.parameters}
    assert names == {
        f"runners['{name}'].weights['{key}']"
        for name in ("plain", "rolling", "shrinking", "adaptive")
        for key in "AaBb"
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"a": dh.sum(axis=0)', '"a": dh[0]'),
        ("weights[key] -= rate * self.mean[key]", "weights[key] += rate * self.mean[key]"),
    ],
    ids=["all", "fourth"],
)
def test_a_mistake_in_any_of_them_is_found(old: str, new: str) -> None:
    """What is wrong in all networks, or in one that is not the first, is not certified."""
    text = RACE.replace(old, new)
    report = check_program(program_from_bytes(text.encode(), "race.py"))
    assert report.verdict == "faulty"


def test_terms_of_one_loss_are_one_step() -> None:
    """Parameters that meet in nothing but the loss are held against it together, at one rate."""
    right = check_program(program_from_bytes(VALLEY.encode(), "valley.py"))
    wrong = check_program(program_from_bytes(VALLEY.replace("2 * q", "4 * q").encode(), "valley.py"))
    assert (right.verdict, wrong.verdict) == ("correct", "faulty")
