"""Several gradients made of one array by mistake: each is mended where it is made."""

from __future__ import annotations

import importlib

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import Program

GATES = """\
import numpy as np

rng = np.random.default_rng(3)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Gated:
    def __init__(self, wide, units):
        self.A, self.a = rng.normal(size=(units, wide)), 0.1 * rng.normal(size=units)
        self.B, self.b = rng.normal(size=(units, wide)), 0.1 * rng.normal(size=units)
        self.C, self.c = rng.normal(size=(units, wide)), 0.1 * rng.normal(size=units)

    def forward(self, rows):
        self.rows, self.outs = rows, []
        for x in rows:
            g, v, o = sigmoid(self.A @ x + self.a), np.tanh(self.B @ x + self.b), sigmoid(self.C @ x + self.c)
            self.outs.append((g, v, o))
        return sum(g * v * o for g, v, o in self.outs)

    def deltas(self, d):
        self.dg = [d * v * o * g * (1 - g) for g, v, o in self.outs]
        self.dv = [d * g * o * (1 - v * v) for g, v, o in self.outs]
        self.do = [d * g * v * o * (1 - o) for g, v, o in self.outs]

    def of_row(self, k):
        x = self.rows[k]
        a_grad = self.dg[k]
        b_grad = self.dg[k]
        c_grad = self.dg[k]
        return [np.outer(d[k], x) for d in (self.dg, self.dv, self.do)] + [a_grad, b_grad, c_grad]

    def step(self, d):
        self.deltas(d)
        grads = [sum(parts) for parts in zip(*[self.of_row(k) for k in range(len(self.rows))])]
        for p, g in zip([self.A, self.B, self.C, self.a, self.b, self.c], grads):
            p -= 0.05 * g


net = Gated(3, 4)
data = rng.normal(size=(6, 2, 3))
goals = rng.uniform(-0.5, 0.5, (6, 4))
for epoch in range(30):
    loss = 0
    for rows, goal in zip(data, goals):
        out = net.forward(rows)
        loss += 0.5 * np.sum((out - goal) ** 2)
        net.step(out - goal)
"""


def checked() -> FileReport:
    """The report of the program."""
    return check_program(Program("gates.py", GATES))


def test_each_name_of_one_array_is_a_place_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through joined and turned lists; what is computed on the way to right gradients is not tried."""
    search = importlib.import_module("backproof.mend.search")
    monkeypatch.setattr(search, "LONG", 0)
    monkeypatch.delattr(search._Search, "outwards")
    found = {(f.span.row, f.span.column, f.name, f.expected, f.mended) for f in checked().findings}
    assert found == {
        (31, 18, "wrong-operand", "self.dv[k]", True),
        (32, 18, "wrong-operand", "self.do[k]", True),
    }
