"""Updates that a name of the program's own loop takes, and that the parameter never sees."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

ARRAYS = """
import numpy as np
rng = np.random.default_rng(5)
X, Y = rng.normal(size=(13, 3)), rng.normal(size=(13, 2))
net = [[0.5 * rng.normal(size=(3, 4)), 0.1 * rng.normal(size=4)],
       [0.5 * rng.normal(size=(4, 2)), 0.1 * rng.normal(size=2)]]
for turn in range(2000):
    h = np.tanh(X @ net[0][0] + net[0][1])
    e = h @ net[1][0] + net[1][1] - Y
    loss = 0.5 * np.sum(e ** 2)
    d = e @ net[1][0].T * (1 - h ** 2)
    for (w, b), (gw, gb) in zip(net, ((X.T @ d, d.sum(0)), (h.T @ e, e.sum(0)))):
        w -= 0.01 * gw
        b = b - 0.01 * gb
"""
NUMBERS = """
import math, random
random.seed(8)
def neuron(n):
    return {"w": [random.uniform(-1, 1) for _ in range(n)], "b": random.uniform(-0.5, 0.5)}
net = [[neuron(2), neuron(2), neuron(2)], [neuron(3)]]
def run(x):
    out = [x]
    for layer in net:
        out.append([1 / (1 + math.exp(-n["b"] - sum(w * v for w, v in zip(n["w"], out[-1])))) for n in layer])
    return out
def learn(x, y):
    a, h, o = run(x)
    loss = 0.5 * sum((p - q) ** 2 for p, q in zip(o, y))
    do = [(p - q) * p * (1 - p) for p, q in zip(o, y)]
    dh = [sum(n["w"][i] * d for n, d in zip(net[1], do)) * v * (1 - v) for i, v in enumerate(h)]
    for layer, ds, before in ((net[0], dh, a), (net[1], do, h)):
        for n, d in zip(layer, ds):
            for i in range(len(before)):
                n["w"][i] -= 0.5 * d * before[i]
            b = n["b"]
            b -= 0.5 * d
    return loss
for sweep in range(3000):
    for x, y in (([0, 1], [1]), ([1, 0.1], [1]), ([0.2, 0], [0])):
        learn(x, y)
"""


BOTH = ARRAYS.replace(
    "        w -= 0.01 * gw\n        b = b - 0.01 * gb\n",
    """\
        for p, g in ((w, gw), (b, gb)):
            if p.ndim == 1:
                p = p - 0.01 * g
            else:
                p -= 0.01 * g
""",
)


def _checked(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "net.py"))


@pytest.mark.parametrize(
    ("text", "row", "mended"),
    [
        (ARRAYS, "        b = b - 0.01 * gb", "b -= 0.01 * gb"),
        (BOTH, "                p = p - 0.01 * g", "p -= 0.01 * g\n            else"),
        (NUMBERS, "            b -= 0.5 * d", 'n["b"] -= 0.5 * d'),
    ],
)
def test_an_update_of_a_name_only(text: str, row: str, mended: str) -> None:
    """It is found where the program has it, and mended in the array, or where the number is kept."""
    report = _checked(text)
    (finding,) = [finding for finding in report.findings if finding.severity == "error"]
    assert finding.name == "never-updated"
    assert finding.span is not None
    assert finding.span.row == text.split("\n").index(row) + 1
    assert finding.fix is not None
    assert finding.mended
    right = apply_edits(program_from_bytes(text.encode(), "net.py"), finding.fix.edits).text
    assert mended in right
    assert _checked(right).verdict == "correct"
