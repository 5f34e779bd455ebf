"""What the trace knows: views, calls of libraries, branches, slow copies, each right and wrong.

A wrong program is one by finite differences, and none is ever certified; where something cannot be followed
the answer says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

from .differences import Step, mismatch


@dataclass(frozen=True, slots=True)
class Sample:
    """A program, what to expect of it, and a mistake to make in it."""

    text: str
    step: Step
    old: str
    new: str
    followed: bool = True


SAMPLES = {
    "convolve2d": Sample(
        """\
import numpy as np
from scipy.signal import convolve2d, correlate2d
rng = np.random.default_rng(0)
X = rng.normal(size=(7, 6, 6)); y = rng.normal(size=7)
K = rng.normal(size=(3, 3)) * 0.5; w = rng.normal(size=16) * 0.4
for step in range(500):
    loss = 0.0
    dK = np.zeros_like(K); dw = np.zeros_like(w)
    for img, t in zip(X, y):
        z = convolve2d(img, K, mode='valid')
        h = np.tanh(z)
        out = h.ravel() @ w
        loss += 0.5 * (out - t) ** 2
        d = out - t
        dw += d * h.ravel()
        dz = (d * w).reshape(4, 4) * (1 - h ** 2)
        dK += np.rot90(correlate2d(img, dz, mode='valid'), 2)
    K -= 0.01 * dK
    w -= 0.01 * dw
""",
        Step("for step in range", ("K", "w"), "loss"),
        "np.rot90(correlate2d(img, dz, mode='valid'), 2)",
        "correlate2d(img, dz, mode='valid')",
        True,
    ),
    "interp_table": Sample(
        """\
import numpy as np
rng = np.random.default_rng(1)
x = rng.uniform(0, 4, 30); t = np.sin(x)
grid = np.linspace(0, 4, 5); knots = rng.normal(size=5); c = 0.1
hats = np.maximum(0, 1 - np.abs(x[:, None] - grid))
for step in range(300):
    y = np.interp(x, grid, knots) + c
    err = y - t
    loss = np.mean(err ** 2)
    g = 2 * err / len(x)
    knots -= 0.5 * hats.T @ g
    c -= 0.5 * g.sum()
""",
        Step("for step in range", ("knots", "c"), "loss"),
        "hats.T @ g",
        "hats.T @ g / 2",
        True,
    ),
    "fft_filter": Sample(
        """\
import numpy as np
rng = np.random.default_rng(1)
x = rng.normal(size=(6, 8)); t = rng.normal(size=(6, 8))
h = rng.normal(size=8); b = 0.3
for step in range(300):
    y = np.real(np.fft.ifft(np.fft.fft(x, axis=1) * np.fft.fft(h), axis=1)) + b
    e = y - t
    loss = 0.5 * np.sum(e ** 2)
    dh = np.real(np.fft.ifft(np.conj(np.fft.fft(x, axis=1)) * np.fft.fft(e, axis=1), axis=1)).sum(axis=0)
    h -= 0.01 * dh
    b -= 0.01 * e.sum()
""",
        Step("for step in range", ("h", "b"), "loss"),
        "np.conj(np.fft.fft(x, axis=1))",
        "np.fft.fft(x, axis=1)",
        False,
    ),
    "views_flat": Sample(
        """\
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(12, 3)); Y = rng.normal(size=(12, 2))
theta = rng.normal(size=(3*4+4+4*2+2)) * 0.5
W1 = theta[:12].reshape(3, 4); b1 = theta[12:16]; W2 = theta[16:24].reshape(4, 2); b2 = theta[24:]
for step in range(500):
    h = np.tanh(X @ W1 + b1)
    out = h @ W2 + b2
    e = out - Y
    loss = 0.5 * np.sum(e ** 2) / 12
    d2 = e / 12
    d1 = (d2 @ W2.T) * (1 - h ** 2)
    W1 -= 0.1 * X.T @ d1
    b1 -= 0.1 * d1.sum(0)
    W2 -= 0.1 * h.T @ d2
    b2 -= 0.1 * d2.sum(0)
""",
        Step("for step in range", ("theta",), "loss"),
        "(1 - h ** 2)",
        "(1 - h)",
        True,
    ),
    "views_theta_written": Sample(
        """\
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(12, 3)); Y = rng.normal(size=(12, 2))
theta = rng.normal(size=(3*4+4+4*2+2)) * 0.5
W1 = theta[:12].reshape(3, 4); b1 = theta[12:16]; W2 = theta[16:24].reshape(4, 2); b2 = theta[24:]
for step in range(500):
    h = np.tanh(X @ W1 + b1)
    out = h @ W2 + b2
    e = out - Y
    loss = 0.5 * np.sum(e ** 2) / 12
    d2 = e / 12
    d1 = (d2 @ W2.T) * (1 - h ** 2)
    grad = np.concatenate([(X.T @ d1).ravel(), d1.sum(0), (h.T @ d2).ravel(), d2.sum(0)])
    theta -= 0.1 * grad
