"""Mistakes where one value has several names: what is handed to a function, items, values of dictionaries."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

SLOPES = """
import numpy as np

rng = np.random.default_rng(3)
X, Y = rng.normal(0, 1, (11, 3)), rng.normal(0, 1, (11, 2))
W, V = rng.normal(0, 0.5, (3, 5)), rng.normal(0, 0.5, (5, 2))


def slope(z):
    return 1 / np.cosh(z) ** 2


for turn in range(500):
    pre = X @ W
    act = np.tanh(pre)
    out = act @ V
    loss = np.mean(np.sum((out - Y) ** 2, axis=1))
    back = 2 * (out - Y) @ V.T / len(X)
    grads = {"W": X.T @ (back * slope(pre)), "V": 2 * act.T @ (out - Y) / len(X)}
    W -= 0.1 * grads["W"]
    V -= 0.1 * grads["V"]
"""

ITEMS = """
import math
import random

random.seed(8)
rows = [([random.gauss(0, 1) for _ in range(3)], [random.gauss(0, 1) for _ in range(2)]) for _ in range(7)]
M = [[random.gauss(0, 0.5) for _ in range(3)] for _ in range(2)]
c = [0.3, -0.2]

for turn in range(300):
    for x, want in rows:
        out = [math.tanh(sum(m * v for m, v in zip(row, x)) + k) for row, k in zip(M, c)]
        loss = sum(0.5 * (o - t) ** 2 for o, t in zip(out, want))
        delta = [(o - t) * (1 - o * o) for o, t in zip(out, want)]
        for i in range(2):
            for j in range(3):
                M[i][j] -= 0.05 * delta[i] * x[j]
            c[i] -= 0.05 * delta[i]
"""

KEPT = """
import numpy as np

rng = np.random.default_rng(4)
X, y = rng.normal(0, 1, (9, 4, 3)), rng.normal(0, 1, 9)
net = {"U": rng.normal(0, 0.5, (5, 3)), "v": rng.normal(0, 0.5, 5)}


def grads(rows, error, states):
    g = {"v": error * states[-1], "U": np.zeros_like(net["U"])}
    back = error * net["v"]
    for t in range(len(rows) - 1, -1, -1):
        back = back * (1 - (states[t + 1] - 0.5 * states[t]) ** 2)
        g["U"] += np.outer(back, rows[t])
        back = 0
    return g


for turn in range(400):
    for rows, target in zip(X[:, -1:], y):
        states = [np.zeros(5)]
        for row in rows:
            states.append(np.tanh(net["U"] @ row) + 0.5 * states[-1])
        error = net["v"] @ states[-1] - target
        loss = 0.5 * error ** 2
        for key, g in grads(rows, error, states).items():
            net[key] = net[key] - 0.03 * g
"""


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        (SLOPES, "slope(pre)", "slope(back)", "pre"),
        (ITEMS, "(o - t) * (1", "(t - t) * (1", "o"),
        (KEPT, '"v": error * states[-1]', '"v": states[-1]', "states[-1] * error"),
    ],
)
def test_a_second_name_is_no_other_value(text: str, old: str, new: str, expected: str) -> None:
    """A value is wrong where it is read by one name, and right where it is read by another."""
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "correct"
    assert text.count(old) == 1
    report = check_program(program_from_bytes(text.replace(old, new).encode(), "p.py"))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert [error.expected for error in errors] == [expected]
    assert errors[0].fix is not None
    assert errors[0].fix.applicability == "safe"
    row = text[: text.index(old)].count("\n") + 1
    assert errors[0].span is not None
    assert errors[0].span.row == row


PAIRED = """
import numpy as np

rng = np.random.default_rng(9)
guests, songs = rng.normal(0, 0.6, (6, 3)), rng.normal(0, 0.6, (8, 3))
lean = rng.normal(0, 0.2, 8)
for turn in range(4000):
    g, (a, z) = turn % 6, rng.choice(8, 2, replace=False)
    guest = guests[g]
    gap = guest @ (songs[a] - songs[z]) + lean[a] - lean[z]
    loss = np.log1p(np.exp(-gap))
    s = 1 / (1 + np.exp(gap))
    guests[g] += 0.1 * s * (songs[a] - songs[z])
    songs[a] += 0.1 * s * guest
    songs[z] -= 0.1 * s * guest
    lean[a] += 0.1 * s
    lean[z] -= 0.1 * s
