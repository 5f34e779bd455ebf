"""One array of all parameters, fitted through a rational function: a part of its gradient is right."""

from __future__ import annotations

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

CURVE = """
import numpy as np

rng = np.random.default_rng(31)
dose = rng.uniform(0.2, 2.0, 23)
seen = (0.3 + 1.4 * dose) / (1 + 0.5 * dose + 0.2 * dose ** 2) + 0.01 * rng.normal(size=23)
q = np.array([-0.9, 0.8, 0.3, 0.1, 0.05])
for turn in range(900):
    more = q[0] + q[1] * dose + q[2] * dose ** 2
    low = 1 + q[3] * dose + q[4] * dose ** 2
    up = 1 / low
    curve = (1 + more) * up
    gap = curve - seen
    error = 0.5 * np.sum(gap ** 2) / len(dose)
    by_low = -(1 + more) * up * up
    J = np.stack([up, up * dose, up * dose ** 2, by_low * dose, by_low * dose ** 2], axis=1)
    q -= 0.1 * (gap @ J) / len(dose)
    if turn % 100 == 0:
        print(turn, error)
"""


def checked(*mistakes: tuple[str, str]) -> FileReport:
    """Check the fit with mistakes in it."""
    text = CURVE
    for right, wrong in mistakes:
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    return check_program(program_from_bytes(text.encode(), "curve.py"))


def test_right() -> None:
    """It is certified as it is."""
    assert checked().verdict == "correct"


def test_by_the_denominator() -> None:
    """The derivative of the quotient by its denominator is looked for, and the mend is the true one."""
    report = checked(("by_low = -(1 + more)", "by_low = -more"))
    (found,) = report.findings
    assert report.verdict == "faulty"
    assert (found.name, found.span.row if found.span else 0) == ("wrong-activation-derivative", 15)
    assert found.fix is not None
    assert found.fix.applicability == "safe"


def test_another_power() -> None:
    """Where no part of the gradient is that of the error which is shown, nothing is said."""
    assert checked(("(gap @ J)", "(gap ** 3 @ J)"), ("= -(1 + more)", "= -more")).verdict == "inconclusive"
