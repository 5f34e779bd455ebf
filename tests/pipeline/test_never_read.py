"""What is trained and read by nothing, as where the forward pass takes another name."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(4)
x, y = rng.normal(size=(21, 3)), rng.integers(0, 2, 21)
w, bias, ridge, eta, total = rng.normal(size=3), 0.3, 0.02, 0.2, 0.0
for step in range(200):
    p = 1 / (1 + np.exp(-(x @ w + bias)))
    loss = -np.mean(np.log(np.where(y == 1, p, 1 - p))) + 0.5 * ridge * w @ w
    d = (p - y) / len(y)
    w = w - eta * (x.T @ d + ridge * w)
    bias = bias - eta * d.sum()
    total += loss
"""
LISTED = """
import numpy as np

rng = np.random.default_rng(4)
x, y = rng.normal(size=(21, 3)), rng.normal(size=(21, 2))
params = [rng.normal(size=(3, 5)), rng.normal(size=5), rng.normal(size=(5, 2)), rng.normal(size=2)]
for step in range(200):
    h = np.tanh(x @ params[0] + params[1])
    e = h @ params[2] + params[3] - y
    loss = 0.5 * np.sum(e ** 2)
    d = e @ params[2].T * (1 - h ** 2)
    for p, g in zip(params, [x.T @ d, d.sum(axis=0), h.T @ e, e.sum(axis=0)]):
        p -= 0.01 * g
"""


@pytest.mark.parametrize(
    ("program", "right", "wrong", "name"),
    [
        (PROGRAM, "x @ w + bias", "x @ w + ridge", "bias"),
        (LISTED, "h @ params[2] + params[3] - y", "h @ params[2] - y", "params[3]"),
    ],
)
def test_what_is_trained_is_read(program: str, right: str, wrong: str, name: str) -> None:
    """A parameter that no loss depends on is not passed over: the certificate is withheld, with its name.

    Totals of what was computed are no such parameters.
    """
    assert check_program(program_from_bytes(program.encode(), "p.py")).verdict == "correct"
    report = check_program(program_from_bytes(program.replace(right, wrong).encode(), "p.py"))
    assert report.verdict == "inconclusive"
    assert f"updates {name} as well" in (report.reason or "")
