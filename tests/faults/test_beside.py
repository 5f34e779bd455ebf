"""What one update or one sum lacks that those beside it have."""

from __future__ import annotations

import pytest

from backproof.findings import Finding
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

TWO_LAYERS = """
import numpy as np

rng = np.random.default_rng(12)
X, Y = rng.normal(0, 1, (13, 3)), rng.normal(0, 1, (13, 2))
W, b, V, c = rng.normal(0, 0.5, (3, 5)), rng.normal(0, 0.1, 5), rng.normal(0, 0.5, (5, 2)), np.zeros(2)
rate = 0.05
for turn in range(900):
    h = np.tanh(X @ W + b)
    out = h @ V + c
    loss = 0.5 * np.sum((out - Y) ** 2) / len(X)
    d = (out - Y) / len(X)
    dV, dc = h.T @ d, d.sum(axis=0)
    e = d @ V.T * (1 - h ** 2)
    dW, db = X.T @ e, e.sum(axis=0)
    V -= rate * dV
    c -= rate * dc
    W -= rate * dW
    b -= rate * db
"""

LITERAL = TWO_LAYERS.replace("rate * ", "0.05 * ")

OVER_TIME = """
import numpy as np

rng = np.random.default_rng(6)
waves = np.sin(rng.uniform(0, 6, (10, 1)) + 0.4 * np.arange(5))
U, v, bias = rng.normal(0, 0.5, (4, 4)), rng.normal(0, 0.5, 4), 0.1
for turn in range(600):
    for wave in waves:
        states, errors = [np.ones(4)], []
        for x in wave:
            states.append(np.tanh(U @ states[-1]) * x)
            errors.append(v @ states[-1] + bias - x ** 2)
        total = 0.5 * sum(e * e for e in errors)
        dU, dv, dbias, later = np.zeros((4, 4)), np.zeros(4), 0.0, np.zeros(4)
        for t in range(len(wave) - 1, -1, -1):
            dv += errors[t] * states[t + 1]
            dbias += errors[t]
            back = (errors[t] * v + later) * wave[t] * (1 - np.tanh(U @ states[t]) ** 2)
            dU += np.outer(back, states[t])
            later = U.T @ back
        U -= 0.02 * dU
        v -= 0.02 * dv
        bias -= 0.02 * dbias
"""

ENGINE = """
import math
import random


class Number:
    def __init__(self, value, parents=()):
        self.value, self.slope, self.parents = value, 0.0, parents
        self.back = lambda: None

    def __add__(self, other):
        made = Number(self.value + other.value, (self, other))

        def back():
            self.slope += made.slope
            other.slope += made.slope

        made.back = back
        return made

    def __mul__(self, other):
        made = Number(self.value * other.value, (self, other))

        def back():
            self.slope += other.value * made.slope
            other.slope += self.value * made.slope

        made.back = back
        return made

    def tanh(self):
        t = math.tanh(self.value)
        made = Number(t, (self,))

        def back():
            self.slope += (1 - t * t) * made.slope

        made.back = back
        return made


def backward(last):
    order = []

    def visit(number):
        if number not in order:
            for parent in number.parents:
                visit(parent)
            order.append(number)

    visit(last)
    last.slope = 1.0
    for number in reversed(order):
        number.back()


random.seed(11)
a, b, c = Number(0.6), Number(-0.4), Number(0.3)
for turn in range(500):
    x, y = Number(random.uniform(-1, 1)), Number(random.uniform(0, 1))
    miss = (a * x + b * y).tanh() * c + Number(-x.value * y.value)
    loss = miss * miss
    for number in (a, b, c):
        number.slope = 0.0
    backward(loss)
    for number in (a, b, c):
        number.value -= 0.05 * number.slope
"""

SUMMED = """
import numpy as np

rng = np.random.default_rng(5)
X, Y = rng.normal(0, 1, (11, 3)), rng.normal(0, 1, (11, 4))


class Dense:
    def __init__(self, n, m):
        self.W, self.b = rng.normal(0, 0.5, (n, m)), rng.normal(0, 0.1, m)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, g, rate):
        back = g @ self.W.T
        self.W -= rate * self.x.T @ g
        self.b -= rate * g.sum(axis=0)
        return back


first, second = Dense(3, 6), Dense(6, 4)
for turn in range(700):
    h = np.tanh(first.forward(X))
    out = second.forward(h)
    loss = 0.5 * np.mean(np.sum((out - Y) ** 2, axis=1))
    first.backward(second.backward((out - Y) / len(X), 0.1) * (1 - h ** 2), 0.1)
"""


def _errors(text: str, old: str, new: str) -> list[Finding]:
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "correct"
    assert text.count(old) == 1
    report = check_program(program_from_bytes(text.replace(old, new).encode(), "p.py"))
    return [finding for finding in report.findings if finding.severity == "error"]


def _place(text: str, part: str, inner: str) -> tuple[int, int]:
    """The row and column of a part of a line."""
    at = text.index(part) + part.index(inner)
    return text[:at].count("\n") + 1, at - text.rindex("\n", 0, at)


