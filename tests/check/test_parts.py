"""Arrays that are updated part by part inside a step, while other parts are still read."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

ROWS = """
import numpy as np
rng = np.random.default_rng(4)
inner = rng.normal(size=(9, 3)) * 0.5
outer = rng.normal(size=(9, 3)) * 0.5
lr = 0.1
for step in range(300):
    near = rng.choice(9, 3, replace=False)
    words = rng.choice(9, rng.integers(2, 5), replace=False)
    h = inner[near].mean(axis=0)
    loss = 0.0
    dh = np.zeros(3)
    for number, word in enumerate(words):
        v = outer[word].copy()
        p = 1 / (1 + np.exp(-(v @ h)))
        target = float(number == 0)
        loss += 0.5 * (p - target) ** 2
        g = (p - target) * p * (1 - p)
        dh += g * v
        outer[word] -= lr * g * h
    np.subtract.at(inner, near, lr * dh / len(near))
"""


def checked(old: str = "", new: str = "") -> FileReport:
    """Check the program, one piece of it replaced."""
    assert old in ROWS
    return check_program(program_from_bytes(ROWS.replace(old, new).encode(), "program.py"))


def test_right() -> None:
    """Rows updated in a loop, and what is updated after it, are certified together."""
    report = checked()
    assert report.verdict == "correct"
    assert sorted(parameter.name for parameter in report.parameters) == ["inner", "outer"]


@pytest.mark.parametrize(
    ("old", "new", "name", "row"),
    [
        ("lr * dh / len(near)", "lr * dh", "wrong-scale", 21),
        ("dh += g * v", "dh += g * h", "wrong-operand", 19),
        ("g = (p - target)", "g = (target - p)", "sign-flipped", 18),
    ],
)
def test_wrong(old: str, new: str, name: str, row: int) -> None:
    """A mistake in what comes after the rows, or in what both need, is found where it is."""
    report = checked(old, new)
    (found,) = report.findings
    assert (report.verdict, found.name, found.span.row if found.span else 0) == ("faulty", name, row)
    assert found.fix is not None
    assert found.fix.applicability == "safe"


def test_outside() -> None:
    """Where rows are updated again before the step is over, what comes after is not certified."""
    report = checked("replace=False)\n    h", "replace=False).tolist() * 2\n    h")
    assert (report.verdict, "inner" in (report.reason or "")) == ("inconclusive", True)
