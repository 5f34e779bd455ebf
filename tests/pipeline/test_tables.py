"""Tables that are factorised entry by entry: each step changes one row and one column."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

LISTS = """
import random
random.seed(5)
R = [[4, 2, 0, 1], [3, 0, 1, 1], [1, 1, 0, 5], [0, 1, 5, 4], [2, 0, 4, 0]]
P = [[random.random() for _ in range(2)] for _ in range(5)]
Q = [[random.random() for _ in range(4)] for _ in range(2)]
alpha, beta = 0.003, 0.02
for step in range(1500):
    for i in range(5):
        for j in range(4):
            if R[i][j] > 0:
                error = R[i][j] - sum(P[i][k] * Q[k][j] for k in range(2))
                for k in range(2):
                    before = P[i][k]
                    P[i][k] = P[i][k] + alpha * (2 * error * Q[k][j] - beta * P[i][k])
                    Q[k][j] = Q[k][j] + alpha * (2 * error * {read} - beta * Q[k][j])
    total = 0
    for i in range(5):
        for j in range(4):
            if R[i][j] > 0:
                total += (R[i][j] - sum(P[i][k] * Q[k][j] for k in range(2))) ** 2
    if total < 0.001:
        break
"""
ROWS = """
import numpy as np
rng = np.random.default_rng(8)
cells = [(u, v, rng.normal()) for u in range(6) for v in range(4) if (u + 2 * v) % 3]
A, B = rng.normal(size=(6, 3)), rng.normal(size=(4, 3))
a, b = rng.normal(size=6), rng.normal(size=4)
for sweep in range(1500):
    for u, v, count in cells:
        miss = A[u] @ B[v] + a[u] + b[v] - count
        loss = 0.5 * miss ** 2
        A[u] -= 0.05 * miss * B[v]
        B[v] -= 0.05 * miss * A[u]
        a[u] -= 0.05 * miss
        b[v] -= 0.05 * miss
"""


@pytest.mark.parametrize(("read", "verdict"), [("before", "correct"), ("P[i][k]", "faulty")])
def test_the_step_is_that_of_one_entry(read: str, verdict: str) -> None:
    """A sweep over the table is no step, though it updates the numbers of more lists than one entry does."""
    report = check_program(program_from_bytes(LISTS.format(read=read).encode(), "p.py"))
    assert report.verdict == verdict
    assert [f.name for f in report.findings if f.severity == "error"] == ["updated-weights"] * (
        read != "before"
    )


def test_a_row_is_kept_before_it_changes() -> None:
    """The update of the other row reads a copy, since neither statement can stand first."""
    report = check_program(program_from_bytes(ROWS.encode(), "p.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert finding.name == "updated-weights"
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"
    assert any("old_A = A[u].copy()" in edit.content for edit in finding.fix.edits)


ENTRIES = """
import numpy as np
rng = np.random.default_rng(6)
w, c = rng.normal(size=(4, 3)), rng.normal(size=3)

def less(old, step):
    return old - 0.05 * step

for turn in range(2000):
    x, t = rng.normal(size=4), rng.normal(size=3)
    e = x @ w + c - t
    loss = 0.5 * (e[0] ** 2 + e[1] ** 2 + e[2] ** 2)
    for i in range(4):
        w[i, 0] = less(w[i, 0], e[0] * x[i])
        w[i, 2] = less(w[i, 2], e[2] * x[i])
        w[i, 1] = less(w[i, {column}], e[1] * x[i])
    c -= 0.05 * e
"""


@pytest.mark.parametrize(("column", "verdict"), [(1, "correct"), (0, "faulty")])
def test_an_entry_keeps_its_own_value(column: int, verdict: str) -> None:
    """What takes its step off the entry beside is no gradient step, though both are of one array."""
    report = check_program(program_from_bytes(ENTRIES.format(column=column).encode(), "p.py"))
    assert report.verdict == verdict
    assert [(f.name, f.expected) for f in report.findings if f.severity == "error"] == [
        ("wrong-index", "w[i, 1]")
    ] * (column == 0)
