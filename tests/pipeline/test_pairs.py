"""Predictions and targets of different shapes: each prediction against each target, and what mends it."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

HEAD = """\
import numpy as np
rng = np.random.default_rng(31)
X = rng.normal(size=(19, 3))
y = X @ np.array([0.8, -1.7, 0.4]) + 0.3
"""

NETWORK = """\
W1, b1 = rng.normal(size=(3, 5)), rng.normal(size=5)
W2, b2 = rng.normal(size=(5, 1)), rng.normal(size=1)
for epoch in range(1000):
    h = np.tanh(X @ W1 + b1)
    pred = h @ W2 + b2
    err = pred - {targets}
    loss = np.mean(err ** 2)
    d2 = 2 * err / len(X)
    d1 = d2 @ W2.T * (1 - h ** 2)
    W2 -= 0.1 * h.T @ d2
    b2 -= 0.1 * d2.sum(0)
    W1 -= 0.1 * X.T @ d1
    b1 -= 0.1 * d1.sum(0)
"""

LINE = """\
w, b = rng.normal(size=3), 0.2
for epoch in range(1000):
    p = X @ w + b
    loss = np.mean((p - {targets}) ** 2)
    w = w - 0.1 * 2 * np.mean((p - {error})[:, None] * X, axis=0)
    b = b - 0.1 * 2 * np.mean(p - {error})
"""

TABLE = """\
y = y[:, None]
w, b = rng.normal(size=3), 0.2
for epoch in range(1000):
    p = X @ w + b
    d = p - y
    loss = np.mean(d ** 2)
    w = w - 0.1 * 2 * np.mean(d @ X, axis=0) / len(X)
    b = b - 0.1 * 2 * np.mean(d)
"""

RANKED = """\
w = rng.normal(size=3)
for epoch in range(1000):
    s = X @ w
    d = s[:, None] - y[None, :]
    loss = np.mean(d ** 2)
    w = w - 0.1 * 2 * np.mean(d, axis=1) @ X / len(X)
"""


def checked(source):
    """Check a program behind its data."""
    return check_program(program_from_bytes((HEAD + source).encode(), "program.py"))


def row_of(text, source):
    """Give the row in which something stands first in a program."""
    return next(k for k, line in enumerate((HEAD + source).splitlines(), start=1) if text in line)


def test_targets_that_crash_the_backward_pass():
    """The shapes stop a product further on: the targets are what is to be written otherwise."""
    source = NETWORK.format(targets="y")
    report = checked(source)
    (found,) = [each for each in report.findings if each.severity == "error"]
    assert report.verdict == "faulty"
    assert (found.name, found.span.row) == ("accidental-broadcast", row_of("err =", source))
    assert found.expected == "pred - y.reshape(-1, 1)"
    assert found.mended
    assert checked(NETWORK.format(targets="y.reshape(-1, 1)")).verdict == "correct"


def test_targets_that_make_the_stated_loss_another():
    """Only the loss is a table of pairs; the gradients are those of each prediction with its own target."""
    source = LINE.format(targets="y[:, np.newaxis]", error="y").replace(
        "(p - y[:, np.newaxis])", "(p - column)"
    )
    source = "column = y[:, np.newaxis]\n" + source
    report = checked(source)
    (found,) = [each for each in report.findings if each.severity == "error"]
    assert (found.name, found.span.row) == ("accidental-broadcast", row_of("loss =", source))
    assert found.expected == "p - column.ravel()"
    assert found.mended


def test_right_gradients_of_a_table_are_warned_of():
    """They are those of the loss as it is written, which no one means."""
    report = checked(TABLE)
    assert report.verdict == "correct"
    (found,) = [each for each in report.findings if each.severity == "warning"]
    assert (found.name, found.span.row) == ("accidental-broadcast", row_of("d = p - y", TABLE))
    assert "(19, 19)" in found.message


@pytest.mark.parametrize("source", [RANKED, LINE.format(targets="y", error="y")], ids=["written", "rows"])
def test_pairs_that_are_written_as_such_are_meant(source):
    """Nothing is said of them, nor of shapes that agree."""
    report = checked(source)
    assert report.verdict == "correct"
    assert not [each for each in report.findings if each.name == "accidental-broadcast"]


def test_another_mistake_beside_the_shapes():
    """What shows only when the shapes agree is found as well."""
    source = NETWORK.format(targets="y").replace("(1 - h ** 2)", "(1 - h)")
    report = checked(source)
    errors = {each.name: each.span.row for each in report.findings if each.severity == "error"}
    assert errors["accidental-broadcast"] == row_of("err =", source)
    assert row_of("d1 =", source) in errors.values()
    assert len(errors) == 2
