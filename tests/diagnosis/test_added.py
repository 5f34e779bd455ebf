"""What a backward pass adds to the derivative of an implied loss, and what it takes off again."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

TARGETS = """
import numpy as np

rng = np.random.default_rng(8)
sizes = [3, 5, 4, 2]
W = [rng.normal(size=(b, a)) for a, b in zip(sizes, sizes[1:])]
B = [rng.normal(size=(b, 1)) for b in sizes[1:]]
samples, wishes = rng.normal(size=(9, 3)), rng.uniform(size=(9, 2))
for turn in range(3000):
    y = [samples[turn % 9].reshape(-1, 1)]
    for w, b in zip(W, B):
        y.append(np.tanh(w @ y[-1] + b))
    wish = wishes[turn % 9].reshape(-1, 1)
    for k in reversed(range(3)):
        gap = wish - y[k + 1]
        pull = gap * (1 - y[k + 1] ** 2)
        wish = W[k].T @ pull + y[k]
        W[k] = W[k] + 0.1 * pull @ y[k].T
        B[k] = B[k] + 0.1 * pull
"""
WISH, STEP = "        wish = W[k].T @ pull + y[k]\n", "        W[k] = W[k] + 0.1 * pull @ y[k].T\n"


@pytest.mark.parametrize(
    ("right", "wrong", "name"),
    [
        (WISH + STEP, STEP + WISH, "updated-weights"),
        ("W[k].T @ pull + y[k]", "y[k] - W[k].T @ pull", "sign-flipped"),
    ],
)
def test_targets_of_layers(right: str, wrong: str, name: str) -> None:
    """Each layer has a target, which is its output and the error of that: the output is no term of a loss."""
    assert TARGETS.count(right) == 1
    report = check_program(program_from_bytes(TARGETS.replace(right, wrong).encode(), "wish.py"))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert report.verdict == "faulty"
    assert [finding.name for finding in errors] == [name]
    assert errors[0].fix is not None
    assert errors[0].fix.applicability == "safe"


def test_term_that_is_left() -> None:
    """What only a part of the backward pass takes off again may be of a loss with a term more."""
    text = TARGETS.replace(WISH + STEP, STEP + WISH).replace("gap * (1", "(gap - 0.1 * y[k + 1]) * (1")
    assert check_program(program_from_bytes(text.encode(), "wish.py")).verdict == "inconclusive"
