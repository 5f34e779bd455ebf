"""A squared error that is shown, with whose derivative, its 2 and all, a backward pass begins."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

RAIN = """
import numpy as np

rng = np.random.default_rng(14)
skies, rains = rng.normal(size=(60, 6)), (rng.random((60, 3)) < 0.4) * 1.0
A, B = 0.4 * rng.normal(size=(7, 6)), 0.4 * rng.normal(size=(3, 7))
a, b = 0.1 * rng.normal(size=7), 0.1 * rng.normal(size=3)
for turn in range(200):
    shown = 0.0
    for sky, rain in zip(skies, rains):
        u = 1 / (1 + np.exp(-(A @ sky + a)))
        p = 1 / (1 + np.exp(-(B @ u + b)))
        err = {shown}
        shown += err
        d = {begun}
        back = (B.T @ d) * u * (1 - u)
        B -= 0.1 * np.outer(d, u)
        b -= 0.1 * d
        A -= 0.1 * np.outer(back, sky)
        a -= 0.1 * back
    print(turn, shown)
"""
SQUARES = "np.sum((p - rain) ** 2) / len(p)"


def checked(text: str) -> FileReport:
    """Check a program."""
    return check_program(program_from_bytes(text.encode(), "rain.py"))


@pytest.mark.parametrize("late", [False, True])
def test_the_slope_of_the_output_is_missing(late: bool) -> None:
    """It is to be descended then: the slope is written, also behind another mistake that is mended first."""
    text = RAIN.format(shown=SQUARES, begun="2 / len(p) * (p - rain)")
    names = {"loss-mismatch"}
    if late:
        back = "        back = (B.T @ d) * u * (1 - u)\n"
        update = "        B -= 0.1 * np.outer(d, u)\n"
        text, names = text.replace(back + update, update + back), names | {"updated-weights"}
    report = checked(text)
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert {finding.name for finding in errors} == names
    edits = [edit for finding in errors if finding.fix is not None for edit in finding.fix.edits]
    mended = apply_edits(program_from_bytes(text.encode(), "rain.py"), edits)
    assert checked(mended.text).verdict == "correct"


@pytest.mark.parametrize(
    ("shown", "begun"),
    [
        (SQUARES, "p - rain"),
        (SQUARES, "(p - rain) / len(p)"),
        ("0.5 * np.sum((p - rain) ** 2)", "p - rain"),
        ("np.sum(np.abs(p - rain))", "2 / len(p) * (p - rain)"),
    ],
)
def test_a_measure_that_is_only_watched(shown: str, begun: str) -> None:
    """What a cross-entropy begins with as well tells nothing."""
    assert checked(RAIN.format(shown=shown, begun=begun)).verdict != "faulty"


def test_of_its_own_slope() -> None:
    """The squared error is right with the slope of its output."""
    assert (
        checked(RAIN.format(shown=SQUARES, begun="2 / len(p) * (p - rain) * p * (1 - p)")).verdict
        == "correct"
    )
