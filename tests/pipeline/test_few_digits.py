"""Numbers with few digits, which the recorder rounds otherwise than the program does."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(11)
words, context = rng.integers(0, 7, 23), rng.integers(0, 7, 23)
label = rng.integers(0, 2, 23)
inner = (0.3 * rng.normal(size=(7, 5))).astype("f")
outer = (0.3 * rng.normal(size=(7, 5))).astype("f")
for epoch in range(300):
    h, v = inner[words], outer[context]
    p = 1 / (1 + np.exp(-np.sum(h * v, axis=1)))
    loss = -np.sum(label * np.log(p) + (1 - label) * np.log(1 - p))
    d = (p - label).reshape(-1, 1)
    g_inner, g_outer = np.zeros_like(inner), np.zeros_like(outer)
    np.add.at(g_inner, words, d * v)
    np.add.at(g_outer, context, d * h)
    inner -= 0.1 * g_inner
    outer -= 0.1 * g_outer
"""


@pytest.mark.parametrize(("wrong", "verdict"), [("d * h", "correct"), ("d * v", "faulty")])
def test_float32_tables_beside_float64_errors(wrong: str, verdict: str) -> None:
    """A float64 product of float32 entries is followed, whatever the order of sums."""
    report = check_program(program_from_bytes(PROGRAM.replace("d * h", wrong).encode(), "words.py"))
    assert report.verdict == verdict, report.reason
