"""Mistakes of learners whose mends once had no name: spread errors, turned kernels, sums that lack."""

from __future__ import annotations

import pytest

from backproof.findings import Finding
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

LAYERS = """
import numpy as np

rng = np.random.default_rng(41)
x, t = rng.normal(size=(13, 4)), rng.uniform(size=(13, 1))
A, B, C = rng.normal(size=(4, 6)), rng.normal(size=(6, 5)), rng.normal(size=(5, 1))
def squash(z, slope=False):
    if slope:
        return z * (1 - z)
    return 1 / (1 + np.exp(-z))
for k in range(5000):
    a = squash(x @ A)
    b = squash(a @ B)
    c = squash(b @ C)
    missed_c = t - c
    dc = missed_c * squash(c, slope=True)
    missed_b = dc @ C.T
    db = missed_b * squash(b, slope=True)
    missed_a = db @ B.T
    da = missed_a * squash(a, slope=True)
    C += b.T @ dc
    B += a.T @ db
    A += x.T @ da
"""
KERNEL = """
import numpy as np

rng = np.random.default_rng(42)
def slide(signal, kernel):
    n = len(signal) - len(kernel) + 1
    return np.array([np.sum(signal[i:i + len(kernel)] * kernel) for i in range(n)])
signals = rng.normal(size=(6, 17))
wanted = np.tanh(signals[:, 2:-2] - signals[:, :-4])
kernel, shift = 0.4 * rng.normal(size=5), 0.1
for k in range(900):
    for signal, want in zip(signals, wanted):
        h = np.tanh(slide(signal, kernel) + shift)
        loss = 0.5 * np.sum((h - want) ** 2)
        d = (h - want) * (1 - h * h)
        d_kernel = slide(signal, d)
        kernel -= 0.05 * d_kernel
        shift -= 0.05 * d.sum()
"""
LIKELY = """
import numpy as np

rng = np.random.default_rng(43)
class LogShares:
    def forward(self, x):
        x = x - x.max(axis=1, keepdims=True)
        self.out = x - np.log(np.exp(x).sum(axis=1, keepdims=True))
        return self.out
    def backward(self, given):
        return given - np.exp(self.out) * given.sum(axis=1, keepdims=True)
X, kinds = rng.normal(size=(23, 4)), rng.integers(0, 3, 23)
weight = np.array([1.0, 0.5, 3.0])[kinds] / 23
W, b, shares = rng.normal(size=(4, 3)), 0.2 * rng.normal(size=3), LogShares()
for k in range(900):
    loss = -np.sum(weight * shares.forward(X @ W + b)[np.arange(23), kinds])
    given = np.zeros((23, 3))
    given[np.arange(23), kinds] = -weight
    d = shares.backward(given)
    W -= 0.2 * X.T @ d
    b -= 0.2 * d.sum(axis=0)
"""
HINGE = """
import numpy as np

rng = np.random.default_rng(44)
kinds = rng.integers(0, 4, 31)
X = np.c_[rng.normal(size=(4, 5))[kinds] + rng.normal(size=(31, 5)), np.ones(31)]
W = 0.3 * rng.normal(size=(6, 4))
for k in range(900):
    rows = np.arange(31)
    s = X @ W
    over = np.maximum(0, s - s[rows, kinds].reshape(-1, 1) + 1)
    over[rows, kinds] = 0
    loss = over.sum() / 31
    share = (over > 0).astype(float)
    share[rows, kinds] = -share.sum(axis=1)
    W -= 0.1 * X.T @ share / 31
"""
RATINGS = """
import random

random.seed(45)
stars = [(0, 0, 4.5), (0, 1, 3.0), (1, 0, 2.0), (1, 2, 5.0), (2, 1, 1.5), (2, 2, 3.5)]
who = [[random.uniform(0.2, 1.1) for _ in range(3)] for _ in range(3)]
what = [[random.uniform(0.2, 1.1) for _ in range(3)] for _ in range(3)]
for turn in range(4000):
    for a, b, r in stars:
        miss = r - sum(who[a][k] * what[b][k] for k in range(3))
        for k in range(3):
            p = who[a][k]
            q = what[b][k]
            dp = miss * q - 0.1 * p
            dq = miss * p - 0.1 * q
            who[a][k] += 0.02 * dp
            what[b][k] += 0.02 * dq
"""
CUBIC = """
import numpy as np

rng = np.random.default_rng(46)
X, t = rng.normal(size=(21, 3)), rng.normal(size=(21, 2))
A, a, B = rng.normal(size=(3, 6)) * 0.6, 0.2 * rng.normal(size=6), rng.normal(size=(6, 2)) * 0.6
def bend(z):
    return np.tanh(z + 0.08 * z ** 3)
def slope(z):
    inner = np.tanh(z + 0.08 * z ** 3)
    return (1 - inner ** 2) * (1 + 0.08 * z ** 2 * 3)
for k in range(900):
    z = X @ A + a
    h = bend(z)
    e = (h @ B - t) / 21
    loss = 0.5 * np.sum((h @ B - t) ** 2) / 21
    d = e @ B.T * slope(z)
    B -= 0.1 * h.T @ e
    A -= 0.1 * X.T @ d
    a -= 0.1 * d.sum(axis=0)
"""
SHRUNK = """
import numpy as np

rng = np.random.default_rng(47)
X, t = rng.normal(size=(26, 5)), (rng.uniform(size=26) > 0.4) * 1.0
w = rng.normal(size=5)
for k in range(900):
    q = 1 / (1 + np.exp(-X @ w))
    cost = -np.mean(t * np.log(q) + (1 - t) * np.log(1 - q)) + 0.3 / 52 * np.sum(w ** 2)
    w = w - 0.5 * (X.T @ (q - t) / 26 + (0.3 / 26) * w)
"""
LEAKS = """
import numpy as np

rng = np.random.default_rng(48)
X, t = rng.normal(size=(24, 3)), rng.normal(size=(24, 2))
A, a, B = rng.normal(size=(3, 7)), 0.2 * rng.normal(size=7), 0.5 * rng.normal(size=(7, 2))
def back(given, z):
    d = given.copy()
    d[z < 0] = 0.05 * d[z < 0]
    return d
for k in range(900):
    z = X @ A + a
    h = np.where(z < 0, 0.05 * z, z)
    e = (h @ B - t) / 24
    loss = 0.5 * np.sum((h @ B - t) ** 2) / 24
    d = back(e @ B.T, z)
    B -= 0.1 * h.T @ e
    A -= 0.1 * X.T @ d
    a -= 0.1 * d.sum(axis=0)
"""
ACROSS = """
import numpy as np

rng = np.random.default_rng(49)
X, t = rng.normal(size=(3, 25)), (rng.uniform(size=(1, 25)) > 0.4) * 1.0
A, a = rng.normal(size=(7, 3)), 0.2 * rng.normal(size=(7, 1))
B, b = rng.normal(size=(1, 7)), 0.2 * rng.normal(size=(1, 1))
for k in range(900):
    h = np.tanh(A @ X + a)
    p = 1 / (1 + np.exp(-(B @ h + b)))
    cost = -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p)) / 25
    e = p - t
    dB, db = np.dot(e, h.T) / 25, e.sum(axis=1, keepdims=True) / 25
    d = B.T @ e * (1 - h * h)
    dA, da = np.dot(d, X.T) / 25, d.sum(axis=1, keepdims=True) / 25
    A, a, B, b = A - 0.3 * dA, a - 0.3 * da, B - 0.3 * dB, b - 0.3 * db
"""
LINKED = """
import math
import random

random.seed(50)
class Cell:
    def __init__(self):
        self.out = self.back = 0.0
        self.sources, self.into, self.level = {}, [], random.uniform(-1, 1)
    def run(self):
        z = self.level + sum(source.out * w for source, w in self.sources.items())
        self.out = 1 / (1 + math.exp(-z))
    def pull(self):
        total = 0.0
        for cell in self.into:
            total += cell.back * cell.sources[self]
        self.back = self.out * (1 - self.out) * total
    def learn(self):
        for source in self.sources:
            self.sources[source] -= 0.3 * self.back * source.out
        self.level -= 0.3 * self.back
rows = [[Cell() for _ in range(n)] for n in (2, 3, 2)]
for below, above in zip(rows, rows[1:]):
    for cell in above:
        for source in below:
            cell.sources[source] = random.uniform(-1, 1)
            source.into.append(cell)
for turn in range(2000):
    rows[0][0].out, rows[0][1].out = random.random(), random.random()
    for row in rows[1:]:
        for cell in row:
            cell.run()
    wanted = rows[0][0].out * rows[0][1].out, abs(rows[0][0].out - rows[0][1].out)
    for cell, want in zip(rows[2], wanted):
        cell.back = (cell.out - want) * cell.out * (1 - cell.out)
    for cell in rows[1]:
        cell.pull()
    for row in rows[1:]:
        for cell in row:
            cell.learn()
"""
MISTAKES = [
    (
        LINKED,
        "cell.back * cell.sources[self]",
        "cell.out * cell.sources[self]",
        "missing-factor",
        "cell.out",
        "cell.back",
    ),
    (
        LINKED,
        "cell.back * cell.sources[self]",
        "cell.back * cell.level",
        "wrong-operand",
        "cell.level",
        "cell.sources[self]",
    ),
    (ACROSS, "np.dot(e, h.T)", "np.dot(e, p.T)", "wrong-operand", "p", "h"),
    (LEAKS, "0.05 * d[z < 0]", "0.05", "missing-factor", "0.05", "0.05 * d[z < 0]"),
    (CUBIC, "0.08 * z ** 2 * 3", "0.08 * z ** 2", "wrong-scale", "0.08 * z ** 2", "0.08 * z ** 2 * 3"),
    (
        SHRUNK,
        "(0.3 / 26) * w)",
        "np.sum((0.3 / 26) * w))",
        "wrong-axis",
        "np.sum((0.3 / 26) * w)",
        "(0.3 / 26) * w",
    ),
    (LAYERS, "missed_b * squash", "missed_c * squash", "wrong-operand", "missed_c", "missed_b"),
    (
        KERNEL,
        "slide(signal, d)",
        "slide(signal, d)[::-1]",
        "wrong-index",
        "slide(signal, d)[::-1]",
        "slide(signal, d)",
    ),
    (
        LIKELY,
        "np.exp(self.out) * given.sum(axis=1, keepdims=True)",
        "np.exp(self.out)",
        "upstream-ignored",
        "np.exp(self.out)",
        "np.exp(self.out) * np.sum(given, axis=1, keepdims=True)",
    ),
    (HINGE, "-share.sum(axis=1)", "-1", "missing-factor", "1", "np.sum(share, axis=1)"),
    (RATINGS, "miss * q - 0.1 * p", "miss * q - 0.1 * q", "wrong-operand", "q", "p"),
]


