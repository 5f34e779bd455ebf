"""Optimizers that learners write out: the update is theirs, the gradient in it is judged."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(3)
X, Y = rng.normal(size=(21, 3)), rng.normal(size=(21, 2))
params = [rng.normal(size=(3, 5)) * 0.5, rng.normal(size=5), rng.normal(size=(5, 2)), rng.normal(size=2)]
m = [np.zeros_like(p) for p in params]
v = [np.zeros_like(p) for p in params]
old = [p.copy() for p in params]
lr, mu = 0.01, 0.9
for t in range(1, 400):
    #before
    W1, b1, W2, b2 = params
    h = np.tanh(X @ W1 + b1)
    e = (h @ W2 + b2 - Y) / len(X)
    loss = 0.5 * np.sum(e ** 2) * len(X)
    dz = (e @ W2.T) * (1 - h ** 2)
    grads = [X.T @ dz, dz.sum(axis=0), h.T @ e, e.sum(axis=0)]
    for i in range(4):
        g = grads[i]
        #update
"""
ADAMAX = """m[i] = 0.9 * m[i] + 0.1 * g
v[i] = np.maximum(0.999 * v[i], np.abs(g))
params[i] -= lr / (1 - 0.9 ** t) * m[i] / (v[i] + 1e-8)"""
LAMB = """m[i] = 0.9 * m[i] + 0.1 * g
v[i] = 0.999 * v[i] + 0.001 * g ** 2
r = m[i] / (np.sqrt(v[i]) + 1e-6)
ratio = np.linalg.norm(params[i]) / (np.linalg.norm(r) + 1e-9)
params[i] -= lr * ratio * r"""
LARS = """trust = 0.02 * np.linalg.norm(params[i]) / (np.linalg.norm(g) + 1e-4 * np.linalg.norm(params[i]))
v[i] = mu * v[i] + trust * (g + 1e-4 * params[i])
params[i] -= v[i]"""
HEAVY_BALL = """new = params[i] - lr * g + mu * (params[i] - old[i])
old[i] = params[i]
params[i] = new"""
EXTRAPOLATED = """new = params[i] - lr * g
params[i] = new + mu * (new - old[i])
old[i] = new"""
AHEAD = """params[i] -= lr * g
v[i] = mu * v[i] - lr * g"""
LED = "for p, w in zip(params, v):\n    p += mu * w"


def _program(update: str, before: str = "pass") -> str:
    program = PROGRAM.replace("#before", before.replace("\n", "\n    "))
    return program.replace("#update", update.replace("\n", "\n        "))


def _verdict(program: str) -> str:
    report = check_program(program_from_bytes(program.encode(), "net.py"))
    assert report.verdict == "inconclusive" or not {"m", "v", "old"}.intersection(
        p.name[: p.name.find("[")] for p in report.parameters
    )
    return report.verdict


@pytest.mark.parametrize(
    ("update", "before"),
    [
        (ADAMAX, "pass"),
        (LAMB, "pass"),
        (LARS, "pass"),
        (HEAVY_BALL, "pass"),
        (EXTRAPOLATED, "pass"),
        (AHEAD, LED),
    ],
    ids=["adamax", "lamb", "lars", "heavy ball", "extrapolated", "ahead"],
)
def test_updates_are_the_program_s_own(update: str, before: str) -> None:
    """A right gradient is certified under each of them, and a wrong one is found."""
    program = _program(update, before)
    assert _verdict(program) == "correct"
    assert _verdict(program.replace("(1 - h ** 2)", "(1 - h)")) == "faulty"


def test_velocities_lead_the_way_of_the_step() -> None:
    """A velocity that turns against the gradient, or leads the parameters back, is not certified."""
    assert _verdict(_program(AHEAD.replace("mu * v[i] -", "mu * v[i] +"), LED)) == "inconclusive"
    assert _verdict(_program(AHEAD, LED.replace("+=", "-="))) == "inconclusive"
    assert _verdict(_program(HEAVY_BALL.replace("+ mu", "- mu"))) == "faulty"


OBJECTS = """
import numpy as np

rng = np.random.default_rng(3)
X, y = rng.normal(size=(21, 3)), rng.integers(0, 2, 21)


class Dense:
    def __init__(self, a, b):
        self.W, self.b = rng.normal(size=(a, b)) * 0.5, rng.normal(size=b) * 0.1
        self.eW, self.eb = np.zeros((a, b)), np.zeros(b)
        self.xW, self.xb = np.zeros((a, b)), np.zeros(b)

    def update(self, gW, gb):
        self.eW = 0.9 * self.eW + 0.1 * gW ** 2
        self.eb = 0.9 * self.eb + 0.1 * gb ** 2
        sW = np.sqrt(self.xW + 1e-5) / np.sqrt(self.eW + 1e-5) * gW
        sb = np.sqrt(self.xb + 1e-5) / np.sqrt(self.eb + 1e-5) * gb
        self.xW = 0.9 * self.xW + 0.1 * sW * sW
        self.xb = 0.9 * self.xb + 0.1 * np.square(sb)
        self.W -= sW
        self.b -= sb


first, last = Dense(3, 5), Dense(5, 2)
for step in range(300):
    h = np.tanh(X @ first.W + first.b)
    z = h @ last.W + last.b
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    p[np.arange(21), y] -= 1
    d = p @ last.W.T * (1 - h ** 2)
    last.update(h.T @ p, p.sum(axis=0))
    first.update(X.T @ d, d.sum(axis=0))
"""


def test_squared_changes_are_no_parameters() -> None:
    """The memory of AdaDelta, of which its steps are computed, is told from what it changes."""
    assert _verdict(OBJECTS) == "correct"
    assert _verdict(OBJECTS.replace("(1 - h ** 2)", "(1 - h)")) == "faulty"
