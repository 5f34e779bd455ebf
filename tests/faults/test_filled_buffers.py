"""Gradients that are filled with data alone, an entry or a row at a time, as those of a hinge are."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(17)
kinds = np.repeat(np.arange(4), 7)
rows = rng.normal(size=(4, 3))[kinds] + 0.6 * rng.normal(size=(28, 3))
W, b = 0.4 * rng.normal(size=(3, 4)), 0.1 * rng.normal(size=4)

def hinge_loss(W, b):
    loss, dW, db = 0.0, np.zeros_like(W), np.zeros(4)
    for i in range(28):
        scores = rows[i] @ W + b
        for j in range(4):
            if j == kinds[i]:
                continue
            margin = scores[j] - scores[kinds[i]] + 1
            if margin > 0:
                loss += margin
                dW[:, j] += rows[i]
                dW[:, kinds[i]] -= rows[i]
                db[j] += 1
                db[kinds[i]] -= 1
    return loss / 28 + 0.037 * np.sum(W * W), dW / 28 + 2 * 0.037 * W, db / 28

for epoch in range(10**9):
    loss, dW, db = hinge_loss(W, b)
    W -= 0.083 * dW
    b -= 0.083 * db
"""


def _report(old: str = "", new: str = ""):
    assert not old or PROGRAM.count(old) == 1
    return check_program(program_from_bytes(PROGRAM.replace(old, new, 1).encode(), "p.py"))


def test_rows_that_are_added_and_taken_off() -> None:
    """Every row counts for the class that it is too near to, and against its own."""
    assert _report().verdict == "correct"


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("dW[:, kinds[i]] -=", "dW[:, j] -=", "wrong-index"),
        ("dW[:, j] +=", "dW[:, kinds[i]] +=", "wrong-index"),
        ("db[kinds[i]] -=", "db[j] -=", "wrong-index"),
        ("dW[:, kinds[i]] -=", "dW[:, kinds[i]] +=", "sign-flipped"),
    ],
)
def test_a_mistake_in_what_is_written_to(old: str, new: str, name: str) -> None:
    """It is found where it stands, named, and mended by what the statement was."""
    report = _report(old, new)
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (report.verdict, finding.name) == ("faulty", name)
    assert finding.fix is not None
    line = next(k for k, text in enumerate(PROGRAM.split("\n"), 1) if old in text)
    assert [edit.span.row for edit in finding.fix.edits] == [line]


@pytest.mark.parametrize(
    "line",
    [
        "                dW[:, kinds[i]] -= rows[i]\n",
        "                dW[:, j] += rows[i]\n",
        "                db[kinds[i]] -= 1\n",
    ],
)
def test_a_statement_that_is_left_out(line: str) -> None:
    """What is added to one entry is taken off another, by a line that is written like the one beside it."""
    report = _report(line)
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (report.verdict, finding.name) == ("faulty", "missing-term")
    assert finding.fix is not None
    assert [edit.content.strip() for edit in finding.fix.edits] == [line.strip()]
