"""A policy gradient whose advantages are taken over a mean that follows the rewards of a batch."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(12)
worth = rng.normal(size=(5, 3))
W, b = rng.normal(size=(5, 3)) * 0.3, rng.normal(size=3) * 0.1
gW, gb = np.zeros((5, 3)), np.zeros(3)

def policy(x):
    z = x @ W + b
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

baseline, seen = 0.0, []
for episode in range(4000):
    X = rng.normal(size=(4, 5))
    A = np.array([rng.choice(3, p=p) for p in policy(X)])
    G = np.array([x @ worth[:, a] for x, a in zip(X, A)])
    seen.append((X, A, G - baseline))
    baseline += 0.05 * (G[0] - baseline)
    if len(seen) == 3:
        RESET
        for X, A, advantage in seen:
            d = (policy(X) - np.eye(3)[A]) * advantage[:, None]
            gW += X.T @ d
            gb += d.sum(axis=0)
        W -= 0.02 * gW
        b -= 0.02 * gb
        seen = []
"""


def _report(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "policy.py"))


@pytest.mark.parametrize("reset", ["gW[...] = 0; gb[...] = 0", "gW, gb = np.zeros((5, 3)), np.zeros(3)"])
def test_a_baseline_that_moves_is_no_parameter(reset: str) -> None:
    """The gradients are those with each advantage taken as given, and the report says what it set aside."""
    report = _report(PROGRAM.replace("RESET", reset))
    assert report.verdict == "correct"
    assert [parameter.name for parameter in report.parameters] == ["W", "b"]
    assert "No gradient changes baseline" in " ".join(report.certified)


def test_sums_that_no_batch_begins_anew_are_not_certified() -> None:
    """Though no more than one batch is seen."""
    assert _report(PROGRAM.replace("RESET", "pass")).verdict != "correct"
