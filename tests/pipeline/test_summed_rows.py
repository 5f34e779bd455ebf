"""Python's own ``sum`` of a matrix adds up its rows, whichever axis was meant."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

ROWS = """
import numpy as np

rng = np.random.default_rng(2)
X, labels = rng.normal(size=(9, 4)), rng.integers(0, 3, 9)
Y = np.zeros((9, 3))
Y[np.arange(9), labels] = 1
W, b = rng.normal(size=(4, 3)), 0.1 * rng.normal(size=(1, 3))

def softmax(z):
    return np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)

for epoch in range(60):
    p = softmax(X @ W + b)
    dz = p - Y
    if epoch % 5 == 0:
        print(-np.sum(Y * np.log(p)))
    W -= 0.05 * X.T @ dz
    b -= 0.05 * dz.sum(axis=0, keepdims=True)
"""
OWN = "sum(np.exp(z))"
COLUMNS = (
    ROWS.replace("np.sum(np.exp(z), axis=1, keepdims=True)", OWN)
    .replace("size=(9, 4)", "size=(4, 9)")
    .replace("(9, 3)", "(3, 9)")
    .replace("Y[np.arange(9), labels]", "Y[labels, np.arange(9)]")
    .replace("size=(4, 3)", "size=(3, 4)")
    .replace("size=(1, 3)", "size=(3, 1)")
    .replace("X @ W", "W @ X")
    .replace("X.T @ dz", "dz @ X.T")
    .replace("dz.sum(axis=0", "dz.sum(axis=1")
)


@pytest.mark.parametrize("program", [ROWS, COLUMNS])
def test_a_softmax_along_the_classes_is_right(program: str) -> None:
    """Where the samples are columns, Python's own sum runs along the classes."""
    assert check_program(program_from_bytes(program.encode(), "p.py")).verdict == "correct"


def test_a_softmax_along_the_samples_is_mended_where_it_is_taken() -> None:
    """The backward pass is that of a softmax of each row: the axis of the forward pass is the mistake."""
    text = ROWS.replace("np.sum(np.exp(z), axis=1, keepdims=True)", OWN)
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    (error,) = [finding for finding in report.findings if finding.severity == "error"]
    assert (error.name, error.found) == ("wrong-axis", OWN)
    assert error.expected == "np.sum(np.exp(z), axis=1, keepdims=True)"
    assert error.mended
