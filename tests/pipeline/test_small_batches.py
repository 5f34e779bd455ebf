"""A smaller batch at the end of an epoch is to be divided by the number of its own samples."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import Program

PROGRAM = """
import numpy as np
rng = np.random.default_rng(17)
X = rng.normal(size=(50, 4)); Y = X @ rng.normal(size=(4, 2)) + 0.3
W, b = rng.normal(size=(4, 2)), np.array([0.1, 0.2])
rate, B = 0.05, 19
for epoch in range(30):
    for k in range(0, 50, B):
        x, y = X[k:k + B], Y[k:k + B]
        out = x @ W + b
        loss = ((out - y) ** 2).sum() / len(x)
        g = 2 * (out - y) / NUMBER
        W -= rate * x.T @ g
        b -= rate * g.sum(0)
    print(loss)
"""


@pytest.mark.parametrize(("number", "warned"), [("len(x)", False), ("B", True)])
def test_the_number_of_a_full_batch_is_wrong_for_the_last(number: str, warned: bool) -> None:
    """Each gradient has its direction, so it is a warning: 12 samples are left, of 19."""
    report = check_program(Program("batches.py", PROGRAM.replace("NUMBER", number)))
    assert report.verdict == "correct", report.reason
    found = [f.message for f in report.findings if f.name == "wrong-scale"]
    assert bool(found) == warned
    assert not warned or "0.632 times as long" in found[0]
