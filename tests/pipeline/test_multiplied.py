"""Weights that are multiplied by the exponentials of their steps, so that they stay positive."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(7)
X = rng.normal(size=(23, 6))
y = X @ rng.dirichlet(np.ones(6)) + 0.3
w, b = np.full(6, 1 / 6), 0.1
for turn in range(800):
    e = X @ w + b - y
    loss = 0.5 * np.mean(e ** 2)
    g = X.T @ e / 23
    UPDATE
    b -= 0.2 * e.mean()
"""
BOOSTING = """
import numpy as np

rng = np.random.default_rng(2)
X = rng.normal(size=(31, 3))
y = np.where(X[:, 0] + X[:, 1] > 0, 1.0, -1.0)
w = np.full(31, 1 / 31)
for turn in range(40):
    guess = np.where(X[:, turn % 3] > 0, 1.0, -1.0)
    error = np.sum(w * (guess != y))
    alpha = 0.5 * np.log((1 - error) / error)
    w *= np.exp(-alpha * y * guess)
    w /= w.sum()
    print(error)
"""


def _report(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "product.py"))


@pytest.mark.parametrize(
    "update",
    ["w *= np.exp(-0.2 * g)", "w *= np.exp(-0.2 * g); w /= w.sum()"],
)
def test_the_exponent_is_compared(update: str) -> None:
    """It is the step, whether or not the weights are made to sum to one behind it."""
    report = _report(PROGRAM.replace("UPDATE", update))
    assert report.verdict == "correct"
    assert sorted(parameter.name for parameter in report.parameters) == ["b", "w"]
    assert "multiplies w by the exponential of a step" in " ".join(report.certified)


@pytest.mark.parametrize("update", ["w *= np.exp(0.2 * g)", "w *= np.exp(-0.2 * g * X[0, 0] * w)"])
def test_another_exponent_is_not_certified(update: str) -> None:
    """Nor is it called wrong: it may be no step at all."""
    assert _report(PROGRAM.replace("UPDATE", update)).verdict == "inconclusive"


def test_the_weights_of_samples_are_no_parameters() -> None:
    """Boosting multiplies them by how wrong each sample was, which is no descent of the error."""
    assert _report(BOOSTING).verdict == "inconclusive"