def _errors(text: str) -> list[Finding]:
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    return [finding for finding in report.findings if finding.severity == "error"]


@pytest.mark.parametrize(("text", "right", "wrong", "name", "found", "expected"), MISTAKES)
def test_each_has_its_name_and_its_mend(
    text: str, right: str, wrong: str, name: str, found: str, expected: str
) -> None:
    """And what is right is let alone."""
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "correct"
    assert text.count(right) == 1
    (finding,) = _errors(text.replace(right, wrong))
    assert (finding.name, finding.found, finding.expected) == (name, found, expected)
    assert finding.mended


def test_two_indices_of_an_einsum_in_each_others_place():
    """That is a transpose of one term, and is put right in the product that has it."""
    text = """
import numpy as np

rng = np.random.default_rng(5)
X, Y, Z = (rng.normal(size=(3, 4, 5)) for _ in range(3))
P, R = rng.normal(size=(5, 5)) * 0.4, rng.normal(size=(5, 5)) * 0.4
for turn in range(300):
    Q, K = Z @ R, X @ P
    S = np.einsum("btd,bsd->bts", Q, K)
    miss = np.einsum("bts,bsd->btd", S, X) - Y
    loss = 0.5 * np.sum(miss**2)
    back = np.einsum("btd,bsd->bts", miss, X)
    back_Q = np.einsum("bts,bsd->btd", back, K)
    back_K = np.einsum("bts,btd->bsd", back, Q)
    P -= 0.0001 * np.einsum("bsd,bse->de", X, back_K)
    R -= 0.0001 * np.einsum("bsd,bse->de", Z, back_Q)
"""
    assert check_program(program_from_bytes(text.encode(), "net.py")).verdict == "correct"
    wrong = text.replace("bts,btd->bsd", "bst,btd->bsd")
    (found,) = check_program(program_from_bytes(wrong.encode(), "net.py")).findings
    assert (found.name, found.span.row, found.mended) == ("wrong-transpose", 14, True)
    assert found.expected == 'np.einsum("bts,btd->bsd", back, Q)'
