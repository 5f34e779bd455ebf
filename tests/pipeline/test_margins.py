"""Logistic losses of a margin, of which only the slope is written: ranked pairs, and labels of 1 and -1."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PAIRS = """
import numpy as np

rng = np.random.default_rng(5)
U, V, b = rng.normal(size=(7, 3)), rng.normal(size=(9, 3)), rng.normal(size=9) * 0.2
better = rng.permuted(np.tile(np.arange(9), (7, 1)), axis=1)

def sigmoid(v):
    return 1 / (1 + np.exp(-v))

for turn in range(9000):
    u = rng.integers(7)
    i, j = better[u][np.sort(rng.choice(9, 2, replace=False))]
    pu, qi, qj = U[u].copy(), V[i].copy(), V[j].copy()
    x = pu @ qi + b[i] - pu @ qj - b[j]
    e = SLOPE
    U[u] += 0.05 * e * (qi - qj)
    V[i] += 0.05 * e * pu
    V[j] -= 0.05 * e * pu
    b[i] += 0.05 * e
    b[j] -= 0.05 * e
"""
LABELS = """
import numpy as np

rng = np.random.default_rng(6)
X, w, b = rng.normal(size=(23, 4)), rng.normal(size=4), 0.3
y = np.where(X[:, 0] > 0.2, 1.0, -1.0)
for turn in range(900):
    margin = y * (X @ w + b)
    e = 1 / (1 + np.exp(margin))
    w += 0.1 * X.T @ (y * e)
    b += 0.1 * np.sum(y * e)
"""


def _report(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "margin.py"))


@pytest.mark.parametrize("slope", ["1 / (1 + np.exp(x))", "sigmoid(-x)", "1 - sigmoid(x)"])
def test_ranked_pairs_are_certified(slope: str) -> None:
    """The loss is the logarithm of 1 + exp(-x), and the report says that it was inferred."""
    report = _report(PAIRS.replace("SLOPE", slope))
    assert report.verdict == "correct"
    assert report.loss is not None
    assert (report.loss.formula, report.loss.inferred) == ("sum(log(1 + exp(-x)))", True)


def test_a_mistake_in_ranked_pairs_is_found() -> None:
    """The worse of two is moved as the better one is."""
    report = _report(PAIRS.replace("SLOPE", "sigmoid(-x)").replace("V[j] -= ", "V[j] += "))
    assert [f.name for f in report.findings if f.severity == "error"] == ["sign-flipped"]


def test_a_probability_is_no_slope_of_a_margin() -> None:
    """Going up the probability itself is no step down that loss."""
    assert _report(PAIRS.replace("SLOPE", "sigmoid(x)")).verdict != "correct"


def test_labels_of_both_signs_are_certified() -> None:
    """The margin is the score times the label."""
    assert _report(LABELS).verdict == "correct"
    assert _report(LABELS.replace("X.T @ (y * e)", "X.T @ e")).verdict != "correct"
