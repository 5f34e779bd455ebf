"""Mistakes whose mend is further away: in other methods, in sums over rows, behind other mistakes."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

ATTENTION = """
import numpy as np
rng = np.random.default_rng(6)
X, Y = rng.normal(size=(7, 5, 3)), rng.normal(size=(7, 5, 2))
Q, K = 0.7 * rng.normal(size=(3, 4)), 0.7 * rng.normal(size=(3, 4))
V = 0.7 * rng.normal(size=(3, 2))
width = 4
for step in range(1500):
    q, k, v = X @ Q, X @ K, X @ V
    s = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(width))
    A = s / s.sum(axis=2, keepdims=True)
    loss = 0.5 * np.sum((A @ v - Y) ** 2) / 7
    d = (A @ v - Y) / 7
    dA = d @ v.transpose(0, 2, 1)
    dS = A * (dA - (A * dA).sum(axis=2, keepdims=True))
    dq = dS @ k / np.sqrt(width)
    dk = dS.transpose(0, 2, 1) @ q / np.sqrt(width)
    V -= 0.1 * np.einsum("nti,ntj->ij", X, A.transpose(0, 2, 1) @ d)
    Q -= 0.1 * np.einsum("nti,ntj->ij", X, dq)
    K -= 0.1 * np.einsum("nti,ntj->ij", X, dk)
"""
ROWS, WIDTH = "A * (dA - (A * dA).sum(axis=2, keepdims=True))", " @ q / np.sqrt(width)"

OUTPUT = """
import numpy as np
rng = np.random.default_rng(9)
X, T = rng.normal(size=(21, 4)), np.eye(3)[rng.integers(0, 3, 21)]
W, b = 0.8 * rng.normal(size=(4, 3)), 0.2 * rng.normal(size=3)
def slope(s):
    return s * (1 - s)
for step in range(1500):
    e = np.exp(X @ W + b)
    s = e / e.sum(axis=1, keepdims=True)
    loss = np.mean(np.sum((s - T) ** 2, axis=1))
    g = 2 * (s - T) / 21
    dz = {dz}
    W -= 0.3 * X.T @ dz
    b -= 0.3 * dz.sum(axis=0)
"""

LAYERS = """
import numpy as np
rng = np.random.default_rng(3)
SLOPE = 0.15
class Noise:
    def forward(self, x):
        keep = (rng.random(x.shape) > 0.3).astype(float)
        self.keep = keep
        return x * keep / 0.7
    def backward(self, d):
        return {noise}
class Leaky:
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, SLOPE * x)
    def backward(self, d):
        return d * np.where(self.x > 0, 1.0, {leak})
X, Y = rng.normal(size=(17, 3)), rng.normal(size=(17, 2))
W1, W2 = rng.normal(size=(3, 6)), 0.5 * rng.normal(size=(6, 2))
noise, leaky = Noise(), Leaky()
for step in range(1500):
    h = noise.forward(leaky.forward(X @ W1))
    loss = 0.5 * np.mean(np.sum((h @ W2 - Y) ** 2, axis=1))
    d = (h @ W2 - Y) / 17
    dh = leaky.backward(noise.backward(d @ W2.T))
    W2 -= 0.05 * h.T @ d
    W1 -= 0.05 * X.T @ dh
"""

CONVOLVED = """
import numpy as np
rng = np.random.default_rng(2)
x, want = rng.normal(size=13), rng.normal(size=9)
a, b = rng.normal(size=3), rng.normal(size=3)
def conv(x, k):
    out = np.zeros(len(x) - 2)
    for t in range(len(out)):
        for j in range(3):
            out[t] += x[t + j] * k[j]
    return out
def back(x, k, d):
    dx, dk = np.zeros(len(x)), np.zeros(3)
    for t in range(len(d)):
        for j in range(3):
            dx[{at}] += d[t] * k[j]
            dk[j] += d[t] * x[t + j]
    return dx, dk
for step in range(1500):
    h = np.tanh(conv(x, a))
    loss = 0.5 * np.sum((conv(h, b) - want) ** 2)
    dh, db = back(h, b, conv(h, b) - want)
    _, da = back(x, a, dh * (1 - h * h))
    a -= 0.02 * da
    b -= 0.02 * db
"""

NEURONS = """
import random
random.seed(4)
class Weight:
    def __init__(self):
        self.value, self.total = random.uniform(-1, 1), 0.0
class Neuron:
    def __init__(self):
        self.weights = [Weight() for _ in range(3)]
neurons = [Neuron(), Neuron()]
data = [([random.random() for _ in range(3)], [random.random(), random.random()]) for _ in range(6)]
for epoch in range(1500):
    for batch in (data[:3], data[3:]):
        for x, t in batch:
            for n, want in zip(neurons, t):
                out = sum(w.value * v for w, v in zip(n.weights, x))
                for w, v in zip(n.weights, x):
                    w.total += (out - want) * v
        for n in neurons:
            for w in n.weights:
                w.value -= 0.1 * w.total / 3
                {reset}
"""

RECURRENT = """
import numpy as np
rng = np.random.default_rng(5)
X, Y = rng.normal(size=(4, 6, 2)), rng.normal(size=(6, 1))
U, R = 0.5 * rng.normal(size=(2, 3)), 0.5 * rng.normal(size=(3, 3))
V = rng.normal(size=(3, 1))
for step in range(1500):
    h = [np.zeros((6, 3))]
    for x in X:
        h.append(np.tanh(x @ U + h[-1] @ R))
    loss = sum(0.5 * np.sum((each @ V - Y) ** 2) for each in h[1:])
    dU, dR, dV = np.zeros_like(U), np.zeros_like(R), np.zeros_like(V)
    dh_next = np.zeros((6, 3))
    for t in range(3, -1, -1):
        d = h[t + 1] @ V - Y
        dV += h[t + 1].T @ d
        dz = (d @ V.T + dh_next) * (1 - h[t + 1] ** 2)
        dU += X[t].T @ dz
        dR += h[t].T @ dz
        {carried} = dz @ R.T
    U, R, V = U - 0.01 * dU, R - 0.01 * dR, V - 0.01 * dV
