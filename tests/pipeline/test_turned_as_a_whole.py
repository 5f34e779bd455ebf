"""A backward pass that is turned as a whole, of a loss that the program does not call so."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

SUMMED = """
import numpy as np

rng = np.random.default_rng(11)


class Array:
    def __init__(self, value, before=()):
        self.value = np.asarray(value, dtype=float)
        self.slope = np.zeros_like(self.value)
        self.before, self.hand_back = before, lambda: None

    def times(self, other):
        out = Array(self.value * other.value, (self, other))

        def hand_back():
            self.slope = self.slope + out.slope * other.value
            other.slope = other.slope + (out.slope * self.value).reshape(-1, *other.value.shape).sum(axis=0)
        out.hand_back = hand_back
        return out

    def after(self, other):
        out = Array(self.value @ other.value, (self, other))

        def hand_back():
            self.slope = self.slope + out.slope @ other.value.T
            other.slope = other.slope + self.value.T @ out.slope
        out.hand_back = hand_back
        return out

    def bent(self):
        out = Array(np.tanh(self.value), (self,))

        def hand_back():
            self.slope = self.slope + out.slope * (1 - out.value ** 2)
        out.hand_back = hand_back
        return out

    def over_rows(self):
        out = Array(self.value.sum(axis=1), (self,))

        def hand_back():
            self.slope = self.slope + out.slope[:, None] * np.ones_like(self.value)
        out.hand_back = hand_back
        return out

    def squares(self):
        out = Array(np.sum(self.value ** 2), (self,))

        def hand_back():
            self.slope = self.slope + 2 * out.slope * self.value
        out.hand_back = hand_back
        return out

    def moved(self, by):
        out = Array(self.value + by, (self,))

        def hand_back():
            self.slope = self.slope + out.slope
        out.hand_back = hand_back
        return out

    def run_back(self):
        found, seen = [], set()

        def visit(one):
            if id(one) not in seen:
                seen.add(id(one))
                for each in one.before:
                    visit(each)
                found.append(one)
        visit(self)
        self.slope = np.ones_like(self.value)
        for one in reversed(found):
            one.hand_back()


points, heights = rng.normal(0, 1, (5, 3)), rng.normal(0, 1, 5)
W, v = Array(rng.normal(0, 0.6, (3, 5))), Array(rng.normal(0, 0.6, 5))
for turn in range(800):
    for p in (W, v):
        p.slope = np.zeros_like(p.value)
    guess = Array(points).after(W).bent().times(v).over_rows()
    badness = guess.moved(-heights).squares()
    badness.run_back()
    for p in (W, v):
        p.value = p.value - 0.02 * p.slope
"""


def test_a_sum_whose_gradient_is_spread_along_the_other_axis():
    """No gradient is right as it stands; one transpose makes all right, which fits no loss by chance."""
    assert check_program(program_from_bytes(SUMMED.encode(), "p.py")).verdict == "correct"
    text = SUMMED.replace("out.slope[:, None] * np.ones", "out.slope * np.ones")
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    (finding,) = (each for each in report.findings if each.severity == "error")
    assert (finding.name, finding.found, finding.mended) == (
        "wrong-transpose",
        "out.slope * np.ones_like(self.value)",
        True,
    )
