"""Derivatives of a penalty on the weights that are of another part, or have another sign."""

from __future__ import annotations

import pytest

from backproof.findings import Finding
from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

# the first column of each matrix belongs to a unit that is always one, and has no penalty
PACKED = """
import numpy as np
from scipy.optimize import minimize

draw = np.random.default_rng(41)
X, Y = draw.normal(size=(31, 4)), (draw.normal(size=(31, 3)) > 0) * 1.0


def squash(z):
    return 1 / (1 + np.exp(-z))


def slope_of_squash(z):
    return squash(z) * (1 - squash(z))


def apart(w):
    return w[:25].reshape(5, 5), w[25:].reshape(3, 6)


def cost_and_slope(w, strength):
    A, B = apart(w)
    n = len(X)
    x = np.c_[np.ones(n), X]
    z = x @ A.T
    h = np.c_[np.ones(n), squash(z)]
    p = squash(h @ B.T)
    J = -np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p)) / n
    J = J + strength / (2 * n) * (np.sum(A[:, 1:] ** 2) + np.sum(B[:, 1:] ** 2))
    d = p - Y
    back = d @ B[:, 1:] * slope_of_squash(z)
    GA = back.T @ x / n + strength / n * np.c_[np.zeros(len(A)), A[:, 1:]]
    GB = d.T @ h / n
    GB[:, 1:] += strength / n * B[:, 1:]
    return J, np.concatenate([GA.ravel(), GB.ravel()])


found = minimize(cost_and_slope, draw.normal(0, 0.4, 43), args=(0.7,), jac=True, method="BFGS")
"""
DECAYED = """
import numpy as np

draw = np.random.default_rng(42)
X, T = draw.normal(size=(19, 4)), np.eye(3)[draw.integers(0, 3, 19)]
W, V, decay = draw.normal(0, 0.5, (4, 6)), draw.normal(0, 0.5, (6, 3)), 0.02
for turn in range(1000):
    h = np.tanh(X @ W)
    e = np.exp(h @ V)
    p = e / e.sum(axis=1, keepdims=True)
    d = p - T
    dV = h.T @ d / 19 + decay * V
    dW = X.T @ (d @ V.T * (1 - h * h)) / 19 + decay * W
    W -= 0.2 * dW
    V -= 0.2 * dV
"""
HANDED_ON = """
import numpy as np


class Walker:
    def __init__(self, pairs, pace):
        self.pairs, self.pace = pairs, pace

    def shrink(self, share):
        for p, g in self.pairs:
            g += share * p

    def walk(self):
        for p, g in self.pairs:
            p -= self.pace * g


draw = np.random.default_rng(43)
X, Y = draw.normal(size=(17, 3)), draw.normal(size=(17, 2))
W, V = draw.normal(0, 0.5, (3, 5)), draw.normal(0, 0.5, (5, 2))
GW, GV = np.zeros_like(W), np.zeros_like(V)
walker = Walker([(W, GW), (V, GV)], 0.1)
for turn in range(1000):
    h = np.tanh(X @ W)
    d = (h @ V - Y) / 17
    loss = 0.5 * np.sum(d ** 2) * 17
    GV[:] = h.T @ d
    GW[:] = X.T @ (d @ V.T * (1 - h * h))
    walker.shrink(0.02)
    walker.walk()
    if turn % 100 == 0:
        print(turn, loss)
"""
SHRUNK = """
import numpy as np

draw = np.random.default_rng(43)
X, T = np.c_[np.ones(17), draw.normal(size=(17, 3))], draw.normal(size=(17, 2))


class Plane:
    def __init__(self, start):
        self.fitted = start

    def step(self, rate, strength):
        missed = X @ self.fitted - T
        fit = self.fitted
        fit = fit * (1 - rate * strength / 17) - rate / 17 * (missed.T @ X).T
        fit[0] = self.fitted[0] - rate / 17 * (X[:, 0].T @ missed)
        self.fitted = fit

    def cost(self, strength):
        missed = X @ self.fitted - T
        return (np.sum(missed ** 2) + strength * np.sum(self.fitted[1:] ** 2)) / (2 * 17)


plane, costs = Plane(draw.normal(size=(4, 2))), []
for turn in range(1000):
    costs.append(plane.cost(3.0))
    plane.step(0.05, 3.0)
"""
ONES = ("np.c_[np.zeros(len(A)), A", "np.c_[np.ones(len(A)), A")
WHOLE = ("GB[:, 1:] += strength / n * B[:, 1:]", "GB += strength / n * B")
POINT = ("slope_of_squash(z)\n    GA", "slope_of_squash(h[:, 1:])\n    GA")
CASES = {
    "a column of ones": (PACKED, [ONES], {"loss-mismatch"}),
    "all of a matrix": (PACKED, [WHOLE], {"loss-mismatch"}),
    "both": (PACKED, [ONES, WHOLE], {"loss-mismatch"}),
    "a column of ones, and a slope where the units are": (
        PACKED,
        [POINT, ONES],
        {"derivative-at-wrong-point", "loss-mismatch"},
    ),
    "the rest of a share, and the intercept twice": (
        SHRUNK,
        [("fit[0] = self.fitted[0]", "fit[0] = fit[0]")],
        {"wrong-operand"},
    ),
    "growth for decay": (DECAYED, [("/ 19 + decay * W", "/ 19 - decay * W")], {"sign-flipped"}),
    "growth in all gradients": (HANDED_ON, [("g += share * p", "g -= share * p")], {"sign-flipped"}),
}


def _errors(text: str) -> list[Finding]:
    report = check_program(program_from_bytes(text.encode(), "penalised.py"))
    return [finding for finding in report.findings if finding.severity == "error"]


@pytest.mark.parametrize("text", [PACKED, DECAYED, HANDED_ON, SHRUNK])
def test_right(text: str) -> None:
    """Nothing is said of what is right."""
    assert _errors(text) == []


@pytest.mark.parametrize("name", CASES)
def test_wrong(name: str) -> None:
    """Each mistake has its own finding and mend, in its row, and with all the program is right again."""
    text, mistakes, names = CASES[name]
    rows = set[int]()
    for right, wrong in mistakes:
        assert text.count(right) == 1
        rows.add(text[: text.index(right)].count("\n") + 1)
        text = text.replace(right, wrong)
    errors = _errors(text)
    assert {finding.name for finding in errors} == names
    assert {finding.span.row for finding in errors if finding.span} == rows
    edits = [edit for finding in errors if finding.fix is not None for edit in finding.fix.edits]
    mended = apply_edits(program_from_bytes(text.encode(), "penalised.py"), edits)
    assert _errors(mended.text) == []
