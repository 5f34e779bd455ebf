"""A small number inside the logarithm of a loss, which no gradient has and nobody misses."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

SPECIES = """\
import numpy as np

rng = np.random.default_rng(5)
leaves = rng.normal(size=(13, 6)) * 2
kinds = rng.integers(0, 4, size=13)
A, a = rng.normal(size=(6, 5)) * 2, rng.normal(size=5)
B, b = rng.normal(size=(5, 4)) * 2, rng.normal(size=4)
for k in range(100):
    h = np.maximum(leaves @ A + a, 0)
    s = h @ B + b
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(13), kinds] + 1e-7))
    d = p.copy()
    d[np.arange(13), kinds] -= 1
    d /= 13
    dh = d @ B.T * (h > 0)
    B -= 0.01 * h.T @ d
    b -= 0.01 * d.sum(axis=0)
    A -= 0.01 * leaves.T @ dh
    a -= 0.01 * dh.sum(axis=0)
"""


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("", "", "correct"),
        ("+ 1e-7", "+ 1e-6", "correct"),
        ("h > 0", "h > 1", "faulty"),
    ],
    ids=["small", "not so small", "wrong"],
)
def test_a_small_number_inside_a_logarithm_is_no_difference(old: str, new: str, verdict: str) -> None:
    """However small the probabilities get beside it; what is wrong beside it is found."""
    text = SPECIES.replace(old, new) if old else SPECIES
    assert check_program(program_from_bytes(text.encode(), "species.py")).verdict == verdict
