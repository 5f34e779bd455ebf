"""An array of whole numbers into which gradients are written, alone and beside factors that changed place."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

COUNTS = """
import numpy as np

rng = np.random.default_rng(51)
X = rng.integers(-2, 3, (23, 4))
y = X @ np.array([3.0, -1.2, 0.0, 0.4]) + rng.normal(size=23)
w, c, few, alpha = rng.normal(size=4), 0.3, 0.7, 0.2


def slope(w):
    return alpha * (few * np.sign(w) + (1 - few) * w)


for turn in range(2000):
    miss = X @ w + c - y
    loss = 0.5 * np.mean(miss ** 2) + alpha * (few * np.sum(np.abs(w)) + (1 - few) * 0.5 * np.sum(w ** 2))
    grad, signs = np.zeros(4), np.zeros_like(X[0])
    for j in range(4):
        signs[j] = np.sign(w[j])
        grad[j] = np.sum(miss * X[:, j]) / len(y)
    grad = grad + slope(w)
    w -= 0.05 * grad
    c -= 0.05 * miss.mean()
"""
EXCHANGED = "few * np.sign(w) + (1 - few) * w", "(1 - few) * np.sign(w) + few * w"
WHOLE = "grad, signs = np.zeros(4), np", "grad, signs = np.zeros_like(X[0]), np"


@pytest.mark.parametrize(
    ("mistakes", "found"),
    [
        ((), set()),
        ((EXCHANGED,), {("wrong-operand", 11)}),
        ((WHOLE,), {("integer-buffer", 17)}),
        ((EXCHANGED, WHOLE), {("wrong-operand", 11), ("integer-buffer", 17)}),
    ],
)
def test_what_is_cut_off_is_found(mistakes: tuple[tuple[str, str], ...], found: set[tuple[str, int]]) -> None:
    """Signs, which are whole, may be kept in such an array."""
    text = COUNTS
    for right, wrong in mistakes:
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert {(error.name, error.span.row) for error in errors if error.span} == found
    assert len(errors) == len(found)
    assert all(error.fix is not None and error.fix.applicability == "safe" for error in errors)
    assert report.verdict == ("faulty" if found else "correct")
