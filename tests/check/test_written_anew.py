"""Buffers whose every entry is written anew in a step are no parameters of it."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

BUFFERS = """
import math

import numpy as np

rng = np.random.default_rng(8)
X, Y = rng.normal(size=(9, 3)), rng.uniform(0.1, 0.9, 9)
first, second, last = (rng.normal(size=3) for _ in range(3))
out, miss = np.zeros(3), np.zeros(3)


def squash(z):
    return 1 / (1 + math.exp(-z))


def forward(k):
    out[0] = squash(np.dot(X[k], first))
    out[1] = squash(np.dot(X[k], second))
    out[2] = squash(last[0] + np.dot(last[1:3], out[0:2]))


def back(y):
    miss[2] = (out[2] - y) * out[2] * (1 - out[2])
    miss[1] = miss[2] * last[2] * out[1] * (1 - out[1])
    miss[0] = miss[2] * last[1] * out[0] * (1 - out[0])


def update(k):
    last[0] -= 0.3 * miss[2]
    last[1] -= 0.3 * miss[2] * out[0]
    last[2] -= 0.3 * miss[2] * out[1]
    for j in range(3):
        first[j] -= 0.3 * miss[0] * X[k][j]
        second[j] -= 0.3 * miss[1] * X[k][j]


for epoch in range(900):
    for k in range(len(X)):
        forward(k)
        back(Y[k])
        update(k)
"""


def _verdict(text: str) -> str:
    return check_program(program_from_bytes(text.encode(), "program.py"), timeout=8.0).verdict


def test_errors_and_outputs_in_arrays_that_are_made_once() -> None:
    """The errors of a sample, written one by one and from each other, keep nothing of those before."""
    assert _verdict(BUFFERS) == "correct"
    assert _verdict(BUFFERS.replace("last[1] * out[0] * (1", "last[2] * out[0] * (1")) == "faulty"
