"""Loops of the backward pass that do not count as the others do."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(12)
X, y = rng.normal(size=(19, 7)), rng.normal(size=(19, 3))
kernel, c, U = rng.normal(size=3) * 0.6, np.array([0.2]), rng.normal(size=(5, 3)) * 0.4
for n in range(900):
    x, t = X[n % 19], y[n % 19]
    z = np.zeros(5)
    for i in range(5):
        for j in range(3):
            z[i] += x[i + j] * kernel[j]
        z[i] += c[0]
    h = np.tanh(z)
    e = h @ U - t
    loss = 0.5 * np.sum(e ** 2)
    dz = U @ e * (1 - h ** 2)
    dk, dc = np.zeros(3), np.zeros(1)
    for i in range(5):
        for j in range(3):
            dk[j] += dz[i] * x[i + j]
        dc[0] += dz[i]
    kernel = kernel - 0.1 * dk
    c = c - 0.1 * dc
    U = U - 0.1 * np.outer(h, e)
    if n % 100 == 0:
        print(loss)
"""
FORWARD, BACKWARD = PROGRAM.split("    h = np.tanh")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("range(5)", "range(1, 5)"),
        ("range(3)", "range(1, 3)"),
        ("range(5)", "range(4)"),
        ("range(3)", "range(0, 2)"),
    ],
)
def test_a_loop_is_let_go_through_all(right: str, wrong: str) -> None:
    """Nothing that is written once would make the gradients right but the range of the loop."""
    text = f"{FORWARD}    h = np.tanh{BACKWARD.replace(right, wrong)}"
    program = program_from_bytes(text.encode(), "short.py")
    report = check_program(program)
    assert report.verdict == "faulty"
    (finding,) = [each for each in report.findings if each.severity == "error"]
    assert (finding.name, finding.found, finding.expected, finding.mended) == (
        "wrong-index",
        wrong,
        right,
        True,
    )
    assert finding.fix is not None
    assert check_program(apply_edits(program, finding.fix.edits)).verdict == "correct"


def test_a_loop_of_the_forward_pass_is_the_author_s() -> None:
    """What it goes through is the model, which the backward pass has to follow."""
    text = f"{FORWARD.replace('range(5)', 'range(4)')}    h = np.tanh{BACKWARD}"
    report = check_program(program_from_bytes(text.encode(), "short.py"))
    assert all(finding.span is None or finding.span.row > 10 for finding in report.findings)
