"""Loops of the backward pass that end in their first round."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(6)
X, y = rng.normal(size=(11, 6)), rng.normal(size=(11, 2))
kernel, U = rng.normal(size=3) * 0.6, rng.normal(size=(4, 2)) * 0.4


def slopes(x, back):
    found = np.zeros(3)
    for i in range(4):
        found += back[i] * x[i : i + 3]
    return found


for n in range(900):
    x, t = X[n % 11], y[n % 11]
    h = np.tanh(np.array([x[i : i + 3] @ kernel for i in range(4)]))
    e = h @ U - t
    loss = 0.5 * np.sum(e ** 2)
    back = U @ e * (1 - h ** 2)
    U -= 0.1 * np.outer(h, e)
    kernel -= 0.1 * slopes(x, back)
"""


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ("    return found\n", "        return found\n", "return found"),
        ("i + 3]\n    return found", "i + 3]\n        break\n    return found", "break"),
    ],
)
def test_a_loop_goes_on_after_its_first_round(right: str, wrong: str, found: str) -> None:
    """The statement that ends it is named; behind the loop, or gone, it lets every round add its part."""
    assert check_program(program_from_bytes(PROGRAM.encode(), "p.py")).verdict == "correct"
    program = program_from_bytes(PROGRAM.replace(right, wrong).encode(), "p.py")
    report = check_program(program)
    (finding,) = (each for each in report.findings if each.severity == "error")
    assert (finding.name, finding.found, finding.mended) == ("missing-term", found, True)
    assert finding.fix is not None
    assert apply_edits(program, finding.fix.edits).text == PROGRAM
