"""Parameters that a step takes in turn: each gradient is that behind the updates before it."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import Program

FACTORS = """
import numpy as np
rng = np.random.default_rng(3)
R = rng.random((12, 9)); known = rng.random((12, 9)) < 0.6
U, V = rng.random((12, 3)), rng.random((9, 3))
for turn in range(400):
    E = known * (R - U @ V.T)
    loss = (E ** 2).sum() + 0.02 * ((U ** 2).sum() + (V ** 2).sum())
    U -= 0.05 * (-2 * E @ V + 0.04 * U)
    AGAIN
    V -= 0.05 * (BACK + 0.04 * V)
    if turn % 100 == 0:
        print(turn, loss)
"""
ANEW, BACK = "E = known * (R - U @ V.T)", "-2 * E.T @ U"


def report(again: str, back: str = BACK) -> FileReport:
    """The report on the program with what stands between the updates, and in the second."""
    return check_program(Program("net.py", FACTORS.replace("AGAIN", again).replace("BACK", back)))


def test_a_forward_pass_that_is_computed_anew_is_no_weight_read_too_late() -> None:
    """It is certified, and the certificate says at which point the second gradient is taken."""
    found = report(ANEW)
    assert found.verdict == "correct"
    assert any(
        line.startswith("The gradient of V is that behind the update before it") for line in found.certified
    )


def test_an_updated_weight_beside_older_errors_is_one() -> None:
    """What is computed between the updates has nothing of the forward pass."""
    (found,) = (f for f in report("pass").findings if f.severity == "error")
    assert (found.name, found.span.row, found.parameters) == ("updated-weights", 11, ("V",))


@pytest.mark.parametrize("back", ["-1 * E.T @ U", "2 * E.T @ U"])
def test_a_mistake_in_the_second_is_found(back: str) -> None:
    """A factor and a sign are not excused by the turn."""
    assert report(ANEW, back).verdict == "faulty"


BLOCKS = """
import numpy as np
rng = np.random.default_rng(4)
R = rng.random((11, 7))
U, V = rng.random((11, 3)), rng.random((3, 7))
a, b = rng.random((11, 1)), rng.random((1, 7))
def residual():
    return R - a - b - U @ V
def loss():
    return (residual() ** 2).sum()
for turn in range(400):
    E = residual()
    dU, da = E @ V.T, E.sum(axis=1, keepdims=True)
    U += 0.02 * dU
    a += 0.02 * da
    AGAIN
    dV, db = U.T @ E, E.sum(axis=0, keepdims=True)
    V += 0.02 * dV
    b += 0.02 * db
    if turn % 100 == 0:
        print(turn, loss())
"""


@pytest.mark.parametrize(("again", "verdict"), [("E = residual()", "correct"), ("pass", "faulty")])
def test_blocks_of_parameters_that_are_taken_in_turn(again: str, verdict: str) -> None:
    """The second of a block is updated behind the first, from whose old values its gradient was computed."""
    assert check_program(Program("net.py", BLOCKS.replace("AGAIN", again))).verdict == verdict
