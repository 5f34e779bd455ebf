"""Training steps that are written out, one after the other, without a loop or a function."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

STEP = """
import numpy as np
x = np.array([[0.05, 0.10]])
t = np.array([[0.01, 0.99]])
W1 = np.array([[0.15, 0.25], [0.20, 0.30]])
b1 = np.array([[0.35, 0.35]])
W2 = np.array([[0.40, 0.50], [0.45, 0.55]])
b2 = np.array([[0.60, 0.60]])
sigmoid = lambda z: 1 / (1 + np.exp(-z))
h = sigmoid(x @ W1 + b1)
o = sigmoid(h @ W2 + b2)
E = 0.5 * np.sum((t - o) ** 2)
print("error", E)
d2 = (o - t) * o * (1 - o)
d1 = d2 @ W2.T * h * (1 - h)
W2 -= 0.5 * h.T @ d2
b2 -= 0.5 * d2
W1 -= 0.5 * x.T @ d1
b1 -= 0.5 * d1
print(W1, W2)
"""
ANOTHER = (
    STEP
    + """
h = sigmoid(x @ W1 + b1)
o = sigmoid(h @ W2 + b2)
print("error", 0.5 * np.sum((t - o) ** 2))
d2 = (o - t) * o * (1 - o)
d1 = d2 @ W2.T * h * (1 - h)
W2 -= 0.5 * h.T @ d2
b2 -= 0.5 * d2
W1 -= 0.5 * x.T @ d1
b1 -= 0.5 * d1
"""
)
NO_STEPS = {
    "a residual network, forward": """
import numpy as np
rng = np.random.default_rng(0)
x = rng.normal(size=(5, 4))
W = rng.normal(size=(4, 4)); V = rng.normal(size=(4, 4))
x = x + np.maximum(x @ W, 0)
x = x + np.tanh(x @ V)
loss = np.mean(x ** 2)
print(loss)
""",
    "a body in motion": """
import numpy as np
p, v, dt = np.array([0.0, 1.0]), np.array([1.0, 0.0]), 0.01
a = -p / np.linalg.norm(p) ** 3
v = v + dt * a
p = p + dt * v
p = p - 0.1 * np.sin(p)
energy = 0.5 * v @ v - 1 / np.linalg.norm(p)
print(energy)
""",
    "data made ready": """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(3, 2, size=(30, 4)); y = X @ np.ones(4)
err0 = np.mean((X.sum(axis=1) - y) ** 2)
X = X - X.mean(axis=0)
X = X / X.std(axis=0)
y = y - np.mean(y)
W = rng.normal(size=4)
pred = X @ W
loss = np.mean((pred - y) ** 2)
grad = 2 * X.T @ (pred - y) / len(y)
print(err0, loss, grad)
""",
}


def _check(text: str):
    return check_program(program_from_bytes(text.encode(), "p.py"))


@pytest.mark.parametrize("text", [STEP, ANOTHER], ids=["one", "two"])
def test_steps_by_hand_are_certified(text: str) -> None:
    """The step goes from where the parameters are there to their update, or from one update to the next."""
    report = _check(text)
    assert report.verdict == "correct", report.reason
    assert {p.name for p in report.parameters} == {"W1", "b1", "W2", "b2"}


def test_a_factor_left_out_by_hand_is_found() -> None:
    """It is named, at its line, and mended."""
    report = _check(STEP.replace("W2.T * h * (1 - h)", "W2.T * (1 - h)"))
    (error,) = [f for f in report.findings if f.severity == "error"]
    assert error.name == "missing-factor"
    assert error.span is not None
    assert error.span.row == 15
    assert error.fix is not None
    assert error.fix.applicability == "safe"


@pytest.mark.parametrize("name", NO_STEPS)
def test_what_only_looks_like_a_step_is_not_judged(name: str) -> None:
    """A value that is replaced by itself plus something computed from it need not be a parameter."""
    assert _check(NO_STEPS[name]).verdict == "inconclusive"