""",
        Step("for step in range", ("theta",), "loss"),
        "(1 - h ** 2)",
        "(1 - h)",
        True,
    ),
    "boolean_index": Sample(
        """\
import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(16, 4)); t = rng.normal(size=(16, 3))
W = rng.normal(size=(4, 3)); b = np.zeros(3)
for step in range(200):
    z = X @ W + b
    a = z.copy()
    a[z < 0] = 0.2 * z[z < 0]
    e = a - t
    loss = np.sum(e ** 2)
    d = 2 * e
    d[z < 0] *= 0.2
    W -= 0.005 * X.T @ d
    b -= 0.005 * d.sum(axis=0)
""",
        Step("for step in range", ("W", "b"), "loss"),
        "d[z < 0] *= 0.2",
        "d[z > 0] *= 0.2",
        True,
    ),
    "builtin_max": Sample(
        """\
import numpy as np
import random
random.seed(4)
w = [random.uniform(-1, 1) for _ in range(3)]; v = 0.7
data = [([random.uniform(-1, 1) for _ in range(3)], random.uniform(-1, 1)) for _ in range(7)]
for step in range(200):
    loss = 0.0; gw = [0.0] * 3; gv = 0.0
    for x, t in data:
        s = sum(a * b for a, b in zip(w, x))
        h = max(0.0, s)
        e = h * v - t
        loss += e ** 2
        gv += 2 * e * h
        if h > 0:
            for i in range(3): gw[i] += 2 * e * v * x[i]
    w = [a - 0.05 * g for a, g in zip(w, gw)]
    v -= 0.05 * gv
""",
        Step("for step in range", ("w", "v"), "loss"),
        "if h > 0:",
        "if x[0] > 0:",
        True,
    ),
    "target_net": Sample(
        """\
import numpy as np
rng = np.random.default_rng(0)
S = rng.normal(size=(30, 3)); S2 = rng.normal(size=(30, 3)); R = rng.normal(size=30)
W, b = rng.normal(size=3), 0.1
Wt, bt = W.copy(), b
for i in range(300):
    target = R + 0.9 * np.tanh(S2 @ Wt + bt)
    q = np.tanh(S @ W + b)
    td = q - target
    loss = 0.5 * np.mean(td ** 2)
    d = td * (1 - q ** 2) / 30
    W -= 0.1 * S.T @ d
    b -= 0.1 * d.sum()
    Wt = 0.95 * Wt + 0.05 * W
    bt = 0.95 * bt + 0.05 * b
""",
        Step("for i in range", ("W", "b"), "loss"),
        "d = td * (1 - q ** 2) / 30",
        "d = td * (1 - q) / 30",
        True,
    ),
}
UNREAD = """\
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(9, 3)); Y = rng.normal(size=(9, 2))
W, b = np.abs(rng.normal(size=(3, 2))), np.zeros(2)
for i in range(300):
    e = X @ W + b - Y
    loss = np.sum(e ** 2)
    W = W * np.exp(-0.01 * X.T @ e[::-1])
    b = b - 0.01 * (2 * e).sum(0)
"""
KINK = """\
x, t, w, b, v = 0.0, 1.0, 0.5, 0.0, 0.7
for step in range(20):
    z = w * x + b
    h = z if z >= 0 else 0.0
    out = h * v
    loss = (out - t) ** 2
    d = 2 * (out - t)
    dz = d * v if h > 0 else 0.0
    v = v - 0.1 * d * h
    w = w - 0.1 * dz * x
    b = b - 0.1 * dz
"""


def _verdict(text: str) -> tuple[str, str]:
    report = check_program(program_from_bytes(text.encode(), "program.py"), timeout=20.0)
    return report.verdict, report.reason or ""


@pytest.mark.parametrize("name", SAMPLES)
def test_right(name: str) -> None:
    """A program whose update is the gradient by finite differences is certified, if it can be followed."""
    sample = SAMPLES[name]
    assert mismatch(sample.text, sample.step) < 1e-6
    assert _verdict(sample.text)[0] == ("correct" if sample.followed else "inconclusive")


@pytest.mark.parametrize("name", SAMPLES)
def test_wrong(name: str) -> None:
    """With a mistake that finite differences see it is called faulty, or said not to be followed."""
    sample = SAMPLES[name]
    assert sample.old in sample.text
    text = sample.text.replace(sample.old, sample.new)
    assert mismatch(text, sample.step) > 1e-3
    verdict, reason = _verdict(text)
    assert verdict == ("faulty" if sample.followed else "inconclusive")
    assert sample.followed or "line" in reason


def test_a_replacement_that_cannot_be_read_is_not_certified() -> None:
    """A weight with an update of another form is named, however right the others are."""
    verdict, reason = _verdict(UNREAD)
    assert verdict == "inconclusive"
    assert "W" in reason


def test_a_kink_is_no_fault() -> None:
    """Where the forward and the backward pass take different sides of a kink, nobody is blamed."""
    assert _verdict(KINK)[0] == "inconclusive"
