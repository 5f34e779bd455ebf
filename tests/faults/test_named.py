"""Mistakes by their names: small programs that are right, and what makes them wrong."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

ALIASED = """
import numpy as np
np.random.seed(1)
def slope(z):
    return 1 / (1 + np.abs(z)) ** 2
X = np.random.randn(30, 4); y = np.sin(X[:, :1]) + X[:, 1:2] ** 2
W1 = np.random.randn(4, 6) * .5; W2 = np.random.randn(6, 1)
for i in range(1000):
    z = X @ W1
    a = z.copy()
    a /= 1 + np.abs(a)
    out = a @ W2
    loss = 0.5 * np.sum((out - y) ** 2) / 30
    d = (out - y) / 30
    dz = d @ W2.T * slope(z)
    W2 -= 0.1 * a.T @ d
    W1 -= 0.1 * X.T @ dz
"""

BRANCHED = """
import numpy as np
np.random.seed(2)
X = np.random.randn(25, 3); y = np.sin(X[:, :1]) * X[:, 1:2]
W1 = np.random.randn(3, 8) * .5; W2 = np.random.randn(8, 1) * .5; V = np.random.randn(3, 8) * .3
sharp, cut = 3.0, 1.2
for i in range(1000):
    z = X @ W1
    a = np.where(z >= -0.5, z, 0.2 * z - 0.4)
    b = np.clip(X @ V, -cut, cut)
    h = a + b
    out = np.tanh(sharp * (h @ W2))
    miss = out - y
    loss = np.mean(np.where(np.abs(miss) < 0.7, 0.5 * miss ** 2, 0.7 * (np.abs(miss) - 0.35)))
    d = np.where(np.abs(miss) < 0.7, miss, 0.7 * np.sign(miss)) / len(X)
    ds = sharp * d * (1 - out ** 2)
    dh = ds @ W2.T
    da = dh.copy()
    da *= np.where(z >= -0.5, 1.0, 0.2)
    db = dh * (np.abs(X @ V) < cut)
    W2 -= 0.1 * h.T @ ds
    W1 -= 0.1 * X.T @ da
    V -= 0.1 * X.T @ db
"""

RECURRENT = """
import numpy as np
rng = np.random.default_rng(4)
X = rng.normal(size=(6, 2)); Y = rng.normal(size=(6, 1))
U = rng.normal(size=(2, 3)) * 0.5; W = rng.normal(size=(3, 3)) * 0.4; V = rng.normal(size=(3, 1))
def backward(h, out, t, later):
    d = out[t] - Y[t]
    dz = (d * V[:, 0] + later) * (1 - h[t] ** 2)
    return np.outer(X[t], dz), np.outer(h[t-1], dz), np.outer(h[t], d), W @ dz
for i in range(300):
    h, out = {-1: np.zeros(3)}, {}
    for t in range(6):
        h[t] = np.tanh(X[t] @ U + h[t-1] @ W)
        out[t] = h[t] @ V
    loss = 0.5 * sum(np.sum((out[t] - Y[t]) ** 2) for t in range(6))
    gU, gW, gV, later = 0, 0, 0, 0
    for t in range(5, -1, -1):
        u, w, v, later = backward(h, out, t, later)
        gU, gW, gV = gU + u, gW + w, gV + v
    U -= 0.01 * gU; W -= 0.01 * gW; V -= 0.01 * gV
"""

INDEXED = """
import numpy as np
rng = np.random.default_rng(5)
sizes = [3, 4, 4, 4, 1]
W = [rng.normal(size=(m, n)) * 0.6 for m, n in zip(sizes, sizes[1:])]
table = rng.normal(size=(6, 3)) * 0.5
first, second = rng.integers(0, 6, 40), rng.integers(0, 6, 40)
for n in range(2000):
    i, j = first[n % 40], second[n % 40]
    goal = 0.1 * i - 0.2 * j
    hs = [table[i] * np.arange(1.0, 4) + table[j]]
    for l in range(4):
        hs.append(np.tanh(hs[l] @ W[l]))
    loss = 0.5 * np.sum((hs[-1] - goal) ** 2)
    delta = (hs[-1] - goal) * (1 - hs[-1] ** 2)
    for l in range(3, -1, -1):
        gradient = np.outer(hs[l], delta)
        back = W[l] @ delta
        W[l] -= 0.05 * gradient
        delta = back * (1 - hs[l] ** 2) if l else back
    table[i] -= 0.05 * delta * np.arange(1.0, 4)
    table[j] -= 0.05 * delta
