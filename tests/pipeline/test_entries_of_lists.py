"""A number in a list of lists can be named where a statement counts with both of its places."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import math
import random

random.seed(3)
rows = [[1.0] + [random.uniform(-1, 1) for _ in range(3)] for _ in range(7)]
wanted = [random.randint(0, 1) for _ in rows]
w = [random.uniform(-1, 1) for _ in range(4)]


def out(w, row):
    return 1 / (1 + math.exp(-sum(a * b for a, b in zip(w, row))))


def cost(w):
    total = 0
    for row, y in zip(rows, wanted):
        total -= y * math.log(out(w, row)) + (1 - y) * math.log(1 - out(w, row))
    return total / len(rows) + 0.05 * sum(v ** 2 for v in w[1:])


def gradient(w):
    grad = []
    error = [out(w, rows[i]) - wanted[i] for i in range(7)]
    for j in range(4):
        if j == 0:
            grad.append(sum(error) / 7)
        else:
            grad.append(sum(error[i] * rows[i][j] for i in range(7)) / 7 + 0.1 * w[j])
    return grad


for step in range(200):
    grad = gradient(w)
    w = [v - 0.3 * g for v, g in zip(w, grad)]
    if step % 50 == 0:
        print(step, cost(w))
"""


def test_a_factor_that_stands_in_a_list_of_lists_is_put_in():
    """It is missing in one branch of the loop alone, and the cost is printed in some of the steps only."""
    assert check_program(program_from_bytes(PROGRAM.encode(), "lists.py")).verdict == "correct"
    text = PROGRAM.replace("error[i] * rows[i][j]", "error[i]")
    (finding,) = check_program(program_from_bytes(text.encode(), "lists.py")).findings
    assert (finding.name, finding.found, finding.expected) == (
        "missing-factor", "error[i]", "error[i] * rows[i][j]"
    )  # fmt: skip
    assert finding.mended