"""


@pytest.mark.parametrize("also", [None, ("songs[z] -= 0.1 * s * guest", "songs[z] += 0.1 * s * guest")])
def test_a_row_with_a_name_is_copied_where_it_is_given(also: tuple[str, str] | None) -> None:
    """It is read by that name in two statements, after it has been updated: that is one mistake."""
    text = PAIRED.replace(*also) if also else PAIRED
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    errors = [f for f in report.findings if f.severity == "error"]
    assert [(f.name, f.span.row) for f in errors] == [
        ("updated-weights", 9),
        *([("sign-flipped", 15)] if also else []),
    ]
    assert errors[0].expected == "guests[g].copy()"
    assert all(f.mended for f in errors)
    right = check_program(
        program_from_bytes(PAIRED.replace("guests[g]\n", "guests[g].copy()\n").encode(), "program.py")
    )
    assert right.verdict == "correct"


FACTORS = """
import numpy as np

rng = np.random.default_rng(17)


class Shelf:
    def __init__(self, readers, books, width, rate=0.03, pull=0.2):
        self.A = rng.normal(0, 0.7, (readers, width))
        self.B = rng.normal(0, 0.7, (books, width))
        self.bias = rng.normal(0, 0.4, readers)
        self.rate, self.pull = rate, pull

    def loss(self, r, b, stars):
        error = self.A[r] @ self.B[b] + self.bias[r] - stars
        size = self.A[r] @ self.A[r] + self.B[b] @ self.B[b] + self.bias[r] ** 2
        return 0.5 * error**2 + 0.5 * self.pull * size, error

    def learn(self, r, b, stars):
        loss, error = self.loss(r, b, stars)
        self.bias[r] -= self.rate * (error + self.pull * self.bias[r])
        one, other = self.A[r].copy(), self.B[b]
        self.A[r] -= self.rate * (error * other + self.pull * one)
        self.B[b] -= self.rate * (error * one + self.pull * other)
        return loss


shelf = Shelf(7, 5, 3)
stars = rng.normal(2, 1, (7, 5))
for turn in range(900):
    for r in range(7):
        shelf.learn(r, turn % 5, stars[r, turn % 5])
"""
TOGETHER = "one, other = self.A[r].copy(), self.B[b]"
BY_ITSELF = "one = self.A[r].copy()\n        other = self.B[b]"


@pytest.mark.parametrize("taken", [TOGETHER, BY_ITSELF])
@pytest.mark.parametrize("also", [False, True])
def test_rows_that_each_other_update_reads(taken: str, also: bool) -> None:
    """No order of the two updates is right while both names are views: one is copied where it is taken."""
    text = FACTORS.replace(TOGETHER, taken)
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "correct"
    if also:
        text = text.replace("(error + self.pull * self.bias", "(error - self.pull * self.bias")
    report = check_program(program_from_bytes(text.replace(".copy()", "").encode(), "p.py"))
    errors = [f for f in report.findings if f.severity == "error"]
    assert [f.name for f in errors] == [*(["sign-flipped"] if also else []), "updated-weights"]
    assert errors[-1].expected == "self.A[r].copy()"
    assert all(f.mended for f in errors)


def test_an_array_whose_other_name_was_written_through_is_copied_where_that_was_given():
    """Both reads of the output see the error; a copy for the error is the mend, and no formula of its own."""
    text = """
import numpy as np

rng = np.random.default_rng(6)
X, Y = rng.normal(0, 1, (13, 4)), rng.uniform(0.1, 0.9, (13, 3))
W, b = rng.normal(0, 0.5, (4, 3)), rng.normal(0, 0.1, 3)
for turn in range(400):
    out = 1 / (1 + np.exp(-(X @ W + b)))
    miss = out
    miss -= Y
    loss = 0.5 * np.sum(miss**2) / 13
    back = miss * out * (1 - out) / 13
    W -= 0.1 * X.T @ back
    b -= 0.1 * back.sum(axis=0)
