"""Units whose output is the number 1, on the way of what is wrong."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import math
import random

rnd = random.Random(4)
W = [[rnd.uniform(-1, 1) for _ in range(3)] for _ in range(4)]
V = [rnd.uniform(-1, 1) for _ in range(5)]
data = [([rnd.uniform(-1, 1), rnd.uniform(-1, 1), 1.0], rnd.uniform(-1, 1)) for _ in range(6)]


def slope(x):
    return 1.0 - math.tanh(x) * math.tanh(x)


for turn in range(200):
    for xs, target in data:
        outs = [math.tanh(sum(w * x for w, x in zip(row, xs))) for row in W] + [1.0]
        miss = sum(v * out for v, out in zip(V, outs)) - target
        loss = 0.5 * miss ** 2
        back = [miss * v * slope(out) for v, out in zip(V, outs)]
        for j in range(5):
            V[j] -= 0.1 * miss * outs[j]
        for j in range(4):
            for i in range(3):
                W[j][i] -= 0.1 * back[j] * xs[i]
"""


def test_a_slope_at_the_activated_value_of_a_bias_too() -> None:
    """What it is at 1 is a number that nothing is computed from."""
    report = check_program(program_from_bytes(PROGRAM.encode(), "units.py"))
    (error,) = [finding for finding in report.findings if finding.severity == "error"]
    assert (error.name, error.mended) == ("derivative-at-wrong-point", True)
    assert error.expected == "x * x"
