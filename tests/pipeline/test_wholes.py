"""A loss and its parts: where none explains the gradient, it is held against the whole."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(17)
X = rng.normal(size=(19, 3))
T = np.eye(4)[rng.integers(0, 4, 19)]
W = rng.normal(size=(3, 4))
lam, epsilon = 0.03, 1e-7
for epoch in range(1500):
    e = np.exp(X @ W)
    P = e / e.sum(axis=1, keepdims=True)
    entropy = -(T * np.log(P + epsilon)).sum(axis=1).mean()
    penalty_loss = 0.5 * (W[1:] ** 2).sum()
    loss = entropy + lam * penalty_loss
    grad = X.T @ (P - T) / 19 + np.r_[np.zeros((1, 4)), {penalty}]
    W = W - 0.3 * grad
"""


def _check(penalty: str):
    return check_program(program_from_bytes(PROGRAM.format(penalty=penalty).encode(), "p.py"))


def test_a_gradient_without_the_epsilon_is_right() -> None:
    """The gradient of cross-entropy is written as if there were none, and is held against the whole loss."""
    report = _check("lam * W[1:]")
    assert report.verdict == "correct"
    assert report.loss is not None
    assert report.loss.name == "loss"


@pytest.mark.parametrize("penalty", ["-lam * W[1:]", "lam * W[1:] * W[1:]", "lam * W[:3 - 1]"])
def test_a_mistake_beside_the_epsilon_shows(penalty: str) -> None:
    """It is held against the loss and not against a part of it, though neither explains the gradient."""
    report = _check(penalty)
    assert report.verdict == "faulty"
    assert report.loss is not None
    assert report.loss.name == "loss"
    assert {f.span.row for f in report.findings if f.severity == "error"} == {15}
