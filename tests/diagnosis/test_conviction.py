"""When a program is called faulty of which no gradient is right."""

from __future__ import annotations

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

UNNAMED = """
import numpy as np

rng = np.random.default_rng(5)
reed, pond = rng.normal(size=(16, 3)), rng.normal(size=(16, 2))
U, V = 0.5 * rng.normal(size=(3, 4)), 0.5 * rng.normal(size=(4, 2))
for turn in range(10**6):
    h = 1 / (1 + np.exp(-reed @ U))
    gap = h @ V - pond
    q = np.sum(gap ** 4)
    g = 4 * gap ** 3
    dV = h.T @ g
    dU = reed.T @ (g @ V.T * h * (1 - h))
    U = U - 0.001 * dU
    V = V - 0.001 * dV
    if turn % 100 == 0:
        print(turn, q)
"""
SLOPE = ("h * (1 - h)", "(1 - h ** 2)")
CLIMBS = ("U - 0.001", "U + 0.001"), ("V - 0.001", "V + 0.001")
POWER = ("4 * gap ** 3", "4 * gap ** 2")


def _checked(*mistakes: tuple[str, str]) -> FileReport:
    text = UNNAMED
    for right, wrong in mistakes:
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    return check_program(program_from_bytes(text.encode(), "pond.py"))


def test_a_sign_and_a_slope() -> None:
    """With the signs turned, which keeps every factor, a gradient is that of what is printed."""
    report = _checked(SLOPE, *CLIMBS)
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert report.verdict == "faulty"
    assert {finding.name for finding in errors} == {"sign-flipped", "wrong-activation-derivative"}
    assert all(finding.fix is not None and finding.fix.applicability == "safe" for finding in errors)


def test_two_factors() -> None:
    """Corrections of factors would make these the gradients of some other value as well: nothing is said."""
    assert _checked(SLOPE, POWER).verdict == "inconclusive"


def test_right() -> None:
    """It is right as it is."""
    assert _checked().verdict == "correct"