"""
    report = check_program(program_from_bytes(text.encode(), "net.py"))
    (found,) = report.findings
    assert (found.name, found.span.row, found.expected, found.mended) == (
        "overwritten",
        9,
        "out.copy()",
        True,
    )


def test_what_is_assigned_in_every_round_and_written_to_before_is_added_up():
    """The error is read under its own name behind the line at fault, and is not that name's."""
    text = """
import numpy as np

rng = np.random.default_rng(6)
X, Y = rng.normal(0, 1, (5, 4)), rng.integers(0, 3, 5)
W, b = rng.normal(0, 0.5, (4, 3)), rng.normal(0, 0.1, 3)
for turn in range(400):
    gW, gb, loss = np.zeros_like(W), np.zeros_like(b), 0.0
    for x, y in zip(X, Y):
        e = np.exp(x @ W + b)
        p = e / e.sum()
        loss += -np.log(p[y])
        d = np.copy(p)
        d[y] -= 1
        gb = d
        gW += np.outer(x, d)
    W -= 0.1 * gW
    b -= 0.1 * gb
"""
    report = check_program(program_from_bytes(text.encode(), "net.py"))
    (found,) = report.findings
    assert (found.name, found.span.row, found.expected, found.mended) == (
        "not-accumulated",
        15,
        "gb += d",
        True,
    )


def test_a_function_that_writes_into_its_argument_gets_a_copy():
    """The caller keeps the array by another name, and needs it as it was."""
    text = '''
import numpy as np

rng = np.random.default_rng(6)
X, Y = rng.normal(0, 1, (13, 4)), rng.normal(0, 1, (13, 3))
W, V = rng.normal(0, 0.5, (4, 5)), rng.normal(0, 0.5, (5, 3))


def bent(z):
    """Slow on one side."""
    z[z < 0] = np.expm1(z[z < 0])
    return z


for turn in range(400):
    z = X @ W
    kept = [z]
    h = bent(z)
    e = h @ V - Y
    loss = 0.5 * np.mean(e**2)
    e = e / e.size
    W -= 0.1 * X.T @ (e @ V.T * np.where(kept[0] < 0, np.exp(kept[0]), 1.0))
    V -= 0.1 * h.T @ e
'''
    report = check_program(program_from_bytes(text.encode(), "net.py"))
    (found,) = (each for each in report.findings if each.severity == "error")
    assert (found.name, found.mended, found.fix.edits[0].content) == (
        "overwritten",
        True,
        "    z = z.copy()\n",
    )
    assert found.fix.edits[0].span.row == 11


def test_data_that_a_function_is_handed_are_turned_in_it() -> None:
    """The batch has as many rows as columns: the function is mended, rather than its call."""
    text = """
import numpy as np

rng = np.random.default_rng(6)
X, Y = rng.normal(size=(20, 5)), rng.normal(size=(20, 2))
W, b = 0.5 * rng.normal(size=(5, 2)), 0.1 * rng.normal(size=2)

def gradients(rows, pull):
    return np.dot(rows.T, pull), pull.sum(axis=0)

for turn in range(1000):
    rows, wanted = X[turn % 4 * 5 : turn % 4 * 5 + 5], Y[turn % 4 * 5 : turn % 4 * 5 + 5]
    miss = rows @ W + b - wanted
    loss = 0.5 * np.sum(miss ** 2)
    dW, db = gradients(rows, miss)
    W -= 0.01 * dW
    b -= 0.01 * db
"""
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "correct"
    wrong = text.replace("np.dot(rows.T, pull)", "np.dot(rows, pull)")
    (found,) = check_program(program_from_bytes(wrong.encode(), "p.py")).findings
    assert (found.name, found.span.row, found.expected) == ("wrong-transpose", 9, "rows.T")
    assert found.mended


def test_a_part_of_a_part_is_no_copy() -> None:
    """``A[r, :][:]`` looks like the copy of a list and is a view of the array."""
    update = "self.A[r] -= self.rate * (error * other + self.pull * one)"
    by_row = "self.A[r] -= self.rate * (error * self.B[b] + self.pull * self.A[r])"
    text = FACTORS.replace(TOGETHER, BY_ITSELF).replace(update, by_row).replace("[r].copy()", "[r, :][:]")
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    (error,) = (f for f in report.findings if f.severity == "error")
    assert (error.name, error.expected, error.mended) == ("updated-weights", "self.A[r, :][:].copy()", True)
