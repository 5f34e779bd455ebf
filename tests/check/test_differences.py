"""The truth of the tests: finite differences of one round of a program."""

import numpy as np
import pytest

from .differences import Step, mismatch, parameters

RIGHT = """
import numpy as np
rng = np.random.default_rng(5)
x, t = rng.normal(size=(7, 3)), rng.normal(size=7)
w, b = rng.normal(size=3), 0.3
bend = [0.2, [0.5, -0.4]]
for step in range(1000):
    out = x @ w + b + bend[0] * x[:, 0] ** 2 + bend[1][0] * x[:, 1] ** 2 + bend[1][1] * x[:, 2] ** 2
    error = out - t
    loss = 0.5 * error @ error
    w = w - 0.01 * x.T @ error
    b = b - 0.01 * error.sum()
    bend = [bend[0] - 0.01 * error @ x[:, 0] ** 2,
            [bend[1][0] - 0.01 * error @ x[:, 1] ** 2, bend[1][1] - 0.01 * error @ x[:, 2] ** 2]]
"""
STEP = Step("for step in range(1000)", ("w", "b"), "loss")


def test_right() -> None:
    """The gradient of a squared error holds for an array and for a number, in whichever round."""
    for number in (1, 2, 5):
        step = Step(STEP.loop, ("w", "b"), "loss", number=number)
        assert mismatch(RIGHT, step) < 1e-8


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("w - 0.01 * x.T @ error", "w + 0.01 * x.T @ error"),
        ("w - 0.01 * x.T @ error", "w - 0.0101 * x.T @ error"),
        ("b - 0.01 * error.sum()", "b - 0.01 * error[0]"),
        ("x.T @ error", "x.T @ np.abs(error)"),
    ],
)
def test_wrong(old: str, new: str) -> None:
    """A sign, a scale that is off by a hundredth, a missing sum and a wrong operand are each seen."""
    assert mismatch(RIGHT.replace(old, new), STEP) > 5e-3


def test_common_factor() -> None:
    """One factor common to all parameters is the learning rate, and no mistake."""
    assert mismatch(RIGHT.replace("0.01", "0.003"), STEP) < 1e-8


def test_lists() -> None:
    """Nested lists of numbers are parameters as arrays are."""
    text = RIGHT.replace("bend[1][0] - 0.01", "bend[1][0] - 0.02")
    step = Step(STEP.loop, ("w", "b", "bend[1]"), "loss")
    assert mismatch(RIGHT, step) < 1e-8
    assert mismatch(text, step) > 0.1


def test_start_of_the_round() -> None:
    """Parameters are read as they are when the round begins, and the program's random state is its own."""
    state = np.random.get_state()[1].copy()
    before = parameters(RIGHT, Step(STEP.loop, ("w", "b"), "loss", number=1))
    assert before[1] == 0.3
    assert before[0].shape == (3,)
    assert np.array_equal(np.random.get_state()[1], state)


def test_loop_must_be_one() -> None:
    """A loop that cannot be told from another is refused."""
    with pytest.raises(ValueError, match="stands 0 times"):
        mismatch(RIGHT, Step("for epoch in range(3)", ("w",), "loss"))
