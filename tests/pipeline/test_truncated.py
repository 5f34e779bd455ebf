"""Back-propagation that goes back a few steps from each output: neither certified nor called wrong."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(14)
wind = rng.normal(size=(8, 2))
power = np.tanh(np.cumsum(wind, axis=0) @ rng.normal(size=(2, 3)))
A, B, C = rng.normal(0, 0.5, (4, 2)), rng.normal(0, 0.4, (4, 4)), rng.normal(0, 0.5, (3, 4))
window = {window}
for season in range(900):
    memory, forecast = np.zeros((9, 4)), np.zeros((8, 3))
    for hour in range(8):
        memory[hour] = np.tanh(A @ wind[hour] + B @ memory[hour - 1])
        forecast[hour] = C @ memory[hour]
    loss = 0.5 * np.sum((forecast - power) ** 2)
    dA, dB, dC = np.zeros_like(A), np.zeros_like(B), np.zeros_like(C)
    for hour in range(8):
        miss = forecast[hour] - power[hour]
        dC += np.outer(miss, memory[hour])
        back = C.T @ miss * (1 - memory[hour] ** 2)
        for then in range(hour, max(-1, hour - window), -1):
            dA += np.outer(back, wind[then])
            dB += np.outer(back, memory[then - 1])
            back = {through} @ back * (1 - memory[then - 1] ** 2)
    A -= 0.02 * dA
    B -= 0.02 * dB
    C -= 0.02 * dC
"""


def _check(window: int, through: str = "B.T"):
    text = PROGRAM.format(window=window, through=through)
    return check_program(program_from_bytes(text.encode(), "p.py"))


@pytest.mark.parametrize("window", [2, 4])
def test_a_short_way_back_is_said(window: int) -> None:
    """What is left out goes through the recurrent weights more than once: it may be meant, and it is said."""
    report = _check(window)
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "A and B" in report.reason
    assert "truncated" in report.reason


def test_the_whole_way_back_is_certified() -> None:
    """The same program that goes back to the first step."""
    assert _check(9).verdict == "correct"


@pytest.mark.parametrize(("window", "through"), [(9, "B"), (1, "B.T")])
def test_a_mistake_in_the_first_step_back_is_a_fault(window: int, through: str) -> None:
    """A transpose that is missing, or a state through which nothing goes back at all."""
    assert _check(window, through).verdict == "faulty"
