"""Subscripts that could stand for another: numbers in keys, and lists of rows."""

from __future__ import annotations

import pytest

from backproof.faults.subscripts import subscripts
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

DEEP = """
import numpy as np

rng = np.random.default_rng(61)
X = rng.normal(size=(4, 33))
T = (X[:1] * X[1:2] > 0).astype(float)
sizes = [4, 6, 6, 6, 1]
p = {}
for l in range(1, 5):
    p["W" + str(l)] = rng.normal(size=(sizes[l], sizes[l - 1])) * 0.7
    p["b" + str(l)] = 0.2 * rng.normal(size=(sizes[l], 1))
def back(dz, kept):
    a, W = kept[:2]
    return W.T @ dz, dz @ a.T / 33, dz.sum(axis=1, keepdims=True) / 33
for turn in range(3000):
    kept, a = [], X
    for l in range(1, 5):
        z = p["W" + str(l)] @ a + p["b" + str(l)]
        kept.append((a, p["W" + str(l)], z))
        a = np.tanh(z) if l < 4 else 1 / (1 + np.exp(-z))
    cost = -np.mean(T * np.log(a) + (1 - T) * np.log(1 - a))
    g, n = {}, len(kept)
    g["A" + str(n - 1)], g["W" + str(n)], g["b" + str(n)] = back(a - T, kept[n - 1])
    for l in reversed(range(n - 1)):
        dz = g["A" + str(l + 1)] * (1 - np.tanh(kept[l][2]) ** 2)
        g["A" + str(l)], g["W" + str(l + 1)], g["b" + str(l + 1)] = back(dz, kept[l])
    for key in p:
        p[key] = p[key] - 0.3 * g[key]
"""


@pytest.mark.parametrize(
    ("text", "among"),
    [
        ("h[[t + 1]]", ["h[[t]]", "h[[k]]", "h[[t + 2]]"]),
        ('g["A" + str(n - 1)]', ['g["A" + str(n)]', 'g["A" + str(k)]', 'g["A" + str(k + 1)]']),
        ('c[f"Z{l}"]', ['c[f"Z{l - 1}"]', 'c[f"Z{l + 1}"]', 'c[f"Z{k}"]']),
        ('p["W%d" % (l + 1)]', ['p["W%d" % l]', 'p["W%d" % (l + 2)]', 'p["W%d" % (k + 1)]']),
        ('p["W%d" % l]', ['p["W%d" % (l - 1)]', 'p["W%d" % (l + 1)]', 'p["W%d" % k]']),
    ],
)
def test_numbers_inside_keys_and_lists(text: str, among: list[str]) -> None:
    """One less or more, or another counter; each is an expression."""
    found = [variant for variant, _ in subscripts(text, ["k"])]
    assert set(among) <= set(found)
    for variant in found:
        compile(variant, "p.py", "eval")


def test_a_key_that_stays_the_same_in_every_round() -> None:
    """In the first round it is the right one."""
    assert check_program(program_from_bytes(DEEP.encode(), "p.py")).verdict == "correct"
    text = DEEP.replace('g["A" + str(l + 1)] *', 'g["A" + str(n - 1)] *')
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.expected) == ("wrong-index", 'g["A" + str(l + 1)]')
    assert finding.mended
