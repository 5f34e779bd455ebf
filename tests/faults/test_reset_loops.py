"""Loops that reset the gradients of some objects, and not of all that are added to."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

STANDING = """
import math
import random

random.seed(7)


class Cell:
    def __init__(self, value=0.0):
        self.value, self.slope, self.go, self.back = value, 0.0, None, None


def times(a, b):
    out = Cell()

    def go():
        out.value = a.value * b.value

    def back():
        a.slope += b.value * out.slope
        b.slope += a.value * out.slope
    out.go, out.back = go, back
    return out


def bent(a):
    out = Cell()

    def go():
        out.value = math.tanh(a.value)

    def back():
        a.slope += (1 - out.value ** 2) * out.slope
    out.go, out.back = go, back
    return out


x, v, w = Cell(), Cell(0.7), Cell(-0.4)
inner = times(v, x)
h = bent(inner)
out = times(w, h)
wanted = [v, w]
cells = [x, v, w, inner, h, out]
samples = [(0.8, 0.3), (-1.3, 0.2), (0.4, -0.6)]

for turn in range(300):
    for point, goal in samples:
        x.value = point
        for cell in cells:
            if cell.go:
                cell.go()
        error = out.value - goal
        loss = 0.5 * error ** 2
        for one in cells:
            one.slope = 0.0
        out.slope = error
        for cell in reversed(cells):
            if cell.back:
                cell.back()
        for one in wanted:
            one.value -= 0.1 * one.slope
"""


def test_a_loop_that_resets_too_few():
    """It is to go through what the backward pass goes through, and each buffer is called once."""
    right = check_program(program_from_bytes(STANDING.encode(), "p.py"))
    assert not [each for each in right.findings if each.severity == "error"]
    text = STANDING.replace("for one in cells", "for one in wanted")
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    (finding,) = (each for each in report.findings if each.severity == "error")
    assert (finding.name, finding.found, finding.expected) == ("not-reset", "wanted", "cells")
    assert finding.mended
    assert finding.message.count("slope") <= 2
