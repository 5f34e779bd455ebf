"""An update that changes the shape of its parameter is looked at like any other."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(9, 3)), rng.normal(size=(9, 5))
W, b = rng.normal(size=(3, 5)), np.zeros((1, 5))
for turn in range(100):
    e = X @ W + b - Y
    loss = 0.5 * np.sum(e ** 2)
    W = W - 0.01 * X.T @ e
    b = b - 0.01 * (e.T @ e)
"""


def test_a_shape_that_grows_is_a_fault_and_no_state() -> None:
    """It is called faulty, or not judged; it is never certified, and the check does not fail."""
    assert check_program(program_from_bytes(PROGRAM.encode(), "p.py")).verdict in ("faulty", "inconclusive")