"""

ADDED = """
import numpy as np
rng = np.random.default_rng(4)
class Cell:
    def __init__(self):
        self.U, self.R = rng.normal(size=(5, 2)) * 0.5, rng.normal(size=(5, 5)) * 0.4
        self.v = rng.normal(size=5)
    def run(self, xs):
        self.h = [np.zeros(5)]
        for x in xs:
            self.h.append(np.tanh(self.U @ x + self.R @ self.h[-1]))
        return [self.v @ h for h in self.h[1:]]
    def back(self, xs, errors):
        self.dU, self.dR, self.dv = np.zeros((5, 2)), np.zeros((5, 5)), np.zeros(5)
        later = np.zeros(5)
        for t in reversed(range(len(xs))):
            self.dv += errors[t] * self.h[t + 1]
            dh = errors[t] * self.v + later
            dz = dh * (1 - self.h[t + 1] ** 2)
            self.dU += np.outer(dz, xs[t])
            self.dR += np.outer(dz, self.h[t])
            later = self.R.T @ dz
cell = Cell()
series = rng.normal(size=(12, 6, 2))
for epoch in range(500):
    for xs in series:
        outs = cell.run(xs)
        errors = [o - x[0] for o, x in zip(outs, xs)]
        loss = 0.5 * sum(e ** 2 for e in errors)
        cell.back(xs, errors)
        cell.U -= 0.01 * cell.dU
        cell.R -= 0.01 * cell.dR
        cell.v -= 0.01 * cell.dv
"""

DROPPED = """
import numpy as np
np.random.seed(1)
X = np.random.randn(7, 3); Y = np.random.randn(7, 2); w0 = np.random.randn(3, 5); w1 = np.random.randn(5, 2)
for it in range(600):
    h = np.tanh(X @ w0)
    mask = np.random.randint(0, 2, h.shape) * 2
    kept = h * mask
    o = kept @ w1
    d = o - Y
    loss = 0.5 * np.sum(d ** 2)
    dh = d @ w1.T * mask * (1 - h ** 2)
    w1 = 0.999 * w1 - 0.02 * kept.T @ d
    w0 = 0.999 * w0 - 0.02 * X.T @ dh