@pytest.mark.parametrize(
    ("text", "old", "new", "name", "inner", "expected"),
    [
        (TWO_LAYERS, "b -= rate * db", "b -= db", "wrong-scale", "db", "rate * db"),
        (LITERAL, "c -= 0.05 * dc", "c -= dc", "wrong-scale", "dc", "0.05 * dc"),
        (LITERAL, "c -= 0.05 * dc", "c -= 3 * 0.05 * dc", "wrong-scale", "3", "0.05 * dc"),
        (OVER_TIME, "dbias += e", "dbias = e", "not-accumulated", "dbias", "dbias += errors[t]"),
        (
            ENGINE,
            "= self.value * made.slope",
            "= other.value * made.slope  # of self",
            "wrong-operand",
            "other",
            "self.value",
        ),
        (
            ENGINE,
            "= (1 - t * t) * made.slope",
            "= (1 - t * t)",
            "missing-factor",
            "1 -",
            "(1 - t * t) * made.slope",
        ),
        (SUMMED, "rate * g.sum(axis=0)", "rate * g", "missing-sum", "rate", "rate * g.sum(axis=0)"),
    ],
)
def test_what_those_beside_it_have(
    text: str, old: str, new: str, name: str, inner: str, expected: str
) -> None:
    """The mistake is the one that is unlike the others, at its own place, and is mended there."""
    errors = _errors(text, old, new)
    assert [error.name for error in errors] == [name]
    assert errors[0].expected == expected
    assert errors[0].span is not None
    assert (errors[0].span.row, errors[0].span.column) == _place(text.replace(old, new), new, inner)
    assert errors[0].fix is not None
    assert errors[0].fix.applicability == "safe"


COLUMNS = """
import numpy as np

rng = np.random.default_rng(9)
inputs, wanted = rng.normal(0, 1, (8, 3, 1)), rng.normal(0, 1, (8, 2, 1))
W, V = rng.normal(0, 0.5, (5, 3)), rng.normal(0, 0.5, (2, 5))
for turn in range(800):
    for x, y in zip(inputs, wanted):
        a = np.tanh(W @ x)
        miss = V @ a - y
        cost = np.sum(miss ** 2)
        pull = 2 * V.T @ miss * (1 - a ** 2)
        V -= 0.05 * (2 * miss @ a.T)
        W -= 0.05 * (pull @ x.T)
"""


def test_factors_of_a_matrix_product_that_changed_places() -> None:
    """They change back; the product of all pairs, which is the same here, is not what was meant."""
    errors = _errors(COLUMNS, "pull @ x.T", "x.T @ pull")
    assert [(error.name, error.expected) for error in errors] == [("wrong-transpose", "pull @ x.T")]


def test_a_number_that_scales_one_gradient() -> None:
    """It is a wrong scale, where a number of the forward pass is the right one."""
    errors = _errors(COLUMNS, "pull = 2 *", "pull = 1.5 *")
    assert [(error.name, error.expected) for error in errors] == [("wrong-scale", "2")]


def test_a_sum_along_another_axis_keeps_what_its_author_kept() -> None:
    """The shape that a parameter has stays: only the axis is another."""
    kept = TWO_LAYERS.replace("sum(axis=0)", "sum(axis=0, keepdims=True)").replace(
        "rng.normal(0, 0.1, 5)", "rng.normal(0, 0.1, (1, 5))"
    )
    kept = kept.replace("np.zeros(2)", "np.zeros((1, 2))")
    errors = _errors(kept, "e.sum(axis=0", "e.sum(axis=None")
    assert [(error.name, error.expected) for error in errors] == [
        ("wrong-axis", "e.sum(axis=0, keepdims=True)")
    ]


WIDTHS = """
import numpy as np

draw = np.random.default_rng(24)
rows, width = 5, 7
x, wanted = draw.normal(size=(rows, width)), draw.normal(size=(rows, width))
U, V, M = (draw.normal(0, 0.4, (width, width)) for _ in range(3))
c, e = draw.normal(0, 0.4, width), draw.normal(0, 0.4, width)


def scores(x):
    a, b = x @ U, x @ V
    return a, b, a @ b.T / np.sqrt(width)


def back(x, a, b, ds):
    ds = ds / np.sqrt(width)
    return x.T @ (ds @ b), x.T @ (ds.T @ a)


for turn in range(1000):
    a, b, s = scores(x)
    values = x @ M + c
    miss = s @ values + e - wanted
    loss = 0.5 * np.sum(miss ** 2)
    du, dv = back(x, a, b, miss @ values.T)
    M -= 0.001 * x.T @ s.T @ miss
    c -= 0.001 * np.sum(s.T @ miss, axis=0)
    e -= 0.001 * np.sum(miss, axis=0)
    U -= 0.001 * du
    V -= 0.001 * dv
"""


def test_a_number_bound_beside_another() -> None:
    """What an unpacking binds can be read in other functions as well, where it scales a value."""
    (finding,) = _errors(WIDTHS, "    ds = ds / np.sqrt(width)\n", "")
    assert finding.name == "wrong-scale"
    assert "/ np.sqrt(width)" in str(finding.expected)
    assert finding.mended
