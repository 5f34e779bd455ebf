"""Several buffers of gradients that are never reset: each is a mistake of its own."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

LISTED = """
import math
import random

random.seed(64)
A = [[random.uniform(-1, 1) for _ in range(2)] for _ in range(3)]
b = [random.uniform(-1, 1) for _ in range(3)]
gA = [[0.0] * 2 for _ in range(3)]
gb = [0.0] * 3
for turn in range(900):
    x = [random.uniform(-1, 1), random.uniform(-1, 1)]
    h = [math.tanh(A[j][0] * x[0] + A[j][1] * x[1]) for j in range(3)]
    miss = sum(b[j] * h[j] for j in range(3)) - x[0] * x[1]
    loss = 0.5 * miss ** 2
    for j in range(3):
        for i in range(2):
            gA[j][i] += miss * b[j] * (1 - h[j] ** 2) * x[i]
    for j in range(3):
        gb[j] += miss * h[j]
    size = 1
    for j in range(3):
        for i in range(2):
            A[j][i] -= 0.05 / size * gA[j][i]
        b[j] -= 0.05 / size * gb[j]
"""


def test_buffers_of_scalars_are_told_apart() -> None:
    """Each buffer is reported at the row that adds to it, though each is read by several updates."""
    report = check_program(program_from_bytes(LISTED.encode(), "net.py"))
    found = [f for f in report.findings if f.severity == "error"]
    assert [f.name for f in found] == ["not-reset", "not-reset"]
    assert [f.message.partition(" still holds ")[0] for f in found] == ["`gA`", "`gb`"]
