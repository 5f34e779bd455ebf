"""Steps of many values: fewer of them are looked at."""

from __future__ import annotations

import pytest

from backproof.graph import leaf
from backproof.source import program_from_bytes
from backproof.trace import Trace, trace_program
from backproof.trace.run import how_it_ended

PROGRAM = """
import numpy as np

rng = np.random.default_rng(5)
x = rng.normal(size=({samples}, 6))
y = (x.sum(axis=1) > 0.3).astype(float)
w1, b1 = 0.3 * rng.normal(size=(6, 5)), 0.1 * rng.normal(size=5)
w2, b2 = 0.3 * rng.normal(size=5), 0.1
for epoch in range(200):
    g1, h1, g2, h2, loss = np.zeros_like(w1), np.zeros_like(b1), np.zeros_like(w2), 0.0, 0.0
    for row, t in zip(x, y):
        a = np.tanh(row @ w1 + b1)
        p = 1 / (1 + np.exp(-(a @ w2 + b2)))
        loss -= t * np.log(p) + (1 - t) * np.log(1 - p)
        d = p - t
        g2 += d * a
        h2 += d
        da = d * w2 * (1 - a ** 2)
        g1 += np.outer(row, da)
        h1 += da
    w1 -= 0.01 * g1
    b1 -= 0.01 * h1
    w2 -= 0.01 * g2
    b2 -= 0.01 * h2
"""


@pytest.mark.parametrize(("samples", "rounds"), [(20, 4), (300, 3), (700, 2)])
def test_fewer_rounds_of_a_large_step_are_enough(samples: int, rounds: int) -> None:
    """Four rounds are run of a small step, and two of one of more than twelve thousand values."""
    trace = trace_program(program_from_bytes(PROGRAM.format(samples=samples).encode(), "net.py"))
    whole = [a for a in trace.activities if a.kind == "round" and a.depth == 0]
    assert len([a for a in whole if a.start < a.end]) == rounds


def test_a_step_that_is_too_large_is_called_so() -> None:
    """A run that was stopped for the many values it made is not said to train nothing."""
    program = program_from_bytes(b"x = 1.5\nprint(x)\n", "net.py")
    node = leaf(1.5)
    said = {
        count: how_it_ended(Trace(ended="stopped", nodes=[node] * count), program, 9) for count in (9, 60_001)
    }
    assert "more than 60,000 numbers one by one" in said[60_001]
    assert "one by one" not in said[9]
