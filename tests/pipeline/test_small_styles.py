"""Small programs in styles of their own: decay in the update only, names for NumPy, errors term by term."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

ADAMW = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(20, 3)); y = np.sin(X[:, :1])
W = rng.normal(size=(3, 4)); U = rng.normal(size=(4, 1)); c = np.array([0.2])
weights = [W, U, c]
m = [np.zeros_like(p) for p in weights]; v = [np.zeros_like(p) for p in weights]
for t in range(1, 1001):
    h = np.tanh(X @ W)
    r = h @ U + c - y
    loss = np.mean(r ** 2)
    d = 2 * r / len(X)
    grads = [X.T @ (d @ U.T * (1 - h * h)), h.T @ d, d.sum(0)]
    for k, (p, g) in enumerate(zip(weights, grads)):
        m[k] = 0.9 * m[k] + 0.1 * g
        v[k] = 0.999 * v[k] + 0.001 * g * g
        p -= 0.001 * 0.01 * p
        p -= 0.001 * (m[k] / (1 - 0.9 ** t)) / (np.sqrt(v[k] / (1 - 0.999 ** t)) + 1e-8)
"""
RATINGS = """
import numpy as np
np.random.seed(3)
ratings = [(0, 0, 5.0), (0, 1, 3.0), (1, 0, 4.0), (1, 2, 1.0), (2, 1, 1.0), (2, 2, 5.0)]
P = np.random.rand(3, 2); Q = np.random.rand(3, 2); offset = np.zeros(3)
rate, shrink = 0.02, 0.02
for it in range(1000):
    for i, j, r in ratings:
        e = r - offset[i] - P[i] @ Q[j]
        offset[i] += rate * (e - shrink * offset[i])
        row = P[i, :].copy()
        P[i, :] += rate * (e * Q[j, :] - shrink * P[i, :])
        Q[j, :] += rate * (e * row - shrink * Q[j, :])
"""
MOMENTUM = """
import numpy as np
rng = np.random.default_rng(1)
X = rng.normal(size=(10, 3)); T = np.tanh(X[:, :2])
W1 = rng.normal(size=(3, 4)); W2 = rng.normal(size=(4, 2)); v1 = 0 * W1; v2 = 0 * W2
decay = 1e-3
for it in range(1000):
    for x, t in zip(X, T):
        a = np.tanh(x @ W1)
        o = np.tanh(a @ W2)
        loss = 0.5 * np.sum((o - t) ** 2)
        d2 = (o - t) * (1 - o ** 2)
        d1 = W2 @ d2 * (1 - a ** 2)
        v1 = 0.8 * v1 - 0.1 * (np.outer(x, d1) + decay * W1)
        v2 = 0.8 * v2 - 0.1 * (np.outer(a, d2) + decay * W2)
        W1 += v1
        W2 += v2
"""
STAR = """
from numpy import *
random.seed(4)
x = linspace(-2, 2, 15).reshape(1, 15); t = sin(x)
w = random.randn(5, 1); b = random.randn(5, 1); u = random.randn(1, 5)
slope = lambda a: 1 - tanh(a) ** 2
for k in range(1000):
    a = dot(w, x) + b
    y = dot(u, tanh(a))
    e = (y - t) / 15
    d = dot(u.T, e) * slope(a)
    u = u - 0.1 * dot(e, tanh(a).T)
    w = w - 0.1 * dot(d, x.T)
    b = b - 0.1 * sum(d, axis=1, keepdims=True)
"""
GATES = """
import numpy as np
inputs = np.matrix('0 0 1; 0 1 1; 1 0 1; 1 1 0')
outputs = np.matrix('0; 1; 1; 0')
np.random.seed(3)
W = np.matrix(np.random.uniform(-1, 1, size=(3, 4))); V = np.matrix(np.random.uniform(-1, 1, size=(4, 1)))
for i in range(1000):
    h = 1 / (1 + np.exp(-inputs * W))
    y = 1 / (1 + np.exp(-h * V))
    d = np.multiply(outputs - y, np.multiply(y, 1 - y))
    e = np.multiply(d * V.T, np.multiply(h, 1 - h))
    V += h.T * d
    W += inputs.T * e
"""
SPARSE = """
import numpy as np
rng = np.random.default_rng(31)
spectra = rng.normal(size=(26, 7)); sugar = np.sin(spectra[:, [1]]) - 0.7 * spectra[:, [4]]
A = rng.normal(size=(7, 5)) * 0.5; a = rng.normal(size=5) * 0.1
B = rng.normal(size=(5, 1)) * 0.5; b = np.array([0.3])
for sweep in range(900):
    h = np.tanh(spectra @ A + a)
    out = h @ B + b
    loss = np.mean((out - sugar) ** 2)
    d = 2 * (out - sugar) / len(sugar)
    e = d @ B.T * (1 - h ** 2)
    B -= 0.1 * h.T @ d + 0.002 * np.sign(B)
    A -= 0.1 * spectra.T @ e + 0.002 * np.sign(A)
    b -= 0.1 * d.sum(axis=0)
    a -= 0.1 * e.sum(axis=0)
"""
PULLED = (
    SPARSE.replace(" + 0.002 * np.sign(B)", "").replace(" + 0.002 * np.sign(A)", "")
    + """\
    B -= 0.002 * np.sign(B)
    A += -0.002 * np.sign(A)
"""
)
DECAYED = PULLED.replace("np.sign(B)", "B").replace("np.sign(A)", "A")
EACH = SPARSE.replace(" + 0.002 * np.sign(B)", "\n    B -= 0.002 * B")
EACH = EACH.replace(" + 0.002 * np.sign(A)", "\n    A *= 0.998")
STATED = EACH.replace("sugar) ** 2)\n", "sugar) ** 2) + 0.01 * (np.sum(A ** 2) + np.sum(B ** 2))\n")
STATED_SIGNS = PULLED.replace("sugar) ** 2)\n", "sugar) ** 2) + 0.02 * (abs(A).sum() + abs(B).sum())\n")
EACH_ELEMENT = """
import numpy as np
def each(array, function):
    for v in np.nditer(array, op_flags=['readwrite']):
        v[...] = function(v)
rng = np.random.default_rng(4)
xs = [rng.normal(size=(3, 1)) for _ in range(4)]; wanted = rng.normal(size=(2, 1))
U = rng.normal(size=(2, 3)); W = rng.normal(size=(2, 2))
for k in range(1000):
    states = [np.zeros((2, 1))]
    for x in xs:
        s = U @ x + W @ states[-1]
        each(s, np.tanh)
        states.append(s)
    loss = 0.5 * np.sum((states[-1] - wanted) ** 2)
    dU, dW, d = 0 * U, 0 * W, states[-1] - wanted
    for t in range(3, -1, -1):
        slope = states[t + 1].copy()
        each(slope, lambda a: 1 - a * a)
        d = d * slope
        dU += d @ xs[t].T
        dW += d @ states[t].T
        d = W.T @ d
    U -= 0.05 * dU
    W -= 0.05 * dW
"""
# a program, and mistakes in it with the row where each is found
PROGRAMS = {
    "adamw": (ADAMW, [("(1 - h * h)", "(1 - h)", 13)]),
    "ratings": (RATINGS, []),
    "momentum": (MOMENTUM, [("W2 @ d2 * (1 - a ** 2)", "W2 @ d2 * (1 - np.tanh(a) ** 2)", 13)]),
    "sparse": (SPARSE, [("(1 - h ** 2)", "(1 - h)", 12)]),
    "pulled": (PULLED, [("(1 - h ** 2)", "(1 - h)", 12), ("spectra.T @ e", "-spectra.T @ e", 14)]),
    "decayed": (DECAYED, []),
    "each": (EACH, [("(1 - h ** 2)", "(1 - h)", 12)]),
    "stated": (STATED, [("(1 - h ** 2)", "(1 - h)", 12)]),
    "stated-signs": (STATED_SIGNS, [("(1 - h ** 2)", "(1 - h)", 12)]),
    "star": (STAR, [("1 - tanh(a) ** 2", "1 - tanh(a)", 6)]),
    "each-element": (EACH_ELEMENT, [("1 - a * a", "1 - a", 19)]),
    "gates": (GATES, [("d * V.T, np.multiply(h, 1 - h)", "d * V.T, np.multiply(h, 1 + h)", 11)]),
}


