"""Subscripts of what a statement writes to: of views, and where the value is assigned."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

BEES = """
import numpy as np

rng = np.random.default_rng(18)
flowers, honey = rng.normal(size=(9, 3)), rng.normal(size=9)
theta = 0.5 * rng.normal(size=(5, 4))
inner, outer = theta[:4], theta[4]
shift = 0.1 * rng.normal(size=4)
for turn in range(9000):
    x, goal = flowers[turn % 9], honey[turn % 9]
    a = np.tanh(inner[:, 0] + inner[:, 1:] @ x)
    out = np.dot(outer, a) + np.dot(shift, x[[0, 1, 2, 0]])
    loss = 0.5 * (out - goal) ** 2
    e = out - goal
    d = e * outer * (1 - a ** 2)
    outer -= 0.05 * e * a
    inner[:, 0] -= 0.05 * d
    inner[:, 1:] -= 0.05 * np.outer(d, x)
    for k in range(4):
        shift[k] = shift[k] - 0.05 * e * x[[0, 1, 2, 0]][k]
"""


@pytest.mark.parametrize(
    ("right", "wrong", "after", "row"),
    [
        ("inner[:, 0]", "inner[:, -1]", " -=", 17),  # a view, of which the whole is the parameter
        ("shift[k]", "shift[k - 1]", " = shift", 20),
    ],
)
def test_what_is_written_to_at_the_wrong_place(right: str, wrong: str, after: str, row: int) -> None:
    """The subscript of the target is the mistake, and nothing else is changed."""
    text = BEES.replace(f"{right}{after}", f"{wrong}{after}")
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.span.row, finding.expected) == ("wrong-index", row, right)
    assert finding.mended


PENGUINS = """
import numpy as np

rng = np.random.default_rng(29)
sea = rng.normal(size=(23, 3))
eggs = rng.poisson(1.5, size=23)
theta = 0.2 * rng.normal(size=3)


def rate_of(theta):
    return np.exp(sea @ theta)


def gradient(theta):
    return sea.T @ (rate_of(theta)) / 23


for turn in range(4000):
    rate = rate_of(theta)
    loss = np.mean(rate - eggs * np.log(rate))
    theta -= 0.1 * gradient(theta)
"""


@pytest.mark.parametrize(
    ("call", "row", "expected"),
    [
        ("    return sea.T @ (rate_of(theta)) / 23", 15, "rate_of(theta) - eggs"),
        ("    rate = rate_of(theta)\n    return sea.T @ (rate) / 23", 16, "rate - eggs"),
        ("    error = rate_of(theta)\n    return sea.T @ (error) / 23", 15, "rate_of(theta) - eggs"),
    ],
)
def test_targets_are_taken_off_what_is_computed_again(call: str, row: int, expected: str) -> None:
    """The backward pass computes the output again; where that is called as the output is, it is no error."""
    text = PENGUINS.replace("    return sea.T @ (rate_of(theta)) / 23", call)
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.span.row, finding.expected) == ("missing-term", row, expected)
    assert finding.mended
