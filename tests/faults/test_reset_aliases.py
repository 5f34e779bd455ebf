"""Buffers of gradients that every step begins by another name of what it has added to before."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

LISTS = """
import numpy as np

rng = np.random.default_rng(5)
X, Y = rng.normal(size=(12, 4)), rng.normal(size=(12, 2))
weights = [rng.normal(size=(5, 4)), rng.normal(size=(2, 5))]
biases = [0.1 * rng.normal(size=5), 0.1 * rng.normal(size=2)]
empty_w, empty_b = [np.zeros((5, 4)), np.zeros((2, 5))], [np.zeros(5), np.zeros(2)]

def add(x, y, sum_w, sum_b):
    h = np.tanh(weights[0] @ x + biases[0])
    delta = weights[1] @ h + biases[1] - y
    sum_w[1] += np.outer(delta, h)
    sum_b[1] += delta
    delta = weights[1].T @ delta * (1 - h**2)
    sum_w[0] += np.outer(delta, x)
    sum_b[0] += delta

for epoch in range(40):
    for start in range(0, 12, 4):
        sum_w = [np.zeros_like(each) for each in empty_w]
        sum_b = [np.zeros_like(each) for each in empty_b]
        for x, y in zip(X[start:start + 4], Y[start:start + 4]):
            add(x, y, sum_w, sum_b)
        for k in range(2):
            weights[k] = weights[k] - 0.02 * sum_w[k]
            biases[k] = biases[k] - 0.02 * sum_b[k]
"""
ARRAY = """
import numpy as np

rng = np.random.default_rng(3)
X, Y = rng.normal(size=(9, 4)), rng.normal(size=9)
w, blank = rng.normal(size=4), np.zeros(4)
for epoch in range(40):
    total = np.zeros_like(blank)
    for x, y in zip(X, Y):
        total += (w @ x - y) * x
    w = w - 0.01 * total
"""


@pytest.mark.parametrize(
    ("program", "names", "right"),
    [
        (LISTS, ("empty_b", "empty_w"), "[np.zeros_like(each) for each in {}]"),
        (ARRAY, ("blank",), "np.zeros_like({})"),
    ],
)
def test_a_buffer_that_is_begun_by_a_name_is_given_zeros_of_its_own(
    program: str, names: tuple[str, ...], right: str
) -> None:
    """Each statement that gives the old array another name is blamed, and makes zeros when mended."""
    assert check_program(program_from_bytes(program.encode(), "p.py")).verdict == "correct"
    text = program
    for name in names:
        text = text.replace(right.format(name), name)
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    found = {(e.name, e.found, e.expected, e.mended) for e in errors}
    assert found == {("not-reset", name, right.format(name), True) for name in names}
    assert len(errors) == len(names)
