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


SCALARS = """
from math import exp

rows = [((0.4, -1.2), 0.2), ((1.1, 0.3), 0.9), ((-0.7, 0.8), 0.6), ((0.2, 1.5), 0.1)]
u, v, shift, w, base = 0.3, -0.4, 0.2, 0.7, -0.1
for turn in range(4000):
    (a, b), t = rows[turn % 4]
    h = 1 / (1 + exp(-(u * a + v * b + shift)))
    y = w * h + base
    E = 0.5 * (y - t) ** 2
    d = y - t
    dh = d * w * h * (1 - h)
    u = u - 0.3 * dh * a
    v = v - 0.3 * dh * b
    shift = shift - 0.3 * dh
    w = w - 0.3 * d * h
    base = base - 0.3 * d
"""


@pytest.mark.parametrize(("name", "other"), [("u", "a"), ("v", "b"), ("w", "h")])
def test_a_parameter_that_takes_its_step_off_another_value(name: str, other: str) -> None:
    """What it becomes holds its gradient, so it is none that no gradient changes."""
    assert check_program(program_from_bytes(SCALARS.encode(), "rows.py")).verdict == "correct"
    text = SCALARS.replace(f"{name} = {name} - ", f"{name} = {other} - ")
    assert text != SCALARS
    assert check_program(program_from_bytes(text.encode(), "rows.py")).verdict != "correct"
