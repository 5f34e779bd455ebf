"""A certificate names what was proved, and every convention that looks wrong and is right."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

from .small_networks import two_layers

PARAMETERS = "W1, b1, W2, b2"
MOMENTUM = f"""
    for p, m, d in zip(({PARAMETERS}), v, g):
        m *= 0.9
        m += d
        p -= rate * m"""
ADAM = f"""
    for p, m, s, d in zip(({PARAMETERS}), v, u, g):
        m[...] = 0.9 * m + 0.1 * d
        s[...] = 0.999 * s + 0.001 * d ** 2
        p -= rate * (m / (1 - 0.9 ** (k + 1))) / (np.sqrt(s / (1 - 0.999 ** (k + 1))) + 1e-8)"""
ZEROS = f"[np.zeros_like(p) for p in ({PARAMETERS})]"
SIZE = "size = np.sqrt(sum(np.sum(d ** 2) for d in g))"
WAYS: dict[str, tuple[dict[str, str], str]] = {
    "derivative called with the activation": ({}, "`slope(H)` is called with the activation a"),
    "minus in the error and plus in the update": (
        {
            "error": "Y - O",
            "update": "W1 += rate * g[0]; b1 += rate * g[1]; b2 += rate * g[3]",
            "late": "W2 += rate * g[2]",
        },
        "`Y - O` is the target less the output, the negative of the derivative, and the updates add",
    ),
    "a 2 left out": ({"loss": "np.sum((O - Y) ** 2)"}, "0.5 times that of the loss"),
    "a mean left out": ({"loss": "np.mean((O - Y) ** 2)"}, "12 times that of the loss"),
    "weight decay": ({"late": "W2 -= rate * (g[2] + 0.01 * W2)"}, "The update of W2 also has weight decay"),
    "momentum": ({"memory": f"v = {ZEROS}", "update": MOMENTUM, "late": ""}, "The momentum of earlier steps"),
    "clipping by value": (
        {"bounded": "g = [np.clip(d, -0.05, 0.05) for d in g]"},
        "The gradient is brought within bounds",
    ),
    "clipping by norm": (
        {"bounded": f"{SIZE}\n    if size > 0.05: g = [d * 0.05 / size for d in g]"},
        "All gradients of a step are scaled alike",
    ),
    "normalised steps": (
        {"bounded": f"{SIZE}\n    g = [d / size for d in g]"},
        "All gradients of a step are scaled alike",
    ),
    "Adam": (
        {"memory": f"v, u = {ZEROS}, {ZEROS}", "update": ADAM, "late": ""},
        "What the optimizer remembers of the size of earlier gradients is set aside",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_looks_wrong_and_is_right_is_explained(way: str) -> None:
    """Every parameter, the loss, the points and the precision are named, and the convention is explained."""
    places, words = WAYS[way]
    report = check_program(program_from_bytes(two_layers(**places).encode(), "p.py"))
    assert report.verdict == "correct"
    first, second, third, *rest = report.certified
    assert all(name in first for name in ("W1", "b1", "W2", "b2", " of loss, "))
    assert second == "The program itself computes this loss in its training step."
    assert "at 8 fresh random points, in float64, to a relative" in third
    assert float(third.rstrip(".").rpartition(" ")[2]) < 1e-12
    assert any(words in sentence for sentence in rest), rest


@pytest.mark.parametrize("way", WAYS)
def test_beside_a_convention_a_missing_factor_is_found(way: str) -> None:
    """The same program without the slope of the hidden layer in one gradient is faulty."""
    places, _ = WAYS[way]
    text = two_layers(**places, gW1="X.T @ (d2 @ W2.T)")
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    assert report.verdict == "faulty"
    assert not report.certified
    assert [f.name for f in report.findings if f.severity == "error"] == ["missing-factor"]


HUBER = """
import numpy as np

rng = np.random.default_rng(16)
X, Y = rng.normal(size=(15, 3)), 3 * rng.normal(size=(15, 2))
W, b = rng.normal(size=(3, 2)), 0.1 * rng.normal(size=2)
for k in range(1000):
    r = X @ W + b - Y
    loss = np.mean(np.where(np.abs(r) < 1, 0.5 * r * r, np.abs(r) - 0.5))
    d = np.clip(r, -1, 1) / r.size
    W -= 0.1 * X.T @ d
    b -= 0.1 * d.sum(axis=0)
"""


def test_the_bounds_of_a_slope_are_no_clipping() -> None:
    """The derivative of Huber's loss is bounded by itself, and nothing is said of it."""
    report = check_program(program_from_bytes(HUBER.encode(), "p.py"))
    assert report.verdict == "correct"
    assert not any("clipped" in sentence or "bounds" in sentence for sentence in report.certified)


SEVERAL = """
import numpy as np

rng = np.random.default_rng(3)
x, y = rng.normal(size=(9, 3)), rng.normal(size=9)

class Line:
    def __init__(self):
        self.w = 0.1 * rng.normal(size=3)

    def fit(self, rate):
        for _ in range(100):
            e = x @ self.w - y
            loss = np.mean(e ** 2)
            self.w -= rate * 2 * x.T @ e / len(y)

if __name__ == "__main__":
    line = Line()
    line.fit(0.1)
    print(line.w)
    for rate in (0.1, 0.2):
        line.fit(rate)
Line().fit(0.3)
"""
LOOPS = """
import numpy as np

rng = np.random.default_rng(4)
x, y = rng.normal(size=(7, 2)), rng.normal(size=7)
v = 0.1 * rng.normal(size=2)
for k in range(50):
    e = x @ v - y
    loss = np.mean(e ** 2)
    v -= 0.1 * 2 * x.T @ e / len(y)
print(v)
v = np.zeros(2)
for k in range(50):
    v = v - 0.1 * x.T @ (x @ v - y)
for k in range(3):
    print(k)
"""


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (SEVERAL, "those at lines 22 and 23 did"),
        (LOOPS, "that at line 13 did"),
        (LOOPS.partition("print")[0], None),
    ],
)
def test_trainings_behind_the_first_are_not_certified(program: str, said: str | None) -> None:
    """A run is stopped in its first training: what calls it again, or updates the same, was not run."""
    report = check_program(program_from_bytes(program.encode(), "net.py"))
    assert report.verdict == "correct", report.reason
    behind = [sentence for sentence in report.certified if "stopped in the first training" in sentence]
    assert [f"{said} not run" in sentence for sentence in behind] == ([] if said is None else [True])
