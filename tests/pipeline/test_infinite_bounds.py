"""Bounds at infinity: a derivative that exists, though the chain rule gives what is no number."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(5)
X, grade = rng.normal(size=(23, 3)), rng.integers(0, 4, 23)
w, cuts = 0.3 * rng.normal(size=3), np.array([-1.1, 0.2, 0.9])
sigm = lambda u: 1 / (1 + np.exp(-u))
for epoch in range(300):
    padded = np.concatenate([[-np.inf], cuts, [np.inf]])
    f = X @ w
    with np.errstate(over="ignore"):
        hi, lo = sigm(padded[grade + 1] - f), sigm(padded[grade] - f)
    loss = -np.mean(np.log(hi - lo))
    up, down = hi * (1 - hi) / (hi - lo), lo * (1 - lo) / (hi - lo)
    g_cuts = np.array([down[grade == j + 1].sum() - up[grade == j].sum() for j in range(3)]) / 23
    g_w = X.T @ (up - down) / 23
    w -= 0.1 * g_w
    cuts -= 0.1 * g_cuts
"""


@pytest.mark.parametrize(("wrong", "verdict"), [("lo * (1 - lo)", "correct"), ("lo * (1 - hi)", "faulty")])
def test_ordered_logit_with_infinite_cut_points(wrong: str, verdict: str) -> None:
    """The logistic function is flat at infinity, where its factors are 0 and infinite."""
    report = check_program(program_from_bytes(PROGRAM.replace("lo * (1 - lo)", wrong).encode(), "tea.py"))
    assert report.verdict == verdict, report.reason
