"""Weights that reach their own update by a decision only: perceptrons."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

MARGIN = """
import numpy as np

rng = np.random.default_rng(14)
rows = rng.normal(size=(37, 3))
sides = np.where(rows @ np.array([1.0, -2.0, 0.5]) > -0.2, 1, -1)
w, b = np.zeros(3), 0.0
for epoch in range(1200):
    for row, side in zip(rows, sides):
        if side * (row @ w + b) <= 0:
            w += 0.1 * side * row
            b += 0.1 * side
"""
THRESHOLD = """
import random


class Unit:
    def __init__(self, size):
        self.weights = [random.uniform(-0.3, 0.3) for _ in range(size)]
        self.bias = 0.05

    def fires(self, row):
        total = self.bias
        for weight, x in zip(self.weights, row):
            total += weight * x
        return 1 if total >= 0 else 0

    def learn(self, row, wanted, rate):
        miss = wanted - self.fires(row)
        for k in range(len(row)):
            self.weights[k] += rate * miss * row[k]
        self.bias += rate * miss


random.seed(8)
rows = [[random.uniform(-1, 1) for _ in range(4)] for _ in range(29)]
unit = Unit(4)
for epoch in range(1000):
    for row in rows:
        unit.learn(row, 1 if row[0] - row[2] > 0.1 else 0, 0.05)
"""
BALL = """
height, speed, bounces = 0.3, 1.0, 0
for step in range(5000):
    speed += -9.8 * 0.001
    height += speed * 0.001
    if height < 0:
        height, speed, bounces = -height, -0.9 * speed, bounces + 1
"""
QUANTILE = """
import random

random.seed(1)
level = 0.0
for k in range(3000):
    if random.random() > level:
        level += 0.05 * 0.7
    else:
        level -= 0.05 * 0.3
"""
SEARCH = """
import numpy as np

rng = np.random.default_rng(1)
place = np.array([0.1, 0.2, -0.3])
for k in range(4000):
    move = rng.normal(size=3) * 0.5
    if np.sum((place + move - 1.0) ** 2) < np.sum((place - 1.0) ** 2):
        place = place + move
"""


def _check(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "unit.py"))


@pytest.mark.parametrize("text", [MARGIN, THRESHOLD])
def test_a_perceptron(text: str) -> None:
    """What lies on the wrong side pulls at the weights and at the bias: the hinge of the decision."""
    report = _check(text)
    assert report.verdict == "correct"
    assert report.loss is not None
    assert "hinges" in report.loss.formula
    assert len(report.parameters) == 2


@pytest.mark.parametrize(
    ("text", "right", "wrong", "row"),
    [
        (MARGIN, "w += 0.1", "w -= 0.1", 11),
        (MARGIN, "b += 0.1 * side", "b += 0.1", None),
        (THRESHOLD, "miss = wanted - self.fires(row)", "miss = self.fires(row) - wanted", None),
    ],
)
def test_a_perceptron_that_learns_the_wrong_way(text: str, right: str, wrong: str, row: int | None) -> None:
    """A sign that is wrong is found; of a bias without its label it is known that it is wrong."""
    report = _check(text.replace(right, wrong))
    errors = [f for f in report.findings if f.severity == "error"]
    assert report.verdict == "faulty"
    assert row is None or [(f.name, f.span and f.span.row) for f in errors] == [("sign-flipped", row)]


@pytest.mark.parametrize("text", [BALL, QUANTILE, SEARCH])
def test_decisions_without_a_sample(text: str) -> None:
    """A ball that bounces, a level that moves and a random search have no weights, whatever they decide."""
    report = _check(text)
    assert report.verdict == "inconclusive"
    assert not report.parameters
