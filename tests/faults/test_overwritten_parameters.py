"""A parameter into which numbers are put by another name for it, between the forward pass and the update."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

RIDGE = """
import numpy as np
rng = np.random.default_rng(6)
reeds, floats = rng.normal(size=(19, 4)), (rng.random((19, 1)) < 0.5) * 1.0
w = rng.normal(size=(4, 1))

def slopes(w):
    q = 1 / (1 + np.exp(-reeds @ w))
    loss = -np.mean(floats * np.log(q) + (1 - floats) * np.log(1 - q)) + 0.1 * np.sum(w[1:] ** 2)
    kept = w.copy()
    kept[0] = 0
    return loss, reeds.T @ (q - floats) / 19 + 0.2 * kept

for turn in range(1000):
    loss, g = slopes(w)
    w = w - 0.3 * g
    if turn % 100 == 0:
        print(loss)
"""
ALIAS, INDEX = ("kept = w.copy()", "kept = w"), ("kept[0] = 0", "kept[1] = 0")
IN_PLACE = ("w = w - 0.3 * g", "w -= 0.3 * g")
VIEW = ("slopes(w):\n", "slopes(w):\n    w = w.reshape(4, 1)\n")
FIRST = ("loss, g = slopes(w)", "w[0] = 0\n    loss, g = slopes(w)")


def _checked(*changes: tuple[str, str]) -> FileReport:
    text = RIDGE
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return check_program(program_from_bytes(text.encode(), "ridge.py"))


@pytest.mark.parametrize("changes", [(), (VIEW,), (IN_PLACE,)])
def test_a_second_name(changes: tuple[tuple[str, str], ...]) -> None:
    """A copy is made where the second name is given, also where that is one of a view."""
    report = _checked(ALIAS, *changes)
    (error,) = (finding for finding in report.findings if finding.severity == "error")
    assert (error.name, error.expected) == ("overwritten", "w.copy()")
    assert error.fix is not None
    assert error.fix.applicability == "safe"


def test_a_second_name_and_another_index() -> None:
    """Both are found: what is written at is part of the parameter then."""
    report = _checked(ALIAS, INDEX, VIEW)
    errors = {finding.name: finding.expected for finding in report.findings if finding.severity == "error"}
    assert errors == {"overwritten": "w.copy()", "wrong-index": "kept[0]"}


def test_numbers_put_in_by_its_own_name() -> None:
    """Where there is no second name, the old values are kept and updated."""
    report = _checked(("slopes(w)\n    w", "slopes(w)\n    w[0] = 0\n    w"))
    (error,) = (finding for finding in report.findings if finding.severity == "error")
    assert (error.name, error.expected) == ("overwritten", "w_before")


@pytest.mark.parametrize("changes", [(), (IN_PLACE,)])
def test_numbers_that_are_put_in_first(changes: tuple[tuple[str, str], ...]) -> None:
    """What is put in before the forward pass is what that has used: nothing is wrong."""
    assert _checked(FIRST, *changes).verdict != "faulty"
