"""A loss that no line states, and a backward pass that begins with a part of the slope of its output."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(14)
X = rng.normal(size=(13, 4))
T = rng.uniform(0.1, 0.9, size=(13, 3))
f = lambda v: 1 / (1 + np.exp(-v))
V, a = rng.normal(size=(4, 5)) * 0.6, rng.normal(size=5) * 0.2
W, b = rng.normal(size=(5, 3)) * 0.6, rng.normal(size=3) * 0.2
for epoch in range(2000):
    h = f(X @ V + a)
    o = OUTPUT
    d = DELTA
    e = (d @ W.T) * h * (1 - h)
    W -= 0.1 * h.T @ d
    b -= 0.1 * d.sum(axis=0)
    V -= 0.1 * X.T @ e
    a -= 0.1 * e.sum(axis=0)
"""


def _report(delta: str, output: str = "f(h @ W + b)") -> FileReport:
    text = PROGRAM.replace("DELTA", delta).replace("OUTPUT", output)
    return check_program(program_from_bytes(text.encode(), "part.py"))


@pytest.mark.parametrize(
    ("delta", "name"),
    [
        ("(o - T) * (1 - o)", "missing-factor"),
        ("(o - T) * o", "missing-factor"),
        ("(o - T) * o * o * (1 - o)", "extra-factor"),
        ("(o - T) * o ** 2 * (1 - o)", "wrong-activation-derivative"),
        ("(o - T) * (1 - o ** 2)", "wrong-activation-derivative"),
    ],
)
def test_a_part_of_the_slope_is_a_mistake(delta: str, name: str) -> None:
    """No usual loss has such a derivative; with the whole slope each gradient is that of a squared one."""
    report = _report(delta)
    assert report.verdict == "faulty"
    (finding,) = [each for each in report.findings if each.severity == "error"]
    assert (finding.name, finding.mended) == (name, True)


def test_a_part_of_the_slope_beside_another_mistake() -> None:
    """The slope alone makes the last layer true, so the loss is known, and the other mistake with it."""
    text = PROGRAM.replace("DELTA", "(o - T) * (1 - o)").replace("OUTPUT", "f(h @ W + b)")
    report = check_program(program_from_bytes(text.replace("(d @ W.T)", "2 * (d @ W.T)").encode(), "part.py"))
    errors = [(f.name, f.mended) for f in report.findings if f.severity == "error"]
    assert errors == [("missing-factor", True), ("wrong-scale", True)]


def test_a_part_of_the_slope_of_tanh() -> None:
    """One of its two factors is left out."""
    report = _report("(o - T) * (1 - o)", "np.tanh(h @ W + b)")
    assert report.verdict == "faulty"


@pytest.mark.parametrize(
    ("delta", "output"),
    [
        ("(o - T)", "f(h @ W + b)"),
        ("(o - T) * o * (1 - o)", "f(h @ W + b)"),
        ("(o - T) * o * (1 - o) * np.array([0.5, 2.0, 1.5])", "f(h @ W + b)"),
        ("(o - T) ** 3 * o * (1 - o)", "f(h @ W + b)"),
        ("(o - T)", "np.tanh(h @ W + b)"),
        ("(o - T) / o", "np.exp(h @ W + b)"),
        ("(o - T) * o", "np.exp(h @ W + b)"),
        ("(o - T) * (1 - np.exp(-o))", "np.log(1 + np.exp(h @ W + b))"),
    ],
)
def test_another_loss_is_not_called_wrong(delta: str, output: str) -> None:
    """The slope itself, none at all, weights, and the likelihoods of what has no bounds."""
    assert _report(delta, output).verdict != "faulty"


@pytest.mark.parametrize("point", ["T", "(o - T)", "h @ W"])
def test_a_function_for_slopes_is_called_with_something_else(point: str) -> None:
    """What it gives at its other calls are slopes, so it is meant for one here."""
    text = PROGRAM.replace("OUTPUT", "f(h @ W + b)").replace("h * (1 - h)", "slope(h)")
    text = text.replace("for epoch", "slope = lambda v: v * (1 - v)\nfor epoch")
    wrong = text.replace("DELTA", f"(o - T) * slope({point})")
    report = check_program(program_from_bytes(wrong.encode(), "part.py"))
    (finding,) = [each for each in report.findings if each.severity == "error"]
    assert (finding.span.row if finding.span else 0, finding.mended) == (14, True)
    right = text.replace("DELTA", "(o - T) * slope(o)")
    assert check_program(program_from_bytes(right.encode(), "part.py")).verdict == "correct"


def test_a_function_that_gives_no_slope_may_weigh() -> None:
    """Nobody knows what it is for."""
    text = PROGRAM.replace("OUTPUT", "f(h @ W + b)").replace("DELTA", "(o - T) * o * (1 - o) * weight(T)")
    text = text.replace("for epoch", "weight = lambda v: 1 + v * (1 - v)\nfor epoch")
    text = text.replace("X.T @ e", "X.T @ (e * weight(1.0))")
    assert check_program(program_from_bytes(text.encode(), "part.py")).verdict != "faulty"
