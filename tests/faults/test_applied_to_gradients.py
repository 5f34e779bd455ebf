"""An activation that is applied to what is handed back, where its slope has to be a factor of that."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

NET = """
import numpy as np

rng = np.random.default_rng(51)
x, y = rng.normal(size=(4, 14)), rng.normal(size=(2, 14))
W, b = 0.7 * rng.normal(size=(6, 4)), 0.3 * rng.normal(size=(6, 1))
V, c = 0.6 * rng.normal(size=(2, 6)), 0.2 * rng.normal(size=(2, 1))

def active(z):
    return ACTIVE

for turn in range(2000):
    z = W @ x + b
    h = active(z)
    out = V @ h + c
    loss = 0.5 * np.sum((out - y) ** 2) / 14
    e = (out - y) / 14
    pull = V.T @ e
    pull = SLOPE
    V -= 0.1 * e @ h.T
    c -= 0.1 * e.sum(axis=1, keepdims=True)
    W -= 0.1 * pull @ x.T
    b -= 0.1 * pull.sum(axis=1, keepdims=True)
"""


@pytest.mark.parametrize(
    ("active", "slope", "wrong"),
    [
        ("np.maximum(0, z)", "pull * (h > 0)", "np.maximum(0, pull)"),
        ("np.tanh(z)", "pull * (1 - h ** 2)", "active(pull)"),
    ],
)
def test_the_slope_is_a_factor_of_what_is_handed_back(active: str, slope: str, wrong: str) -> None:
    """One finding, where the activation is applied; a program with the factor is right."""
    text = NET.replace("ACTIVE", active)
    right, faulty = (text.replace("SLOPE", each) for each in (slope, wrong))
    assert check_program(program_from_bytes(right.encode(), "p.py")).verdict == "correct"
    (found,) = check_program(program_from_bytes(faulty.encode(), "p.py")).findings
    assert (found.name, found.found, found.expected) == ("wrong-activation-derivative", wrong, slope)
    assert found.mended
