"""A value that nothing reads, where what follows reads another; and a factor of fewer numbers, left out."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

BATCH = """
import numpy as np

rng = np.random.default_rng(41)
X, T = rng.normal(size=(17, 5)), rng.normal(size=(17, 2))
P = {"W": 0.7 * rng.normal(size=(5, 7)), "gamma": rng.uniform(0.4, 1.7, 7), "beta": 0.2 * rng.normal(size=7),
     "V": 0.5 * rng.normal(size=(7, 2)), "c": 0.1 * rng.normal(size=2)}

def back(dy, centred, rstd, gamma):
    n = len(centred)
    scaled = dy * rstd
    dgamma, dbeta = (scaled * centred).sum(axis=0), dy.sum(axis=0)
    scaled = gamma * scaled
    dvar = -0.5 * (scaled * centred).sum(axis=0) * rstd ** 2
    dmean = -scaled.sum(axis=0)
    return scaled + 2 * dvar * centred / n + dmean / n, dgamma, dbeta

for turn in range(2000):
    z = X @ P["W"]
    centred = z - z.mean(axis=0)
    rstd = 1 / np.sqrt((centred ** 2).mean(axis=0) + 1e-5)
    h = np.tanh(P["gamma"] * centred * rstd + P["beta"])
    out = h @ P["V"] + P["c"]
    loss = 0.5 * np.sum((out - T) ** 2) / len(X)
    d = (out - T) / len(X)
    D = {"V": h.T @ d, "c": d.sum(axis=0)}
    dz, D["gamma"], D["beta"] = back(d @ P["V"].T * (1 - h ** 2), centred, rstd, P["gamma"])
    D["W"] = X.T @ dz
    for key in P:
        P[key] -= 0.1 * D[key]
"""
LAYER = """
import numpy as np

rng = np.random.default_rng(42)
x, y = rng.normal(size=(11, 3)), rng.normal(size=(11, 2))
W, b = 0.7 * rng.normal(size=(3, 6)), 0.3 * rng.normal(size=6)
g, s = rng.uniform(0.5, 1.6, 6), 0.2 * rng.normal(size=6)
U, c = 0.6 * rng.normal(size=(6, 2)), 0.1 * rng.normal(size=2)
for turn in range(2000):
    a = x @ W + b
    mu, sd = a.mean(axis=1, keepdims=True), np.sqrt(a.var(axis=1, keepdims=True) + 1e-5)
    hat = (a - mu) / sd
    out = np.maximum(0.0, g * hat + s) @ U + c
    cost = np.mean((out - y) ** 2)
    dout = 2 * (out - y) / out.size
    dU, dc = np.maximum(0.0, g * hat + s).T @ dout, dout.sum(axis=0)
    dn = dout @ U.T * (g * hat + s > 0)
    dg, ds = (dn * hat).sum(axis=0), dn.sum(axis=0)
    dhat = dn * g
    dmu = dhat.mean(axis=1, keepdims=True)
    dsd = (dhat * hat).mean(axis=1, keepdims=True)
    da = (dhat - dmu - hat * dsd) / sd
    W -= 0.1 * x.T @ da
    b -= 0.1 * da.sum(axis=0)
    g -= 0.1 * dg
    s -= 0.1 * ds
    U -= 0.1 * dU
    c -= 0.1 * dc
"""
GROUP = """
import numpy as np

rng = np.random.default_rng(43)
X, T = rng.normal(size=(9, 5)), rng.normal(size=(9, 3))

class GroupNorm:
    def __init__(self, groups, width):
        self.groups, self.width = groups, width
        self.scale, self.shift = rng.uniform(0.5, 1.5, width), 0.1 * rng.normal(size=width)

    def forward(self, x):
        parts = x.reshape(len(x), self.groups, -1)
        parts = parts - parts.mean(axis=2, keepdims=True)
        self.inv = 1 / np.sqrt((parts ** 2).mean(axis=2, keepdims=True) + 1e-5)
        self.hat = (parts * self.inv).reshape(x.shape)
        return self.scale * self.hat + self.shift

    def backward(self, grad):
        self.dscale, self.dshift = (grad * self.hat).sum(axis=0), grad.sum(axis=0)
        dhat = (grad * self.scale).reshape(len(grad), self.groups, -1)
        hat = self.hat.reshape(dhat.shape)
        mean = dhat.mean(axis=2, keepdims=True)
        along = (dhat * hat).mean(axis=2, keepdims=True)
        return (self.inv * (dhat - mean - hat * along)).reshape(grad.shape)

