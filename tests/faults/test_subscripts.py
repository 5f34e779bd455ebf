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


CELLS = """
import math
import random

random.seed(41)


class Cell:
    def __init__(self, n):
        self.w = [random.gauss(0, 0.7) for _ in range(n)]
        self.shift = random.gauss(0, 0.3)
        self.out = self.slip = 0.0


def grid(*sizes):
    return [[Cell(n) for _ in range(m)] for n, m in zip(sizes, sizes[1:])]


net = grid(2, 4, 4, 4)
for turn in range(900):
    row = [random.gauss(0, 1), random.gauss(0, 1)]
    want = [math.sin(row[0]), row[1] * 0.5, row[0] * row[1], 0.1]
    signal = row
    for layer in net:
        for cell in layer:
            cell.out = math.tanh(sum(w * s for w, s in zip(cell.w, signal)) + cell.shift)
        signal = [cell.out for cell in layer]
    loss = sum(0.5 * (o - t) ** 2 for o, t in zip(signal, want))
    for l in (2, 1, 0):
        for a in range(4):
            if l == 2:
                pull = net[l][a].out - want[a]
            else:
                pull = 0.0
                for b in range(4):
                    pull += net[l + 1][b].w[a] * net[l + 1][b].slip
            net[l][a].slip = pull * (1 - net[l][a].out ** 2)
    signal = row
    for layer in net:
        for cell in layer:
            for c in range(len(signal)):
                cell.w[c] -= 0.1 * cell.slip * signal[c]
            cell.shift -= 0.1 * cell.slip
        signal = [cell.out for cell in layer]
"""


@pytest.mark.parametrize(
    ("text", "turned"),
    [
        ("net[l + 1][b].w[a]", "net[l + 1][a].w[b]"),
        ("w[j][k + 1]", "w[k][j + 1]"),
        ("self.layers[l].w[j][k]", "self.layers[l].w[k][j]"),
    ],
)
def test_two_names_in_each_others_place(text: str, turned: str) -> None:
    """Those of subscripts that follow each other, and those with attributes between."""
    assert turned in {variant for variant, _ in subscripts(text, [])}


def test_indices_of_a_unit_and_of_its_weight_are_exchanged() -> None:
    """With as many units in each layer nothing crashes, and only the layers below are wrong."""
    assert check_program(program_from_bytes(CELLS.encode(), "p.py")).verdict == "correct"
    text = CELLS.replace("net[l + 1][b].w[a]", "net[l + 1][a].w[b]")
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.expected) == ("wrong-index", "net[l + 1][b].w[a]")
    assert finding.mended
