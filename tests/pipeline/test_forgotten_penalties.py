"""A loss that counts the size of its weights, and gradients that do so otherwise or not at all."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

HINGE = """
import numpy as np

rng = np.random.default_rng(17)
kinds = np.repeat(np.arange(4), 7)
rows = rng.normal(size=(4, 3))[kinds] + 0.6 * rng.normal(size=(28, 3))
W, share = 0.4 * rng.normal(size=(3, 4)), 0.037
for epoch in range(10**9):
    loss, dW = 0.0, np.zeros_like(W)
    for i in range(28):
        scores = rows[i] @ W
        for j in range(4):
            if j == kinds[i]:
                continue
            margin = scores[j] - scores[kinds[i]] + 1
            if margin > 0:
                loss += margin
                dW[:, j] += rows[i]
                dW[:, kinds[i]] -= rows[i]
    loss = loss / 28 + share * np.sum(W * W)
    dW = {mean}
    dW += {pull}
    W -= 0.083 * dW
"""
SOFTMAX = """
import numpy as np

rng = np.random.default_rng(5)
kinds, rows, W = np.repeat(np.arange(4), 7), rng.normal(size=(28, 3)), 0.3 * rng.normal(size=(3, 4))

def softmax_loss(W):
    p = np.exp(rows @ W)
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.sum(np.log(p[np.arange(28), kinds]))
    loss /= 28
    loss += 0.037 * np.sum(W * W)
    p[np.arange(28), kinds] -= 1
    dW = rows.T @ p / 28
    {pull}
    return loss, dW

for epoch in range(10**9):
    loss, dW = softmax_loss(W)
    W -= 0.083 * dW
"""
LASSO = """
import numpy as np

rng = np.random.default_rng(3)
X, w = rng.normal(size=(31, 6)), 0.3 * rng.normal(size=6)
y = X @ np.array([1.0, 0, -2.0, 0, 0, 0.5]) + 0.1 * rng.normal(size=31)
for k in range(10**9):
    r = X @ w - y
    loss = 0.5 * np.mean(r ** 2) + 0.053 * {penalty}
    w = w - 0.07 * X.T @ r / len(X)
    w = {nearer}
"""
SOFT = {"penalty": "np.sum(np.abs(w))", "nearer": "np.sign(w) * np.maximum(np.abs(w) - 0.07 * 0.053, 0)"}
RIDGE = {"penalty": "np.sum(w ** 2)", "nearer": "w / (1 + 2 * 0.07 * 0.053)"}


def _verdict(text: str) -> str:
    return check_program(program_from_bytes(text.encode(), "p.py")).verdict


def test_a_penalty_of_its_own_share_is_right() -> None:
    """The hinges of several classes, written by loops, with their penalty."""
    assert _verdict(HINGE.format(mean="dW / 28", pull="2 * share * W")) == "correct"
    assert _verdict(SOFTMAX.format(pull="dW += 2 * 0.037 * W")) == "correct"


@pytest.mark.parametrize(
    "wrong",
    [
        {"mean": "dW / 28", "pull": "share * W"},
        {"mean": "dW", "pull": "2 * share * W"},
        {"mean": "dW / 28", "pull": "0 * W"},
    ],
)
def test_a_condition_implies_no_loss_beside_the_one_that_is_written(wrong: dict[str, str]) -> None:
    """The hinges alone would be right with any decay; the loss says how much of it there is."""
    assert _verdict(HINGE.format(**wrong)) == "faulty"


def test_a_penalty_that_the_gradient_forgets() -> None:
    """What is added to the loss under its own name is part of it."""
    assert _verdict(SOFTMAX.format(pull="pass")) == "faulty"


@pytest.mark.parametrize("parts", [SOFT, RIDGE])
def test_a_proximal_step_takes_the_penalty(parts: dict[str, str]) -> None:
    """A gradient step by the error alone, and then the weights brought nearer to zero, is no mistake."""
    assert _verdict(LASSO.format(**parts)) != "faulty"