def check(text: str) -> FileReport:
    """The report of a program."""
    return check_program(program_from_bytes(text.encode(), "p.py"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_right_program_is_certified(name: str) -> None:
    """What only shrinks a parameter is no fault, not even of a single number or of one row."""
    report = check(PROGRAMS[name][0])
    assert report.verdict == "correct", (report.reason, [f.message for f in report.findings])


@pytest.mark.parametrize(("name", "mistake"), [(n, m) for n, (_, many) in PROGRAMS.items() for m in many])
def test_its_mistake_is_found_and_mended(name: str, mistake: tuple[str, str, int]) -> None:
    """It is found alone, at its row, though all gradients are decayed, and mended in the program's names."""
    old, new, row = mistake
    text = PROGRAMS[name][0].replace(old, new)
    assert text != PROGRAMS[name][0]
    report = check(text)
    assert report.verdict == "faulty", report.reason
    errors = [f for f in report.findings if f.severity == "error"]
    assert [f.span.row for f in errors if f.span is not None] == [row]
    edits = [e for f in errors if f.fix is not None and f.fix.applicability == "safe" for e in f.fix.edits]
    mended = apply_edits(program_from_bytes(text.encode(), "p.py"), edits)
    assert check(mended.text).verdict == "correct"


@pytest.mark.parametrize("text", [STATED, STATED_SIGNS])
def test_a_penalty_behind_the_step_is_that_of_the_loss(text: str) -> None:
    """It is compared as one with the step, which is said; another size of it is wrong."""
    said = "The penalty on B and A is taken off behind the gradient step"
    assert any(said in sentence for sentence in check(text).certified)
    assert check(text.replace("B -= 0.002", "B -= 0.001")).verdict == "faulty"


@pytest.mark.parametrize("right", ["B -= 0.002 * np.sign(B)", "A += -0.002 * np.sign(A)"])
def test_a_push_from_zero_is_no_pull(right: str) -> None:
    """What makes a parameter larger behind its step is not set aside."""
    name = right[0]
    assert check(PULLED.replace(right, f"{name} += 0.002 * np.sign({name})")).verdict != "correct"


def test_growing_is_no_decay() -> None:
    """A parameter that each step makes larger by a share of itself is not taken for a decayed one."""
    assert check(ADAMW.replace("p -= 0.001 * 0.01 * p", "p += 0.001 * 0.01 * p")).verdict != "correct"
