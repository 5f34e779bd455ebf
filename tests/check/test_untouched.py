"""Numbers of lists that a loop of the update does not reach."""

from __future__ import annotations

import pytest

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


ARRAYS = """
import numpy as np
rng = np.random.default_rng(8)
sizes = [3, 5, 4, 2]
W = [rng.normal(size=(a, b)) * 0.6 for a, b in zip(sizes, sizes[1:])]
B = [rng.normal(size=b) * 0.3 for b in sizes[1:]]
X, Y = rng.normal(size=(8, 3)), rng.normal(size=(8, 2)) * 0.3
for it in range(60):
    a = [X]
    for w, b in zip(W, B):
        a.append(np.tanh(a[-1] @ w + b))
    loss = 0.5 * np.sum((a[-1] - Y) ** 2)
    d = (a[-1] - Y) * (1 - a[-1] ** 2)
    for k in range(2, -1, -1):
        gw, gb = a[k].T @ d, d.sum(axis=0)
        d = (d @ W[k].T) * (1 - a[k] ** 2)
        W[k] -= 0.02 * gw
        B[k] -= 0.02 * gb
"""
MADE = ARRAYS[ARRAYS.index("W = ") : ARRAYS.index("X, Y")]
KEYS = (
    ARRAYS.replace(
        MADE,
        """p = {}
for k in range(3):
    p[f"W{k}"] = rng.normal(size=(sizes[k], sizes[k + 1])) * 0.6
    p[f"b{k}"] = rng.normal(size=sizes[k + 1]) * 0.3
""",
    )
    .replace("zip(W, B)", '((p[f"W{k}"], p[f"b{k}"]) for k in range(3))')
    .replace("W[k]", 'p[f"W{k}"]')
    .replace("B[k]", 'p[f"b{k}"]')
)


@pytest.mark.parametrize(("text", "names"), [(ARRAYS, "W[0] and B[0]"), (KEYS, "p['W0'] and p['b0']")])
def test_arrays_of_a_list_or_a_dictionary(text: str, names: str) -> None:
    """A loop over the layers that ends too early leaves the arrays of one as they are."""
    assert check_program(program_from_bytes(text.encode(), "program.py")).verdict == "correct"
    short = text.replace("range(2, -1, -1)", "range(2, 0, -1)")
    report = check_program(program_from_bytes(short.encode(), "program.py"))
    assert (report.verdict, names in (report.reason or "")) == ("inconclusive", True)
