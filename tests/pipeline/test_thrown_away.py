"""Updates that are computed and bound to nothing: an ``=`` is missing."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(4)
X, Y = rng.normal(size=(9, 4)), rng.normal(size=(9, 3))
W, b = rng.normal(size=(4, 3)), 0.1 * rng.normal(size=3)
mW, mb = np.zeros((4, 3)), np.zeros(3)
for epoch in range(50):
    e = X @ W + b - Y
    loss = 0.5 * np.sum(e**2)
    gW, gb = X.T @ e, e.sum(axis=0)
    mW = 0.9 * mW - 0.01 * gW
    mb = 0.9 * mb - 0.01 * gb
    W += mW
    b += mb
"""
PLAIN = PROGRAM.replace("mb = 0.9 * mb - 0.01 * gb", "pass").replace("b += mb", "b -= 0.01 * gb")


@pytest.mark.parametrize(
    ("program", "statement", "wrong"),
    [
        (PROGRAM, "mb = 0.9 * mb - 0.01 * gb", "mb - 0.9 * mb - 0.01 * gb"),
        (PROGRAM, "mb = 0.9 * mb - 0.01 * gb", "mb == 0.9 * mb - 0.01 * gb"),
        (PLAIN, "b -= 0.01 * gb", "b - 0.01 * gb"),
    ],
)
def test_what_is_bound_to_nothing_is_named_and_mended(program: str, statement: str, wrong: str) -> None:
    """The statement is the one that is blamed, and its value is kept in the mended program."""
    assert check_program(program_from_bytes(program.encode(), "p.py")).verdict == "correct"
    report = check_program(program_from_bytes(program.replace(statement, wrong).encode(), "p.py"))
    assert report.verdict == "faulty"
    (error,) = [finding for finding in report.findings if finding.severity == "error"]
    assert (error.name, error.found, error.expected) == ("never-updated", wrong, statement)
    assert error.mended
    assert error.parameters == ("b",)


def test_a_value_that_is_only_looked_at_is_none() -> None:
    """What stands at the end of a cell to be shown mends nothing, and is not spoken of."""
    text = PROGRAM.replace("e.sum(axis=0)", "e.mean(axis=0)").replace(
        "    b += mb", "    b += mb\n    W - gW"
    )
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    assert [f.name for f in report.findings if f.severity == "error"] == ["wrong-scale"]
