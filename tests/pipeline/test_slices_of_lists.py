"""Lists of weights whose items are all replaced at once, by an assignment to a slice."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import math, random
random.seed(7)
w = [[random.gauss(0, 0.5) for _ in range(3)] for _ in range(4)]
b = [random.gauss(0, 0.2) for _ in range(4)]
v = [random.gauss(0, 0.5) for _ in range(4)]
def combine(f, p, q):
    if isinstance(p, list):
        return [combine(f, x, y) for x, y in zip(p, q)]
    return f(p, q)
data = [([random.random() for _ in range(3)], random.random()) for _ in range(10)]
for sweep in range(100):
    total = 0.0
    for x, t in data:
        h = [math.tanh(sum(k * s for k, s in zip(row, x)) + c) for row, c in zip(w, b)]
        e = sum(k * s for k, s in zip(v, h)) - t
        total += 0.5 * e ** 2
        d = [e * k * (1 - s ** 2) for k, s in zip(v, h)]
        grads = [[[k * s for s in x] for k in d], d, [e * s for s in h]]
        for param, grad in zip((w, b, v), grads):
            param[:] = combine(lambda p, g: p - 0.1 * g, param, grad)
    print(sweep, total)
"""


@pytest.mark.parametrize(
    ("right", "wrong", "verdict"), [("", "", "correct"), ("(1 - s ** 2)", "(1 - s)", "faulty")]
)
def test_every_item_is_updated(right: str, wrong: str, verdict: str) -> None:
    """All lists are parameters, those inside a list as well."""
    report = check_program(program_from_bytes(PROGRAM.replace(right, wrong).encode(), "net.py"))
    assert report.verdict == verdict, report.reason
    assert {p.name.partition("[")[0] for p in report.parameters} == {"w", "b", "v"}
