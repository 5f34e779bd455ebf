"""Updates that give a parameter its step in place of its value: `b = -lr * db`."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(31)
X, y = rng.normal(size=(26, 4)), rng.normal(size=(26, 3))
W, b = rng.normal(size=(4, 3)) * 0.4, rng.normal(size=3) * 0.3
rows = [0.2, -0.4, 0.1]
for k in range(400):
    e = X @ W + b + rows - y
    loss = np.sum(e ** 2) / 26
    g = 2 * e / 26
    dW, db = X.T @ g, g.sum(axis=0)
    UPDATE
    if k % 50 == 0:
        print(loss)
"""
ALL = ["W = W - 0.1 * dW", "b = b - 0.1 * db", "for i in range(3): rows[i] = rows[i] - 0.1 * float(db[i])"]


@pytest.mark.parametrize(
    ("number", "wrong", "name"),
    [
        (1, "b = -0.1 * db", "b"),
        (1, "b =- 0.1 * db", "b"),
        (1, "b = 0.1 * db", "b"),
        (0, "W = dW * -0.1", "W"),
    ],
)
def test_a_forgotten_value_is_found_and_put_back(number: int, wrong: str, name: str) -> None:
    """What the parameter becomes is a multiple of its own gradient, and nothing of what it was."""
    update = "\n    ".join(wrong if k == number else text for k, text in enumerate(ALL[:2]))
    program = program_from_bytes(
        PROGRAM.replace(" + rows", "").replace("UPDATE", update).encode(), "assigned.py"
    )
    report = check_program(program)
    assert report.verdict == "faulty"
    (finding,) = [each for each in report.findings if each.severity == "error"]
    assert (finding.name, finding.parameters, finding.mended) == ("not-accumulated", (name,), True)
    assert finding.fix is not None
    assert check_program(apply_edits(program, finding.fix.edits)).verdict == "correct"


def test_a_value_that_is_another_multiple_each_time_is_a_state() -> None:
    """A baseline that becomes the last mean error is no parameter with a forgotten value."""
    text = PROGRAM.replace("rows = [0.2, -0.4, 0.1]", "rows = np.zeros(3)")
    update = "\n    ".join([*ALL[:2], "rows = 0.5 * rows + 0.01 * X[k % 26, :3]"])
    report = check_program(program_from_bytes(text.replace("UPDATE", update).encode(), "state.py"))
    assert report.verdict != "faulty"
