"""Mistakes in branches that the recorded step does not take, and factors that all gradients share."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

DATA = """
import math
import numpy as np
rng = np.random.default_rng(1)
X = rng.normal(size=(40, 2)); y = X @ np.array([3.0, -2.0]) + 1.0
w = rng.normal(size=2); b = 0.1; lr = 0.01
"""

ABSOLUTE = (
    DATA
    + """
for epoch in range(50):
    for x, t in zip(X, y):
        e = float(w @ x + b) - t
        if abs(e) <= 1:
            loss = 0.5 * e * e
            g = e
        else:
            loss = abs(e) - 0.5
            g = np.sign(e)
        w -= lr * g * x
        b -= lr * g
"""
)

SELDOM = """
import numpy as np
rng = np.random.default_rng(2)
X = rng.normal(size=(60, 2)); y = X @ np.array([1.0, -1.0])
X[40] = 30.0
w = np.zeros(2) + 0.3; b = 0.1
for x, t in zip(X, y):
    for again in range(2):
        e = float(w @ x + b) - t
        if e < 3:
            loss = 0.5 * e * e
            g = e
        else:
            loss = 0.1 * e**3 + 1.8
            g = 0.3 * e * e
        w -= 0.001 * g * x
        b -= 0.001 * g
"""

SHARED = (
    DATA
    + """
for epoch in range(50):
    for x, t in zip(X, y):
        e = math.tanh(float(w @ x + b)) - math.tanh(t)
        r = math.sqrt(5.0 - e * e)
        loss = 2.0 - r
        g = e / r * (1 - (e + math.tanh(t)) ** 2)
        w -= lr * g * x
        b -= lr * g
"""
)


def verdict(text: str) -> str:
    """What is said of a program."""
    return check_program(program_from_bytes(text.encode(), "program.py")).verdict


@pytest.mark.parametrize("text", [ABSOLUTE, SELDOM, SHARED])
def test_right(text: str) -> None:
    """Branches with derivatives of their own are certified."""
    assert verdict(text) == "correct"


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        (ABSOLUTE, "np.sign(e)", "-np.sign(e)"),
        (SELDOM, "0.3 * e * e", "-0.3 * e * e"),
    ],
)
def test_wrong_on_a_branch(text: str, right: str, wrong: str) -> None:
    """A mistake is found in a branch that other steps take, though it writes the loss in another way."""
    assert verdict(text.replace(right, wrong)) == "faulty"


def test_shared_factor() -> None:
    """No certificate is given where all gradients of a step of one sample share a wrong factor."""
    assert verdict(SHARED.replace("e / r", "e * r")) == "inconclusive"


def test_unseen_branches_are_told() -> None:
    """A certificate names the branches that did not run."""
    text = SELDOM.replace("e < 3", "e < 1e9")
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    assert "did not run the branch at line 14" in " ".join(report.certified)


SLOPES = """
import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(7, 3)); Y = rng.normal(size=(7, 2))
W = rng.normal(size=(3, 4)); b = rng.normal(size=4); V = rng.normal(size=(4, 2))
def slope(kind, a):
    if kind == "relu":
        return np.where(a > 0, 1.0, 0.0)
    elif kind == "tanh":
        return 1 - a**2
    return a * (1 + a)
def never(a):
    if a > 0:
        return a * a
    return -a * a
for epoch in range(30):
    h = np.tanh(X @ W + b)
    o = h @ V
    loss = 0.5 * np.sum((o - Y) ** 2)
    d = (o - Y) @ V.T * slope("tanh", h)
    V -= 0.01 * h.T @ (o - Y)
    W -= 0.01 * X.T @ d
    b -= 0.01 * d.sum(axis=0)
"""
CHAIN = SLOPES[SLOPES.index("    if kind") : SLOPES.index("    return a * (1 + a)")]
MATCHED = SLOPES.replace(
    CHAIN,
    """    match kind:
        case "relu":
            return np.where(a > 0, 1.0, 0.0)
        case "tanh":
            return 1 - a**2
""",
)
RETURNED = """
import numpy as np
rng = np.random.default_rng(2)
X = rng.normal(size=(60, 2)); y = X @ np.array([1.0, -1.0])
X[40] = 30.0
w = np.zeros(2) + 0.3; b = 0.1
def slope(e):
    if e >= 3:
        return 0.3 * e * e
    return e
for x, t in zip(X, y):
    for again in range(2):
        e = float(w @ x + b) - t
        loss = 0.5 * e * e if e < 3 else 0.1 * e**3 + 1.8
        w -= 0.001 * slope(e) * x
        b -= 0.001 * slope(e)
"""


@pytest.mark.parametrize("text", [SLOPES, MATCHED])
def test_unseen_branches_that_only_return_are_told(text: str) -> None:
    """A certificate names a branch that returns what it computes; none of a function that was not called."""
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    row = 1 + text[: text.index("return np")].count("\n")
    assert report.verdict == "correct"
    assert f"did not run the branch at line {row}." in " ".join(report.certified)


def test_wrong_in_a_branch_that_only_returns() -> None:
    """More steps are run where such a branch was not taken."""
    assert verdict(RETURNED) == "correct"
    assert verdict(RETURNED.replace("return 0.3 * e", "return -0.3 * e")) != "correct"