"""

CELLS = """
import numpy as np
rng = np.random.default_rng(6)
X, Y = rng.normal(size=(4, 5, 2)), rng.normal(size=(5, 1))
A, B, V = rng.normal(size=(2, 6)) / 2, rng.normal(size=(3, 6)) / 2, rng.normal(size=(3, 1))
for step in range(1500):
    ks, cs, ms, hs = [], [], [np.zeros((5, 3))], [np.zeros((5, 3))]
    for x in X:
        z = x @ A + hs[-1] @ B
        ks.append(1 / (1 + np.exp(-z[:, :3])))
        cs.append(np.tanh(z[:, 3:]))
        ms.append(ks[-1] * ms[-1] + cs[-1])
        hs.append(np.tanh(ms[-1]))
    loss = sum(0.5 * np.sum((h @ V - Y) ** 2) for h in hs[1:])
    dA, dB, dV = np.zeros_like(A), np.zeros_like(B), np.zeros_like(V)
    dh_next, dm_next = np.zeros((5, 3)), np.zeros((5, 3))
    for t in range(3, -1, -1):
        d = hs[t + 1] @ V - Y
        dV += hs[t + 1].T @ d
        dh = d @ V.T + dh_next
        dm = dm_next.copy()
        dm += dh * (1 - hs[t + 1] ** 2)
        dz = np.hstack([dm * ms[t] * ks[t] * (1 - ks[t]), dm * (1 - cs[t] ** 2)])
        dA += X[t].T @ dz
        dB += hs[t].T @ dz
        {h} = dz @ B.T
        {m} = ks[t] * dm
    A, B, V = A - 0.01 * dA, B - 0.01 * dB, V - 0.01 * dV
"""

WRONG = [
    (RECURRENT.format(carried="dh_prev"), ["missing-term"]),
    (CELLS.format(h="dh_prev", m="dm_prev"), ["missing-term", "missing-term"]),
    (ATTENTION.replace(ROWS, "A * dA"), ["missing-term"]),
    (ATTENTION.replace(ROWS, "A * dA").replace(WIDTH, " @ q"), ["missing-term", "wrong-scale"]),
    (OUTPUT.format(dz="g * slope(s)"), ["missing-term"]),
    (OUTPUT.format(dz="g * s * (1 - s)"), ["missing-term"]),
    (LAYERS.format(noise="d / 0.7", leak="SLOPE"), ["missing-factor"]),
    (LAYERS.format(noise="d * self.keep / 0.7", leak="0.0"), ["forward-backward-mismatch"]),
    (CONVOLVED.format(at="t"), ["wrong-index"]),
    (NEURONS.format(reset="pass"), ["not-reset"]),
]


@pytest.mark.parametrize(("text", "names"), WRONG)
def test_it_is_named_and_mended(text: str, names: list[str]) -> None:
    """Every mistake has its name, nothing else is blamed, and the mended program is right."""
    program = program_from_bytes(text.encode(), "p.py")
    found = [f for f in check_program(program).findings if f.severity == "error"]
    assert sorted(f.name for f in found) == sorted(names)
    edits = [
        edit for f in found if f.fix is not None and f.fix.applicability == "safe" for edit in f.fix.edits
    ]
    assert check_program(apply_edits(program, edits)).verdict == "correct"


@pytest.mark.parametrize(
    "text",
    [
        ATTENTION,
        OUTPUT.format(dz="s * (g - (g * s).sum(axis=1, keepdims=True))"),
        LAYERS.format(noise="d * self.keep / 0.7", leak="SLOPE"),
        RECURRENT.format(carried="dh_next"),
        CELLS.format(h="dh_next", m="dm_next"),
        CONVOLVED.format(at="t + j"),
        NEURONS.format(reset="w.total = 0.0"),
    ],
)
def test_the_right_program_is_left_alone(text: str) -> None:
    """What it is made wrong from is certified."""
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "correct"


SATURATED = """
import numpy as np
rng = np.random.default_rng({seed})
X, taken = rng.normal(size=(30, 3)), (rng.random(30) < 0.5).astype(int)
worth = rng.normal(size=30)
W, V = rng.normal(size=(7, 3)), 2 * rng.normal(size=7)
for step in range(1500):
    h = np.maximum(X @ W.T, 0)
    p = 1 / (1 + np.exp(-(h @ V)))
    loss = -np.sum(worth * np.where(taken == 1, np.log(p), np.log(1 - p)))
    d = (p - taken) * worth
    dh = np.outer(d, V) * (h > 0)
    V = V - 0.01 * h.T @ d
    W = W - 0.01 * dh.T @ X
"""


@pytest.mark.parametrize(("seed", "verdict"), [(0, "correct"), (39, "inconclusive"), (55, "inconclusive")])
def test_digits_that_a_logarithm_lost(seed: int, verdict: str) -> None:
    """Where one less an output near one has few digits left, the difference is rounding and no fault."""
    report = check_program(program_from_bytes(SATURATED.format(seed=seed).encode(), "p.py"))
    assert report.verdict == verdict
