"""Parameters in float32 whose update is computed in float64, and narrowed as it is taken off."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

HERDS = """\
import numpy as np

rng = np.random.default_rng(6)
X = rng.normal(size=(12, 5))
T = np.eye(4)[rng.integers(0, 4, size=12)]
W = rng.normal(size=(5, 4)).astype("f")
b = rng.normal(size=4).astype("f")
weights = [W, b]
means = [np.zeros(w.shape) for w in weights]
sizes = [np.zeros(w.shape) for w in weights]
for k in range(1, 100):
    s = X @ W + b
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.sum(T * np.log(p)) / 12
    d = (p - T) / 12
    rate = 0.001 * np.sqrt(1 - 0.999**k) / (1 - 0.9**k)
    for n, slope in enumerate([X.T @ d, d.sum(axis=0)]):
        means[n] += 0.1 * (slope - means[n])
        sizes[n] += 0.001 * (slope**2 - sizes[n])
        weights[n] -= rate * means[n] / (np.sqrt(sizes[n]) + 1e-7)
"""


@pytest.mark.parametrize(("shift", "verdict"), [("d.sum(axis=0)", "correct"), ("d[0]", "faulty")])
def test_what_a_narrowed_update_takes_off_is_read_from_it(shift: str, verdict: str) -> None:
    """Not from the difference of two parameters, in which a step of an adaptive optimizer is lost."""
    text = HERDS.replace("d.sum(axis=0)", shift)
    assert check_program(program_from_bytes(text.encode(), "herds.py")).verdict == verdict
