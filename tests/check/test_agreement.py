"""The scale that most gradients of a step share is that of the right ones."""

from backproof.check.judge import judge
from backproof.source import Program
from backproof.trace import trace_program

ROWS = """
import math, random
random.seed(4)
V = [[random.gauss(0, 1) for _ in range(3)] for _ in range(5)]
c = [0.1 * k for k in range(5)]
w = [random.gauss(0, 1) for _ in range(5)]
b = 0.2
for step in range(10**6):
    x, t = [random.gauss(0, 1) for _ in range(3)], random.random()
    h = [math.tanh(sum(v * f for v, f in zip(row, x)) + s) for row, s in zip(V, c)]
    out = sum(k * u for k, u in zip(w, h)) + b
    loss = (out - t) ** 2
    d = 2 * (out - t)
    for i in range(5):
        e = (out - t) * w[i] * (1 - h[i] ** 2)
        w[i] -= 0.1 * d * h[i]
        c[i] -= 0.1 * d * (e / (out - t))
        for j in range(3):
            V[i][j] -= 0.1 * e * x[j]
    b -= 0.1 * d
"""


def test_the_rows_of_a_list_count_as_one() -> None:
    """Five rows that lack the 2 of a square are fewer than three parameters that have it."""
    judgement = judge(trace_program(Program("rows.py", ROWS)))
    assert judgement is not None
    names = [parameter.name for parameter in judgement.step.parameters]
    right = {name for name, good in zip(names, judgement.verdict.right, strict=True) if good}
    assert right == {"w", "c", "b"}
    assert len(names) == 8
