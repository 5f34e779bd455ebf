"""What comes back of sums, of a matrix beside a weight, and of three rows of one network."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

STEPS = """
import numpy as np

rng = np.random.default_rng(41)
X, Y = rng.normal(size=(13, 3)), rng.normal(size=(13, 4))
W, b = 0.7 * rng.normal(size=(3, 4)), 0.2 * rng.normal(size=4)
for turn in range(2000):
    rise = np.exp(X @ W + b)
    miss = rise.cumsum(axis=1) - Y
    loss = 0.5 * np.sum(miss ** 2) / len(X)
    d_rise = np.cumsum(miss[:, ::-1], axis=1)[:, ::-1] * rise / len(X)
    W -= 0.01 * X.T @ d_rise
    b -= 0.01 * d_rise.sum(axis=0)
"""
GRAPH = """
import numpy as np

rng = np.random.default_rng(42)
X, y = rng.normal(size=(19, 5)), rng.normal(size=19)
near = np.triu(rng.uniform(size=(5, 5)) > 0.5, 1) * 1.0
near = near + near.T
L = np.diag(near.sum(axis=1)) - near
w, c, mu = rng.normal(size=5), 0.3, 0.2
for turn in range(2000):
    miss = X @ w + c - y
    loss = 0.5 * np.mean(miss ** 2) + 0.5 * mu * w @ L @ w
    w -= 0.05 * (X.T @ miss / len(y) + mu * (L @ w))
    c -= 0.05 * miss.mean()
"""
THREE = """
import numpy as np

rng = np.random.default_rng(43)
W, b = 0.6 * rng.normal(size=(4, 3)), 0.2 * rng.normal(size=3)


def compare(a, p, n):
    gap = np.sum((a - p) ** 2, axis=1) - np.sum((a - n) ** 2, axis=1) + 1.3
    on = (gap > 0)[:, None] / len(a)
    return np.maximum(gap, 0).mean(), 2 * (n - p) * on, 2 * (p - a) * on, 2 * (a - n) * on


for turn in range(2000):
    rows = rng.normal(size=(3, 7, 4))
    out = [np.tanh(x @ W + b) for x in rows]
    loss, *back = compare(*out)
    dW, db = np.zeros((4, 3)), np.zeros(3)
    for x, h, d in zip(rows, out, back):
        d = d * (1 - h ** 2)
        dW += x.T @ d
        db += d.sum(axis=0)
    W -= 0.05 * dW
    b -= 0.05 * db
"""
SCORES = """
import numpy as np

rng = np.random.default_rng(44)
X, y = rng.normal(size=(9, 6, 3)), rng.normal(size=9)
Q, K, v = 0.6 * rng.normal(size=(3, 4)), 0.6 * rng.normal(size=(3, 4)), rng.normal(size=6)
scale = 1.0 / np.sqrt(4)


def forward():
    q, k = X @ Q, X @ K
    t = np.tanh(q @ k.transpose(0, 2, 1) * scale)
    return q, k, t, t.mean(axis=1) @ v


def backward(q, k, t, out):
    d = (out - y) / len(y)
    ds = d[:, None, None] * v[None, None, :] / 6 * (1 - t ** 2)
    dq = ds @ k * scale
    dk = ds.transpose(0, 2, 1) @ q * scale
    return np.einsum("bti,btj->ij", X, dq), np.einsum("bti,btj->ij", X, dk), t.mean(axis=1).T @ d


for turn in range(2000):
    kept = forward()
    loss = 0.5 * np.mean((kept[-1] - y) ** 2)
    dQ, dK, dv = backward(*kept)
    Q -= 0.1 * dQ
    K -= 0.1 * dK
    v -= 0.1 * dv
"""

SPREAD = """
import numpy as np

rng = np.random.default_rng(46)
X, Y = rng.normal(size=(11, 3)), rng.normal(size=(11, 4))
W, c = rng.normal(size=(3, 4)), rng.normal(size=4)
for turn in range(2000):
    z = X @ W
    dev = np.sqrt(z.var(axis=0, ddof=1) + 1e-5)
    hat = (z - z.mean(axis=0)) / dev
    miss = c * np.tanh(hat) - Y
    loss = 0.5 * np.sum(miss ** 2)
    dh = miss * c * (1 - np.tanh(hat) ** 2)
    dz = (dh - dh.mean(axis=0) - hat * (dh * hat).sum(axis=0) / (len(dh) - 1)) / dev
    c -= 0.02 * np.sum(miss * np.tanh(hat), axis=0)
    W -= 0.02 * X.T @ dz
"""


@pytest.mark.parametrize(
    ("text", "right", "wrong", "found"),
    [
        (
            STEPS,
            "np.cumsum(miss[:, ::-1], axis=1)[:, ::-1]",
            "np.cumsum(miss, axis=1)",
            ("wrong-transpose", 11),
        ),
        (GRAPH, "mu * (L @ w)", "mu * w", ("missing-factor", 13)),
        (THREE, "2 * (n - p)", "2 * (a - p)", ("wrong-operand", 11)),
        (SPREAD, ".sum(axis=0) / (len(dh) - 1)", ".mean(axis=0)", ("forward-backward-mismatch", 14)),
        (SCORES, "@ q * scale", "@ q", ("wrong-scale", 20)),
    ],
)
def test_each_is_placed_named_and_mended(text: str, right: str, wrong: str, found: tuple[str, int]) -> None:
    """And nothing is said of the program that is right."""
    assert text.count(right) == 1
    assert check_program(program_from_bytes(text.encode(), "program.py")).verdict == "correct"
    report = check_program(program_from_bytes(text.replace(right, wrong).encode(), "program.py"))
    (error,) = (finding for finding in report.findings if finding.severity == "error")
    assert error.span is not None
    assert (error.name, error.span.row) == found
    assert error.fix is not None
    assert error.fix.applicability == "safe"
