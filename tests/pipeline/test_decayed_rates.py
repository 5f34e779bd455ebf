"""A learning rate that changes from step to step is no memory of gradients, however it is written."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """\
import numpy as np

rng = np.random.default_rng(64)
x = rng.uniform(-1, 1, (34, 2))
y = x[:, 0] + x[:, 1] ** 2
w, b = rng.normal(size=2), 0.1
vw, vb = np.zeros(2), 0.0
first = rate = 0.1
for step in range(4000):
    r = x @ w + b - y
    loss = np.mean(r ** 2)
    vw = 0.9 * vw + 2 * x.T @ r / len(y)
    vb = 0.9 * vb + {gradient}
    w -= rate * vw
    b -= rate * vb
    {decay}
"""

DECAYS = (
    "rate *= 0.999",
    "rate = rate / (1 + 1e-3)",
    "rate -= 1e-6",
    "rate = first * 0.5 ** (step // 10)",
    "rate = rate * 0.5 if step % 2 else rate",
    "rate = max(0.98 * rate, 1e-4)",
    "rate = first * np.exp(-0.01 * step)",
    "vw, rate = vw * 0.99, rate * 0.99",
)


def verdict(decay: str, gradient: str) -> str:
    """What is said of the program."""
    text = PROGRAM.format(decay=decay, gradient=gradient)
    return check_program(program_from_bytes(text.encode(), "program.py"), timeout=8.0).verdict


@pytest.mark.parametrize("decay", DECAYS)
def test_a_rate_that_decays(decay: str) -> None:
    """Right gradients are certified beside it, and a missing factor is found."""
    assert verdict(decay, "2 * r.mean()") == "correct"
    assert verdict(decay, "r.mean()") == "faulty"
