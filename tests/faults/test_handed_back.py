"""A slope that stands alone where what the layer behind hands back is to be multiplied by it."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

ROWS = """
import numpy as np

rng = np.random.default_rng(19)
X, T = rng.normal(size=(13, 4)), rng.normal(size=(13, 2))
W1, b1 = 0.6 * rng.normal(size=(4, 5)), 0.1 * rng.normal(size=5)
W2, b2 = 0.6 * rng.normal(size=(5, 2)), 0.1 * rng.normal(size=2)
for turn in range(2000):
    h = np.tanh(X @ W1 + b1)
    out = h @ W2 + b2
    loss = 0.5 * np.sum((out - T) ** 2) / 13
    d_out = (out - T) / 13
    d_h = (d_out @ W2.T) * (1 - h ** 2)
    W2 -= 0.1 * h.T @ d_out
    b2 -= 0.1 * d_out.sum(axis=0)
    W1 -= 0.1 * X.T @ d_h
    b1 -= 0.1 * d_h.sum(axis=0)
"""
COLUMNS = """
import numpy as np

rng = np.random.default_rng(20)
X, Y = rng.normal(size=(3, 17)), (rng.random((1, 17)) > 0.4) * 1.0
net = {"W1": 0.6 * rng.normal(size=(4, 3)), "b1": 0.1 * rng.normal(size=(4, 1)),
       "W2": 0.6 * rng.normal(size=(1, 4)), "b2": 0.1 * rng.normal(size=(1, 1))}
for turn in range(2000):
    m = X.shape[1]
    a = np.tanh(net["W1"] @ X + net["b1"])
    p = 1 / (1 + np.exp(-(net["W2"] @ a + net["b2"])))
    cost = -np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p)) / m
    dz = p - Y
    da = (net["W2"].T @ dz) * (1 - a ** 2)
    grads = {"W2": dz @ a.T / m, "b2": dz.sum(axis=1, keepdims=True) / m,
             "W1": da @ X.T / m, "b1": SUM / m}
    for key in net:
        net[key] -= 0.2 * grads[key]
"""
GATHERED = """
import numpy as np

rng = np.random.default_rng(22)
frost, crop = rng.normal(size=(9, 4)), rng.normal(size=(9, 2))
A, a = 0.6 * rng.normal(size=(4, 7)), 0.1 * rng.normal(size=7)
B, b = 0.6 * rng.normal(size=(7, 2)), 0.1 * rng.normal(size=2)
for turn in range(2000):
    hidden, given = [], []
    for night in frost:
        h = np.tanh(night @ A + a)
        hidden.append(h)
        given.append(h @ B + b)
    H, out = np.array(hidden), np.array(given)
    miss = (out - crop) / 9
    back = (miss @ B.T) * (1 - H ** 2)
    B -= 0.1 * H.T @ miss
    b -= 0.1 * miss.sum(axis=0)
    A -= 0.1 * frost.T @ back
    a -= 0.1 * SUM
"""
SUM = "da.sum(axis=1, keepdims=True)"


@pytest.mark.parametrize(
    ("text", "factor", "places"),
    [
        (ROWS, "(d_out @ W2.T)", [("missing-factor", 13)]),
        (COLUMNS.replace("SUM", SUM), '(net["W2"].T @ dz)', [("missing-factor", 14)]),
        (
            COLUMNS.replace("SUM", "da.sum(keepdims=True)"),
            '(net["W2"].T @ dz)',
            [("missing-factor", 14), ("wrong-axis", 16)],
        ),
        (
            GATHERED.replace("SUM", "back[0]"),
            "(miss @ B.T)",
            [("missing-factor", 16), ("missing-sum", 20)],
        ),
    ],
)
def test_what_is_handed_back_is_multiplied_by_the_slope(
    text: str, factor: str, places: list[tuple[str, int]]
) -> None:
    """The product of the next delta with the weights is what was left out, alone or beside a mistake."""
    assert f"{factor} * " in text
    if len(places) == 1:
        assert check_program(program_from_bytes(text.encode(), "right.py")).verdict == "correct"
    report = check_program(program_from_bytes(text.replace(f"{factor} * ", "").encode(), "wrong.py"))
    errors = [f for f in report.findings if f.severity == "error"]
    assert [(f.name, f.span.row) for f in errors if f.span] == places
    assert all(f.mended for f in errors)
