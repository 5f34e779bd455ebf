"""Numbers of lists that a loop of the update does not reach."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

LISTS = """
import math
import random
random.seed(3)
data = [([random.gauss(0, 1), random.gauss(0, 1)], random.random()) for _ in range(9)]
inner = [[random.uniform(-1, 1) for _ in range(2)] for _ in range(3)]
outer = [random.uniform(-1, 1) for _ in range(3)]
for epoch in range(100):
    for x, t in data:
        h = [math.tanh(row[0] * x[0] + row[1] * x[1]) for row in inner]
        y = sum(a * b for a, b in zip(outer, h))
        loss = 0.5 * (y - t) ** 2
        d = y - t
        back = [d * outer[j] * (1 - h[j] ** 2) for j in range(3)]
        for j in range(3):
            outer[j] -= 0.1 * d * h[j]
        for j in range(3):
            for i in range(2):
                inner[j][i] -= 0.1 * back[j] * x[i]
"""

FROZEN = LISTS.replace(
    "            for i in range(2):\n                inner[j][i] -= 0.1 * back[j] * x[i]", "            pass"
)


def test_all_reached() -> None:
    """Lists whose numbers are all updated are certified, and those of which none is."""
    for text in (LISTS, FROZEN):
        assert check_program(program_from_bytes(text.encode(), "program.py")).verdict == "correct"


def test_not_reached() -> None:
    """Where some numbers of a list are updated and others are not, it is said and not certified."""
    text = LISTS.replace("for j in range(3):\n            for i", "for j in range(1, 3):\n            for i")
    assert text != LISTS
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    assert (report.verdict, "inner[0]" in (report.reason or "")) == ("inconclusive", True)
