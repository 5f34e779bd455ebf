"""A parameter that becomes its step, `w = -lr * g` for `w = w - lr * g`, is no state that is handed on."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(3)
x, y = rng.normal(size=(19, 4)), rng.normal(size=(19, 2))
weights = [0.5 * rng.normal(size=(4, 6)), 0.5 * rng.normal(size=(6, 2))]
biases = [0.1 * rng.normal(size=6), 0.1 * rng.normal(size=2)]
for epoch in range(500):
    h = np.tanh(x @ weights[0] + biases[0])
    out = h @ weights[1] + biases[1]
    loss = 0.5 * np.mean(np.sum((out - y) ** 2, axis=1))
    d_out = (out - y) / len(x)
    d_in = (d_out @ weights[1].T) * (1 - h ** 2)
    slopes = [x.T @ d_in, h.T @ d_out]
    shifts = [d_in.sum(axis=0), d_out.sum(axis=0)]
    for i in range(2):
        weights[i] = weights[i] - 0.2 * slopes[i]
        biases[i] = biases[i] - 0.2 * shifts[i]
"""


@pytest.mark.parametrize("lost", ["weights[i] - ", "biases[i] - "])
def test_a_parameter_that_is_replaced_by_its_step_is_not_certified(lost: str) -> None:
    """The gradients of the others are right, and nothing is said to be correct."""
    text = PROGRAM.replace(f"= {lost}0.2", "= -0.2")
    assert text != PROGRAM
    assert check_program(program_from_bytes(text.encode(), "net.py")).verdict != "correct"
