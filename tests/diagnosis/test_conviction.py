"""When a program is called faulty of which no gradient is right."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

UNNAMED = """
import numpy as np

rng = np.random.default_rng(5)
reed, pond = rng.normal(size=(16, 3)), rng.normal(size=(16, 2))
U, V = 0.5 * rng.normal(size=(3, 4)), 0.5 * rng.normal(size=(4, 2))
for turn in range(10**6):
    h = 1 / (1 + np.exp(-reed @ U))
    gap = h @ V - pond
    q = np.sum(gap ** 4)
    g = 4 * gap ** 3
    dV = h.T @ g
    dU = reed.T @ (g @ V.T * h * (1 - h))
    U = U - 0.001 * dU
    V = V - 0.001 * dV
    if turn % 100 == 0:
        print(turn, q)
"""
SLOPE = ("h * (1 - h)", "(1 - h ** 2)")
CLIMBS = ("U - 0.001", "U + 0.001"), ("V - 0.001", "V + 0.001")
POWER = ("4 * gap ** 3", "4 * gap ** 2")


def _checked(*mistakes: tuple[str, str]) -> FileReport:
    text = UNNAMED
    for right, wrong in mistakes:
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    return check_program(program_from_bytes(text.encode(), "pond.py"))


def test_a_sign_and_a_slope() -> None:
    """With the signs turned, which keeps every factor, a gradient is that of what is printed."""
    report = _checked(SLOPE, *CLIMBS)
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert report.verdict == "faulty"
    assert {finding.name for finding in errors} == {"sign-flipped", "wrong-activation-derivative"}
    assert all(finding.fix is not None and finding.fix.applicability == "safe" for finding in errors)


def test_two_factors() -> None:
    """Corrections of factors would make these the gradients of some other value as well: nothing is said."""
    assert _checked(SLOPE, POWER).verdict == "inconclusive"


def test_right() -> None:
    """It is right as it is."""
    assert _checked().verdict == "correct"


ENGINE = """
import math
import random

class Number:
    def __init__(self, value, parents=()):
        self.value, self.slope, self.parents = value, 0.0, parents
        self.back = lambda: None

    def plus(self, other):
        made = Number(self.value + other.value, (self, other))
        def back():
            self.slope += made.slope
            other.slope += made.slope
        made.back = back
        return made

    def times(self, other):
        made = Number(self.value * other.value, (self, other))
        def back():
            self.slope += other.value * made.slope
            other.slope += self.value * made.slope
        made.back = back
        return made

    def descend(self):
        order = []
        def visit(number):
            if number not in order:
                for parent in number.parents:
                    visit(parent)
                order.append(number)
        visit(self)
        for number in order:
            number.slope = 0.0
        self.slope = 1.0
        for number in reversed(order):
            number.back()

random.seed(4)
a, b, c = (Number(random.uniform(-1, 1)) for _ in range(3))
for turn in range(500):
    x, y = random.uniform(-1, 1), random.uniform(-1, 1)
    h = a.times(Number(x)).plus(b)
    gap = c.times(h).times(h).plus(Number(-y))
    q = gap.times(gap)
    q.descend()
    for p in (a, b, c):
        p.value -= 0.02 * p.slope
    if turn % 100 == 0:
        print(q.value)
"""


@pytest.mark.parametrize(
    ("right", "wrong", "name"),
    [
        ("other.value * made.slope", "made.slope", "missing-factor"),
        ("other.value * made.slope", "2 * other.value * made.slope", "wrong-scale"),
        ("self.value * made.slope", "self.value * self.value", "wrong-operand"),
    ],
)
def test_a_rule_that_is_applied_to_its_own_result(right: str, wrong: str, name: str) -> None:
    """One correction of it makes all gradients those of what is printed, as of no other loss it would."""
    text = ENGINE.replace(right, wrong, 1)
    report = check_program(program_from_bytes(text.encode(), "engine.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert finding.span is not None
    assert wrong in text.splitlines()[finding.span.row - 1]
    assert finding.name in (name, "extra-factor")
    assert finding.mended


def test_a_difference_that_is_added_up_over_samples() -> None:
    """It fits another loss with one factor more at every sample: what is only printed is not descended."""
    text = """
import numpy as np

rng = np.random.default_rng(6)
X, y = rng.normal(size=(9, 3)), (rng.normal(size=9) > 0).astype(float)
w, b = rng.normal(size=3), 0.1
for turn in range(300):
    dw, db, q = np.zeros(3), 0.0, 0.0
    for x, t in zip(X, y):
        p = 1 / (1 + np.exp(-(w @ x + b)))
        q += (p - t) ** 2
        d = p - t
        dw += d * x
        db += d
    w = w - 0.1 * dw
    b = b - 0.1 * db
    print(q)
"""
    assert check_program(program_from_bytes(text.encode(), "sum.py")).verdict != "faulty"


WITHOUT_LOSS = """
import numpy as np

rng = np.random.default_rng(8)
rows, marks = rng.normal(size=(7, 3)), rng.uniform(0.2, 0.8, size=(7, 2))


def squash(z):
    return 1 / (1 + np.exp(-z))


def slope(a):
    return {slope}


first, second = rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
for turn in range(5000):
    mid = squash(rows @ first)
    top = squash(mid @ second)
    off = {off}
    top_delta = off * slope(top)
    mid_delta = top_delta @ second.T * slope(mid)
    second += mid.T @ top_delta
    first += rows.T @ mid_delta
"""


@pytest.mark.parametrize("slope", ["1 * (1 - a)", "a", "a * (2 - a)"])
def test_a_slope_that_is_used_in_every_layer(slope: str) -> None:
    """Nothing says the loss and no gradient is right: of the hidden layer it is none, whatever the loss."""
    text = WITHOUT_LOSS.format(slope=slope, off="marks - top")
    report = check_program(program_from_bytes(text.encode(), "marks.py"))
    (found,) = [finding for finding in report.findings if finding.severity == "error"]
    assert found.span is not None
    assert "return" in text.splitlines()[found.span.row - 1]
    assert found.mended


def test_the_slope_of_another_loss() -> None:
    """The hidden layer is right with it: it is the loss that is not known."""
    text = WITHOUT_LOSS.format(slope="a * (1 - a)", off="np.arctan(marks - top) * top")
    report = check_program(program_from_bytes(text.encode(), "marks.py"))
    assert report.verdict != "faulty"
