"""Right programs of kinds that were once called wrong."""

from __future__ import annotations

from backproof.check.judge import judge
from backproof.diagnosis.reasons import of_one_step
from backproof.pipeline import check_program
from backproof.source import program_from_bytes
from backproof.trace import trace_program

TOTAL = """
import numpy as np

rng = np.random.default_rng(4)
X, T = rng.normal(size=(5, 3)), np.array([0, 1, 1, 0, 0])
w = rng.normal(size=3)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def cross_entropy(wanted, found):
    E = 0
    for k in range(len(wanted)):
        if wanted[k] == 1:
            E -= np.log(found[k])
        else:
            E -= np.log(1 - found[k])
    return E


Y = sigmoid(X @ w)
errors = []
for epoch in range(400):
    errors.append(cross_entropy(T, Y))
    w += 0.05 * X.T @ (T - Y)
    Y = sigmoid(X @ w)
"""
UNIT = """
class Unit:
    def __init__(self, size, step):
        self.step = step
        self.weights, self.bias = [0.0] * size, 0.0

    def fires(self, row):
        return self.step(sum(list(map(lambda p: p[0] * p[1], zip(row, self.weights)))) + self.bias)

    def learn(self, row, want, rate):
        miss = want - self.fires(row)
        self.weights = list(map(lambda p: rate * miss * p[0] + p[1], zip(row, self.weights)))
        self.bias += rate * miss


unit = Unit(2, lambda x: 1 if x > 0 else 0)
for epoch in range(40):
    for row, want in list(zip([[1, 1], [0, 0], [1, 0], [0, 1]], [1, 0, 0, 0])):
        unit.learn(row, want, 0.1)
"""
LISTS = """
import random
from math import sin, tanh


def products(rows, xs):
    return [sum(w * x for w, x in zip(row, xs)) for row in rows]


def train(rng):
    first, second = ([[rng.gauss(0, 0.3) for _ in range(3)] for _ in range(n)] for n in (3, 1))
    bias = [0.0] * 3
    for step in range(2000):
        xs = [rng.gauss(0, 1) for _ in range(3)]
        hidden = [tanh(z + b) for z, b in zip(products(first, xs), bias)]
        d = 2 * (products(second, hidden)[0] - sin(xs[0]))
        back = [d * second[0][i] * (1 - hidden[i] ** 2) for i in range(3)]
        for i in range(3):
            second[0][i] -= 0.01 * d * hidden[i]
            bias[i] -= 0.01 * back[i]
            for j in range(3):
                first[i][j] -= 0.01 * back[i] * xs[j]


train(random.Random(3))
"""
FAR = """
import numpy as np

rng = np.random.default_rng(2)
rows, wanted = np.array([[-2, -1], [25, 6], [17, 4], [-15, -6]]), np.array([1, 0, 0, 1])
a, b, c, d, e, f, g, h, k = rng.normal(size=9)


def squash(z):
    return 1 / (1 + np.exp(-z))


def slope(z):
    s = squash(z)
    return s * (1 - s)


for epoch in range(900):
    for (x, y), want in zip(rows, wanted):
        left, right = a * x + b * y + c, d * x + e * y + f
        above = g * squash(left) + h * squash(right) + k
        miss = 2 * (squash(above) - want) * slope(above)
        to_left, to_right = miss * g * slope(left), miss * h * slope(right)
        g -= 0.1 * miss * squash(left)
        h -= 0.1 * miss * squash(right)
        k -= 0.1 * miss
        a, b, c = a - 0.1 * to_left * x, b - 0.1 * to_left * y, c - 0.1 * to_left
        d, e, f = d - 0.1 * to_right * x, e - 0.1 * to_right * y, f - 0.1 * to_right
"""


def _verdict(text: str) -> str:
    return check_program(program_from_bytes(text.encode(), "program.py"), timeout=8.0).verdict


def test_a_total_that_a_call_adds_up_between_two_updates() -> None:
    """A loss that is summed in a call from outputs of the round before is all of it the loss."""
    assert _verdict(TOTAL) == "correct"
    assert _verdict(TOTAL.replace("(T - Y)", "(Y - T)")) == "faulty"


def test_several_decisions_of_a_perceptron() -> None:
    """Samples that each decide by what the one before has updated are no step under one sum of hinges."""
    assert _verdict(UNIT) == "inconclusive"


def test_a_first_step_alone() -> None:
    """What is not known yet in a first step of numbers in lists keeps that step from being judged."""
    program = program_from_bytes(LISTS.encode(), "program.py")
    reasons = []
    for nodes in (120, 400):
        judgement = judge(trace_program(program, steps=4, seconds=8.0, nodes=nodes))
        assert judgement is not None
        reasons.append(of_one_step(judgement) is not None)
    assert reasons == [True, False]
    assert _verdict(LISTS) == "correct"


def test_a_slope_of_which_no_digits_are_left() -> None:
    """A unit so far out that one less its value is rounding is called no fault, whatever the first values."""
    for seed in (2, 3):
        assert _verdict(FAR.replace("rng(2)", f"rng({seed})")) == "inconclusive"
