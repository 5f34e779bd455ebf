"""Losses that are evaluated behind the update, now and then, with the parameters of then."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(21)
X, y = rng.normal(size=(37, 3)), rng.integers(0, 2, size=(37, 1)) * 1.0
U, V = rng.normal(size=(11, 3)), rng.integers(0, 2, size=(11, 1)) * 1.0
W1, b1 = rng.normal(size=(3, 6)) * 0.6, rng.normal(size=6) * 0.2
W2, b2 = rng.normal(size=(6, 1)) * 0.6, rng.normal(size=1) * 0.2

def forward(x):
    h = np.tanh(x @ W1 + b1)
    return h, 1 / (1 + np.exp(-(h @ W2 + b2)))

def weighted(p, y):
    return -np.mean(4 * y * np.log(p) + (1 - y) * np.log(1 - p))

for k in range(1200):
    h, p = forward(X)
    d = ((1 - y + 4 * y) * p - 4 * y) / 37
    dh = d @ W2.T * SLOPE
    W2 = W2 - 0.3 * (h.T @ d)
    b2 = b2 - 0.3 * d.sum(axis=0)
    W1 = W1 - 0.3 * (X.T @ dh)
    b1 = b1 - 0.3 * dh.sum(axis=0)
    if k % 200 == 0:
        SHOWN
"""
OWN = "print(k, weighted(forward(X)[1], y))"


def _checked(slope: str = "(1 - h * h)", shown: str = OWN) -> FileReport:
    text = PROGRAM.replace("SLOPE", slope).replace("SHOWN", shown)
    return check_program(program_from_bytes(text.encode(), "behind.py"))


def test_a_loss_evaluated_behind_the_update_is_the_step_s_own() -> None:
    """It is computed as the forward pass of the step computes, from the same data."""
    report = _checked()
    assert report.verdict == "correct", report.reason
    assert report.loss is not None
    assert not report.loss.inferred


@pytest.mark.parametrize("slope", ["(1 - h)", "-(1 - h * h)"])
def test_a_mistake_is_held_against_it(slope: str) -> None:
    """The gradients of the last layer are its own, those of the first are not."""
    report = _checked(slope)
    assert report.verdict == "faulty"
    assert {p.name for p in report.parameters if p.verdict == "faulty"} == {"W1", "b1"}


@pytest.mark.parametrize(
    "shown",
    ["print(k, weighted(forward(U)[1], V))", "print(k, np.mean((forward(X)[1] > 0.5) == y))"],
)
def test_what_is_measured_elsewhere_is_no_loss_of_the_step(shown: str) -> None:
    """Neither what other data give nor how often a decision is right."""
    assert _checked(shown=shown).verdict == "inconclusive"
