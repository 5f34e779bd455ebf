"""Numbers of a list that are updated one at a time, by errors that are computed anew in between."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

UNIT = """
import math
import random

random.seed(4)
rows = [[1.0, random.gauss(0, 1), 0.0, random.gauss(0, 1)] for _ in range(11)]
marks = [float(row[1] - 0.5 * row[3] > 0.1) for row in rows]
v = [0.3, -0.2, 0.1, 0.5]

def guess(row):
    return 1 / (1 + math.exp(-sum(a * b for a, b in zip(v, row))))

for turn in range(2000):
    surprise = 0.0
    for row, mark in zip(rows, marks):
        y = guess(row)
        surprise -= math.log(y if mark == 1 else 1 - y)
        for k in range(4):
            v[k] -= 0.1 * (guess(row) - mark) * row[k]
    if turn % 100 == 0:
        print(turn, surprise)
"""
STATED = "        surprise -= math.log(y if mark == 1 else 1 - y)\n"
LOOP = """        for k in range(4):
            v[k] -= 0.1 * (guess(row) - mark) * row[k]
"""
ONCE = """        error = guess(row) - mark
        for k in range(4):
            v[k] -= 0.1 * error * row[k]
"""


def _checked(*changes: tuple[str, str]) -> FileReport:
    text = UNIT
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return check_program(program_from_bytes(text.encode(), "unit.py"))


@pytest.mark.parametrize("loss", [STATED, ""])
def test_a_sign(loss: str) -> None:
    """Of such a step a sign is found, whether or not a loss of the weights before the first is stated."""
    report = _checked((STATED, loss), ("v[k] -=", "v[k] +="))
    (error,) = (finding for finding in report.findings if finding.severity == "error")
    assert error.name == "sign-flipped"
    assert error.fix is not None
    assert error.fix.applicability == "safe"


@pytest.mark.parametrize("loss", [STATED, ""])
def test_errors_that_are_computed_anew(loss: str) -> None:
    """No certificate where the error is computed again behind each number, which may not be meant."""
    report = _checked((STATED, loss))
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "`v`" in report.reason
    assert "compute the error once" in report.reason


def test_errors_that_are_computed_once() -> None:
    """It is right where all numbers are updated by one error."""
    assert _checked((LOOP, ONCE)).verdict == "correct"
