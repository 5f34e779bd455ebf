"""One array that is handed to a function as two of its arguments is two values there."""

from __future__ import annotations

from pathlib import Path

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

CREDIT = Path(__file__).parents[2] / "benchmarks" / "programs" / "credit_functions.py"
BAKERY = """
import numpy as np

rng = np.random.default_rng(53)
ovens, loaves = rng.normal(size=(21, 3)), rng.normal(size=(21, 2))
W, b = 0.4 * rng.normal(size=(3, 2)), 0.1 * rng.normal(size=2)


def half_squares(output, target):
    return 0.5 * np.sum((output - target) ** 2) / len(target)


def gradients(x, output, target):
    d = (output - target) / len(target)
    return x.T @ d, d.sum(axis=0)


for turn in range(3000):
    output = ovens @ W + b
    loss = half_squares(output, loaves)
    dW, db = gradients(ovens, output, output)
    W -= 0.2 * dW
    b -= 0.2 * db
"""


def test_the_wrong_one_of_two_equal_arguments_is_replaced() -> None:
    """All gradients are zero; the other argument keeps its value when one of the two becomes another."""
    report = check_program(program_from_bytes(BAKERY.encode(), "program.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.span.row, finding.expected) == ("wrong-operand", 21, "loaves")
    assert finding.span.column == 39
    assert finding.mended


def test_the_call_is_mended_and_not_what_the_forward_pass_gives() -> None:
    """What a function gives is read by others too; the argument is the mistake."""
    text = CREDIT.read_text("utf-8")
    wrong = text.replace("backward(X, Y, Z1, A1, A2, W2)", "backward(X, Y, Z1, Z1, A2, W2)", 2)
    wrong = wrong.replace("def backward(X, Y, Z1, Z1, A2, W2)", "def backward(X, Y, Z1, A1, A2, W2)")
    assert wrong != text
    report = check_program(program_from_bytes(wrong.encode(), "program.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert finding.fix is not None
    (edit,) = finding.fix.edits
    assert (edit.span.row, edit.span.column, edit.content) == (55, 45, "A1")
    assert finding.mended
