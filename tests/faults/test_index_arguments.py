"""Indices that are arguments of functions: of what is deleted, taken, inserted, or rolled."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

LAST_IS_BIAS = """
import numpy as np

rng = np.random.default_rng(3)
X, Y = rng.normal(0, 1, (13, 4)), rng.normal(0, 1, (13, 2))
W, V = rng.normal(0, 0.5, (5, 3)), rng.normal(0, 0.5, (4, 2))
ones = np.ones((13, 1))
for turn in range(500):
    h = np.tanh(np.hstack([X, ones]) @ W)
    out = np.hstack([h, ones]) @ V
    loss = 0.5 * np.mean(np.sum((out - Y) ** 2, axis=1))
    d = (out - Y) / 13
    back = d @ np.delete(V, -1, axis=0).T * (1 - h * h)
    V -= 0.1 * np.hstack([h, ones]).T @ d
    W -= 0.1 * np.hstack([X, ones]).T @ back
"""

TURNED = """
import numpy as np

rng = np.random.default_rng(5)
X, Y = rng.normal(0, 1, (7, 5)), rng.normal(0, 1, (7, 5))
k, c = rng.normal(0, 0.5, 5), rng.normal(0, 0.5, 5)
for turn in range(500):
    s = np.tanh(X * k)
    out = np.roll(s, 2, axis=1) + c
    loss = 0.5 * np.sum((out - Y) ** 2)
    d = out - Y
    dk = np.sum(np.roll(d, -2, axis=1) * (1 - s * s) * X, axis=0)
    k -= 0.01 * dk
    c -= 0.01 * d.sum(axis=0)
"""

TAKEN = """
import numpy as np

rng = np.random.default_rng(8)
X, Y = rng.normal(0, 1, (6, 4)), rng.normal(0, 1, 6)
w, b = rng.normal(0, 0.5, 4), 0.3
for turn in range(500):
    for n in range(6):
        first = np.take(X[n], 0) * w[0] + X[n].take(2) * w[2]
        error = first + b - Y[n]
        loss = 0.5 * error ** 2
        g = np.insert(np.zeros(3), 0, error * np.take(X[n], 0))
        g[2] = error * X[n].take(2)
        w -= 0.05 * g
        b -= 0.05 * error
"""


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        (LAST_IS_BIAS, "np.delete(V, -1, axis=0)", "np.delete(V, 0, axis=0)"),
        (TURNED, "np.roll(d, -2, axis=1)", "np.roll(d, -1, axis=1)"),
        (TAKEN, "np.take(X[n], 0)", "np.take(X[n], 1)"),
        (TAKEN, "X[n].take(2)", "X[n].take(3)"),
        (
            TAKEN,
            "np.insert(np.zeros(3), 0, error * np.take(X[n], 0))",
            "np.insert(np.zeros(3), 1, error * np.take(X[n], 0))",
        ),
    ],
)
def test_the_index_is_an_argument(text: str, right: str, wrong: str) -> None:
    """The call is named and mended as a subscript would be."""
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "correct"
    before, _, behind = text.rpartition(right)
    report = check_program(program_from_bytes(f"{before}{wrong}{behind}".encode(), "p.py"))
    (finding,) = (each for each in report.findings if each.severity == "error")
    assert (finding.name, finding.found, finding.expected, finding.mended) == (
        "wrong-index",
        wrong,
        right,
        True,
    )


UNITS = """
import numpy as np

rng = np.random.default_rng(47)
X, T = rng.normal(size=(12, 3)), rng.random((12, 2))


class Net:
    def __init__(self, hidden):
        self.hidden = hidden
        self.W, self.V = 0.5 * rng.normal(size=(hidden, 4)), 0.5 * rng.normal(size=(2, hidden + 1))

    def learn(self, x, t):
        h = np.tanh(self.W @ np.append(x, 1.0))
        d = self.V @ np.append(h, 1.0) - t
        self.loss = 0.5 * np.sum(d ** 2)
        back = np.dot(np.delete(self.V, self.hidden, 1).T, d) * (1 - h ** 2)
        self.V -= 0.05 * np.outer(d, np.append(h, 1.0))
        self.W -= 0.05 * np.outer(back, np.append(x, 1.0))


net = Net(7)
for turn in range(200):
    for x, t in zip(X, T):
        net.learn(x, t)
"""


def test_the_number_of_units_of_another_net_behind_an_update() -> None:
    """A number where the name of the units belongs, alone and where the matrix is updated before."""
    assert check_program(program_from_bytes(UNITS.encode(), "p.py")).verdict == "correct"
    wrong = UNITS.replace("self.V, self.hidden, 1", "self.V, 3, 1")
    lines = wrong.split("\n")
    row = next(k for k, line in enumerate(lines) if "back = " in line)
    lines[row], lines[row + 1] = lines[row + 1], lines[row]
    delete = ("wrong-index", "np.delete(self.V, self.hidden, 1)")
    late = ("updated-weights", "self.V before its update")
    for text, wanted in ((wrong, [delete]), ("\n".join(lines), [delete, late])):
        report = check_program(program_from_bytes(text.encode(), "p.py"))
        assert [(f.name, f.expected) for f in report.findings] == wanted
        assert all(f.mended for f in report.findings)