"""

CASES = [
    (RECURRENT, "np.outer(h[t-1], dz)", "np.outer(h[t], dz)", "wrong-index"),
    (RECURRENT, " * (1 - h[t] ** 2)", "", "missing-factor"),
    (
        DROPPED,
        "    dh = d @ w1.T * mask * (1 - h ** 2)",
        "    dh = d @ w1.T * mask * (1 - h)",
        "wrong-activation-derivative",
    ),
    (DROPPED, "d @ w1.T * mask * (1 - h ** 2)", "d @ w1.T * (1 - h ** 2)", "missing-factor"),
    (ALIASED, "a = z.copy()", "a = z", "overwritten"),
    (BRANCHED, "da = dh.copy()", "da = dh", "overwritten"),
    (BRANCHED, "0.7 * np.sign(miss)) /", "0.7) /", "missing-factor"),
    (BRANCHED, "np.where(z >= -0.5, 1.0, 0.2)", "np.where(z >= -0.5, 1.0, 0.0)", "forward-backward-mismatch"),
    (BRANCHED, "np.where(z >= -0.5, 1.0, 0.2)", "np.where(z >= 0.5, 1.0, 0.2)", "forward-backward-mismatch"),
    (BRANCHED, "(np.abs(X @ V) < cut)", "(np.abs(X @ V) > cut)", "forward-backward-mismatch"),
    (BRANCHED, "(np.abs(X @ V) < cut)", "(np.abs(X @ V) < sharp)", "wrong-operand"),
    (INDEXED, "np.outer(hs[l], delta)", "np.outer(hs[l - 1], delta)", "wrong-index"),
    (INDEXED, "(1 - hs[l] ** 2) if", "(1 - hs[l + 1] ** 2) if", "wrong-index"),
    (INDEXED, "table[j] -= 0.05 * delta", "table[i] -= 0.05 * delta", "wrong-index"),
    (ADDED, "self.dU += np.outer(dz, xs[t])", "self.dU = np.outer(dz, xs[t])", "not-accumulated"),
    (ADDED, "np.outer(dz, self.h[t])", "np.outer(dz, self.h[t - 1])", "wrong-index"),
]


@pytest.mark.parametrize("text", [ALIASED, BRANCHED, RECURRENT, INDEXED, ADDED, DROPPED])
def test_right(text: str) -> None:
    """The program as it was meant is certified."""
    assert check_program(program_from_bytes(text.encode(), "program.py")).verdict == "correct"


@pytest.mark.parametrize(("text", "old", "new", "name"), CASES)
def test_wrong(text: str, old: str, new: str, name: str) -> None:
    """The mistake is the one thing found, has its name, and its mend makes the program right again."""
    assert text.count(old) == 1
    program = program_from_bytes(text.replace(old, new).encode(), "program.py")
    report = check_program(program)
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (report.verdict, finding.name) == ("faulty", name)
    row = text[: text.index(old)].count("\n") + 1
    assert finding.span is not None
    assert finding.span.row == row
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"
    assert check_program(apply_edits(program, finding.fix.edits)).verdict == "correct"


def test_overwritten_by_an_operation() -> None:
    """A value that an operation has changed in place is kept under another name before it."""
    text = DROPPED.replace("kept = h * mask", "h *= mask").replace("kept", "h")
    program = program_from_bytes(text.encode(), "program.py")
    report = check_program(program)
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.expected) == ("overwritten", "h_before")
    assert finding.fix is not None
    mended = apply_edits(program, finding.fix.edits)
    assert "    h_before = h.copy()\n    h *= mask" in mended.text
    assert check_program(mended).verdict == "correct"


TWO_NAMES = """
import numpy as np
rng = np.random.default_rng(12)
x, y = rng.random((9, 4)), rng.random((9, 3))
class Layer:
    def __init__(self, inputs, outputs):
        self.w, self.b = rng.normal(size=(inputs, outputs)), rng.normal(size=outputs)
    def run(self, given):
        self.given = given
        self.out = 1 / (1 + np.exp(-(given @ self.w + self.b)))
        return self.out
one, two = Layer(4, 6), Layer(6, 3)
for k in range(3000):
    answer = two.run(one.run(x))
    cost = 0.5 * np.sum((answer - y) ** 2)
    gap = answer - y
    change = np.multiply(gap, two.out * (1 - two.out))
    before = np.multiply(change @ two.w.T, one.out * (1 - one.out))
    two.w -= 0.1 * two.given.T @ change
    two.b -= 0.1 * change.sum(axis=0)
    one.w -= 0.1 * one.given.T @ before
    one.b -= 0.1 * before.sum(axis=0)
"""


def test_half_a_slope_is_completed_where_it_stands() -> None:
    """Not in the statement before, where the same output has another name."""
    text = TWO_NAMES.replace("gap, two.out * (1 - two.out)", "gap, two.out")
    program = program_from_bytes(text.encode(), "net.py")
    (error,) = (f for f in check_program(program).findings if f.severity == "error")
    assert (error.name, error.span.row, error.expected) == (
        "missing-factor",
        17,
        "two.out * (1 - two.out)",
    )
