"""Hinges that only a condition shows: ``if label * score < 1``."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(31)
rows = np.hstack([np.ones((24, 1)), rng.normal(size=(24, 3))])
labels = np.sign(rows @ np.array([0.3, 1.0, -2.0, 0.5]) + 0.4 * rng.normal(size=24))
w = rng.normal(0, 0.3, 4)
for epoch in range(1500):
    for start in range(0, 24, 6):
        {reset}
        for k in range(start, start + 6):
            if labels[k] * (rows[k] @ w) < 1:
                grad = {added}
        pull = 0.02 * w
        pull[0] = 0
        w = w - 0.05 * (grad + pull)
"""
RIGHT = {"reset": "grad = np.zeros(4)", "added": "grad - labels[k] * rows[k] / 6"}


def _check(**parts: str):
    text = PROGRAM.format(**{**RIGHT, **parts})
    if "reset" in parts:
        text = text.replace("for epoch", "grad = np.zeros(4)\nfor epoch")
    return check_program(program_from_bytes(text.encode(), "p.py"))


def test_the_condition_says_the_loss() -> None:
    """The rows on the wrong side give the gradient; the intercept is not penalised, by convention."""
    report = _check()
    assert report.verdict == "correct"
    assert report.loss is not None
    assert "hinges" in (report.loss.formula or "")


def test_a_buffer_that_is_never_reset() -> None:
    """Every batch repeats the gradients of all before it."""
    report = _check(reset="pass")
    assert report.verdict == "faulty"
    assert [f.name for f in report.findings if f.severity == "error"] == ["not-reset"]


@pytest.mark.parametrize("added", ["grad - rows[k] / 6", "grad - labels[k] * rows[k] ** 2 / 6"])
def test_a_gradient_of_no_hinge(added: str) -> None:
    """What is no gradient of the hinge is not certified."""
    assert _check(added=added).verdict != "correct"


LINE = """
import numpy as np

rng = np.random.default_rng(12)
x = rng.uniform(0, 1, 11)
y = 3 * x - 1 + 0.1 * rng.normal(size=11)
w, b = 0.4, -0.3
for epoch in range(1500):
    out = w * x + b
    {name} = np.sum((y - out) ** 2)
    w = w - 0.01 * np.sum({sign}2 * (out - y) * x)
    b = b - 0.01 * np.sum({sign}2 * (out - y))
    if {stop}:
        break
"""


@pytest.mark.parametrize(
    ("name", "stop"), [("cost", "cost > 1e9"), ("error", "error < 1e-9"), ("cost", "abs(cost - 7) < 1e-9")]
)
def test_a_decision_by_the_loss_is_no_hinge(name: str, stop: str) -> None:
    """To stop where the loss runs away says nothing of the loss: who climbs it is not right."""
    for sign, verdict in (("", "correct"), ("-", "faulty")):
        text = LINE.format(name=name, stop=stop, sign=sign)
        assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == verdict


LOOPS = """
import numpy as np

rng = np.random.RandomState(7)
X = np.hstack([rng.randn(13, 3), np.ones((13, 1))])
y = rng.randint(0, 3, 13)
W = 0.3 * rng.randn(4, 3)
for it in range(1500):
    dW = np.zeros(W.shape)
    loss = 0.0
    for i in range(13):
        scores = X[i].dot(W)
        for j in range(3):
            margin = scores[j] - scores[y[i]] + 1
            if j != y[i] and margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    loss = loss / 13 + 0.2 * np.sum(W * W)
    dW = dW / 13 + {decay} * W
    W -= 0.05 * dW
"""


def test_columns_that_are_written_one_after_the_other() -> None:
    """A gradient that takes up one column after another is no parameter, though it reads them again."""
    report = check_program(program_from_bytes(LOOPS.format(decay="0.4").encode(), "p.py"))
    assert report.verdict == "correct"
    assert [p.name for p in report.parameters] == ["W"]
    report = check_program(program_from_bytes(LOOPS.format(decay="0.2").encode(), "p.py"))
    assert report.verdict == "faulty"
    assert [f.span.row for f in report.findings if f.severity == "error"] == [20]


NUMBERS = """
import numpy as np

rng = np.random.RandomState(3)
side = np.where(rng.rand(21) > 0.5, 1, -1)
X = np.outer(side, [0.7, -0.4, 0.2]) + rng.randn(21, 3)
w, b = 0.3 * rng.randn(3), 0.1
for epoch in range(40):
    for i in range(21):
        room = side[i] * (X[i] @ w + b)
        loss = max(0, 1 - room) + 0.04 * w @ w
        dw, db = 0.08 * w, 0.0
        if room < 1:
            dw = dw - side[i] * X[i]
            db = {sign}side[i]
        w = w - 0.05 * dw
        b = b - 0.05 * db
    print(loss)
"""


@pytest.mark.parametrize(("sign", "verdict"), [("-", "correct"), ("", "faulty")])
def test_a_loss_of_another_round_hides_no_parameter(sign: str, verdict: str) -> None:
    """Where the hinge is not reached, the loss does not depend on the intercept: it is none of this step."""
    report = check_program(program_from_bytes(NUMBERS.format(sign=sign).encode(), "p.py"))
    assert report.verdict == verdict
    assert [p.name for p in report.parameters] == ["w", "b"]
