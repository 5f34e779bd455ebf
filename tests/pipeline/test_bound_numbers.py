"""Training on plain numbers, however they are bound, and on a value that has two names."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

UNPACKED = """
slope, offset, rate = (0.5, -0.2, 0.05)
for _ in range(6):
    x, y = 1.5, 2.0
    prediction = slope * x + offset
    error = 0.5 * (prediction - y) ** 2
    delta = prediction - y
    slope = slope - rate * delta * x
    offset = offset - rate * delta
    print("error", error)
"""
ONE_STEP = """
tension = 0.4
rate = 0.1

def stretch(tension, load):
    return tension * load

load, length = 1.7, 0.9
error = (stretch(tension, load) - length) ** 2
delta = stretch(tension, load) - length
tension -= rate * delta * load
print(tension, error)
"""
DEFAULTS = """
def fit(slope=0.5, offset=-0.2, rate=0.05):
    for x, y in [(1.5, 2.0), (0.7, 1.1), (-0.4, 0.3), (1.1, 1.4)]:
        error = 0.5 * (slope * x + offset - y) ** 2
        delta = slope * x + offset - y
        slope -= rate * delta * x
        offset -= rate * delta
        print("error", error)
    return slope, offset

print(fit())
"""
TARGETS = """
for slope, offset in [(0.5, -0.2), (0.1, 0.3)]:
    for rate in [0.05, 0.02]:
        x, y = 1.5, 2.0
        for _ in range(3):
            error = 0.5 * (slope * x + offset - y) ** 2
            delta = slope * x + offset - y
            slope -= rate * delta * x
            offset -= rate * delta
            print("error", error)
"""
TWO_NAMES = """
import numpy as np
rng = np.random.RandomState(3)
heights = rng.rand(50, 4)
weights = rng.rand(50, 1)
w = rng.randn(4, 1)
w_new = w
for i in range(100):
    p = 1 / (1 + np.exp(-(heights @ w_new)))
    loss = 0.5 * np.sum((p - weights) ** 2)
    print(loss)
    g = heights.T @ ((p - weights) * p * (1 - p))
    w_new = w - 0.01 * g
    w = w_new
"""
WRONG = {
    "unpacked": (UNPACKED, "slope - rate", "slope + rate", 8),
    "defaults": (DEFAULTS, "slope -= rate", "slope += rate", 6),
    "targets": (TARGETS, "slope -= rate", "slope += rate", 8),
    "two names": (TWO_NAMES, "weights) * p * (1 - p)", "weights) * (1 - p)", 12),
}


def _check(text: str):
    return check_program(program_from_bytes(text.encode(), "p.py"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (UNPACKED, {"slope", "offset"}),
        (ONE_STEP, {"tension"}),
        (DEFAULTS, {"slope", "offset"}),
        (TARGETS, {"slope", "offset"}),
        (TWO_NAMES, {"w_new"}),
    ],
    ids=["unpacked", "one step", "defaults", "targets", "two names"],
)
def test_numbers_and_names_are_followed(text: str, names: set[str]) -> None:
    """A number written in the source is a parameter by whatever statement it gets its name."""
    report = _check(text)
    assert report.verdict == "correct", report.reason
    assert {p.name for p in report.parameters} == names


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_gradient_of_numbers_is_found(name: str) -> None:
    """It is found at its line."""
    text, right, wrong, row = WRONG[name]
    report = _check(text.replace(right, wrong))
    assert report.verdict == "faulty", report.reason
    assert row in {f.span.row for f in report.findings if f.severity == "error" and f.span is not None}


def test_a_factor_left_out_of_a_single_number_is_not_certified() -> None:
    """The direction of one number is right whatever it is multiplied by: nothing is said of it."""
    report = _check(ONE_STEP.replace("rate * delta * load", "rate * delta"))
    assert report.verdict == "inconclusive"
    assert "load" in report.reason


def test_a_factor_of_the_whole_loss_is_absorbed() -> None:
    """What the whole loss is multiplied by changes no direction, and a rate absorbs it."""
    text = ONE_STEP.replace("error = (", "half = 0.3\nerror = half * (")
    assert _check(text).verdict == "correct"