norm, W, b, V = GroupNorm(2, 8), rng.normal(size=(5, 8)), 0.2 * rng.normal(size=8), rng.normal(size=(8, 3))
S = 0.5 * rng.normal(size=(5, 3))
for turn in range(2000):
    h = norm.forward(X @ W + b)
    out = np.tanh(h) @ V + X @ S
    loss = np.sum((out - T) ** 2) / 2
    d = out - T
    dh = norm.backward(d @ V.T * (1 - np.tanh(h) ** 2))
    V -= 0.01 * np.tanh(h).T @ d
    S -= 0.01 * X.T @ d
    W -= 0.01 * X.T @ dh
    b -= 0.01 * dh.sum(axis=0)
    norm.scale -= 0.01 * norm.dscale
    norm.shift -= 0.01 * norm.dshift
"""
RESIDUAL = """
import numpy as np

rng = np.random.default_rng(44)
X, T = rng.normal(size=(4, 13)), rng.normal(size=(2, 13))
A, a = 0.6 * rng.normal(size=(4, 4)), 0.2 * rng.normal(size=(4, 1))
k = rng.uniform(0.5, 1.5, (4, 1))
B, b = 0.6 * rng.normal(size=(2, 4)), 0.2 * rng.normal(size=(2, 1))
for turn in range(2000):
    u = np.tanh(A @ X + a)
    h = X + k * u
    out = B @ h + b
    loss = 0.5 * np.sum((out - T) ** 2)
    e = out - T
    dh = B.T @ e
    dk = np.sum(dh * u, axis=1, keepdims=True)
    du = k * dh
    du = du * (1 - u ** 2)
    B -= 0.01 * e @ h.T
    b -= 0.01 * e.sum(axis=1, keepdims=True)
    A -= 0.01 * du @ X.T
    a -= 0.01 * du.sum(axis=1, keepdims=True)
    k -= 0.01 * dk
"""
BOUND, LEFT_OUT = "wrong-operand", "missing-factor"


def test_the_programs_are_right() -> None:
    """None of the normalisations is complained of as it is."""
    for text in (BATCH, LAYER, GROUP, RESIDUAL):
        assert check_program(program_from_bytes(text.encode(), "right.py")).verdict == "correct"


@pytest.mark.parametrize(
    ("text", "right", "wrong", "found"),
    [
        (
            BATCH,
            "    scaled = gamma * scaled\n",
            "    dy = gamma * dy\n",
            (BOUND, 13, "scaled = gamma * scaled"),
        ),
        (BATCH, "    scaled = gamma * scaled\n", "    rescaled = gamma * scaled\n", (BOUND, 14, "rescaled")),
        (
            BATCH,
            "    scaled = gamma * scaled\n",
            "",
            (LEFT_OUT, 15, "(scaled + 2 * dvar * centred / n + dmean / n) * gamma"),
        ),
        (LAYER, "    dhat = dn * g\n", "    dhat = dn\n", (LEFT_OUT, 19, "dn * g")),
        (GROUP, "(grad * self.scale).reshape", "grad.reshape", (LEFT_OUT, 21, "grad * self.scale")),
        (RESIDUAL, "    du = k * dh\n", "    du = dh\n", (LEFT_OUT, 18, "du * (1 - u ** 2) * k")),
    ],
)
def test_what_scales_a_value_is_missed(
    text: str, right: str, wrong: str, found: tuple[str, int, str]
) -> None:
    """It is computed under a name that nothing reads, or not at all; the whole program is right with it."""
    assert text.count(right) == 1
    report = check_program(program_from_bytes(text.replace(right, wrong).encode(), "wrong.py"))
    assert [(f.name, f.span and f.span.row, f.expected) for f in report.findings] == [found]
    assert report.findings[0].mended
