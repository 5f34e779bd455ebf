"""A gradient that a mistake makes of data, of nothing, or of the loss itself is told, named and mended."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

NETWORK = """
import numpy as np

rng = np.random.default_rng(21)
moss, fern = rng.normal(size=(17, 4)), (rng.random((17, 2)) > 0.5) * 1.0
W1, b1 = 0.6 * rng.normal(size=(4, 3)), 0.2 * rng.normal(size=3)
W2, b2 = 0.6 * rng.normal(size=(3, 2)), 0.2 * rng.normal(size=2)
lam, rate = 0.03, 0.05


def backward(guess, wanted, h):
    d2 = (guess - wanted) / 17
    return d2, d2 @ W2.T * (1 - h ** 2)


for turn in range(10**6):
    h = np.tanh(moss @ W1 + b1)
    p = 1 / (1 + np.exp(-(h @ W2 + b2)))
    loss = -np.sum(fern * np.log(p) + (1 - fern) * np.log(1 - p)) / 17 + lam * np.sum(W1 ** 2) / 2
    d2, d1 = backward(p, fern, h)
    W1 = W1 - rate * (moss.T @ d1 + lam * W1)
    b1 = b1 - rate * d1.sum(axis=0)
    W2 = W2 - rate * h.T @ d2
    b2 = b2 - rate * d2.sum(axis=0)
    if turn % 100 == 0:
        print(turn, loss)
"""
SLOPE = ("(1 - h ** 2)", "(1 - h)")


def _checked(*mistakes: tuple[str, str]) -> FileReport:
    text = NETWORK
    for right, wrong in mistakes:
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    return check_program(program_from_bytes(text.encode(), "moss.py"))


def _said(report: FileReport) -> dict[str, str | None]:
    return {
        f.name: f.fix.edits[0].content
        for f in report.findings
        if f.severity == "error" and f.mended and f.fix
    }


def test_right() -> None:
    """The program without a mistake is certified."""
    assert _checked().verdict == "correct"


@pytest.mark.parametrize(
    ("right", "wrong", "name", "mend"),
    [
        ("b2 - rate * d2.sum(axis=0)", "b2 - rate * fern.sum(axis=0)", "wrong-operand", "d2"),
        ("lam * W1)", "loss * W1)", "wrong-operand", "lam"),
    ],
)
def test_named_beside_another(right: str, wrong: str, name: str, mend: str) -> None:
    """A sum of the targets, and the loss in an update, are mended as any operand, with another mistake."""
    report = _checked((right, wrong), SLOPE)
    assert report.verdict == "faulty"
    assert _said(report)[name] == mend
    assert len(_said(report)) == 2


def test_no_gradient_moves() -> None:
    """Where an output is held against itself, the stated loss is not given up for one that vanishes."""
    report = _checked(("backward(p, fern, h)", "backward(p, p, h)"))
    assert report.verdict == "faulty"


def test_a_derivative_called_loss() -> None:
    """A number that every gradient goes through is no loss, whatever it is called."""
    text = """
import numpy as np

rng = np.random.default_rng(4)
oats, rye = rng.normal(size=(23, 3)), rng.normal(size=23)
w, b = 0.4 * rng.normal(size=3), 0.3
for turn in range(10**6):
    for x, y in zip(oats, rye):
        guess = w @ x + b
        step_loss = 2 * (guess - y)
        w = w - 0.01 * step_loss * x
        b = b - 0.01 * step_loss
"""
    report = check_program(program_from_bytes(text.encode(), "oats.py"))
    assert report.verdict == "correct"
    assert report.loss is not None
    assert report.loss.inferred
