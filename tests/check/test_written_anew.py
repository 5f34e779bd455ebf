"""Buffers whose every entry is written anew in a step are no parameters of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backproof.graph import Node, apply, leaf
from backproof.pipeline import check_program
from backproof.source import program_from_bytes
from backproof.step.update import terms
from backproof.trace import Origin

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


GATED = """
import numpy as np
rng = np.random.RandomState(9)
H, T = 3, 5
A, R, bias, V = rng.randn(2 * H) * 0.5, rng.randn(H, 2 * H) * 0.4, np.full(2 * H, 0.1), rng.randn(H) * 0.5
sums = [np.zeros_like(p) for p in (A, R, bias, V)]
gA, gR, gbias, gV = sums
def run(x):
    h, S = np.zeros((T + 1, H)), np.zeros((T, 2 * H))
    for t in range(T):
        s = S[t]
        s[:] = x[t] * A + h[t] @ R + bias
        f, c = s[:H], s[H:]
        f[:] = 1 / (1 + np.exp(-f))
        np.tanh(c, out=c)
        h[t + 1] = f * h[t] + (1 - f) * c
    return h, S
def add(x, h, S, err):
    gV[...] += err * h[T]
    dh = err * V
    d = np.empty(2 * H)
    for t in range(T - 1, -1, -1):
        f, c = S[t, :H], S[t, H:]
        d[:H] = dh * (h[t] - c) * f * (1 - f)
        d[H:] = dh * (1 - f) * (1 - c * c)
        gA[...] += x[t] * d
        gR[...] += np.outer(h[t], d)
        gbias[...] += d
        dh = dh * f + R @ d
for step in range(1500):
    loss = 0.0
    for _ in range(4):
        x = rng.choice([-1.0, 1.0], size=T)
        h, S = run(x)
        err = h[T] @ V - x[0]
        loss += 0.5 * err ** 2
        add(x, h, S, err)
    for p, g in zip((A, R, bias, V), sums):
        p -= 0.1 / 4 * g
        g.fill(0.0)
    if step % 300 == 0:
        print(step, loss / 4)
"""


def test_rows_that_were_written_in_earlier_rounds_are_not_anew() -> None:
    """Each round over time writes a row: that all rows are filled by then is not the doing of the last."""
    assert _verdict(GATED) == "correct"


def test_the_terms_of_an_item_are_those_since_it_was_read() -> None:
    """What was written to the other rows of a table, long before, is no part of a change of this one."""
    count = 0

    def made(operation: str, *operands: Any, **attributes: Any) -> Node:
        nonlocal count
        count += 1
        return replace(apply(operation, *operands, **attributes), origin=Origin(-1, (), 0, count))

    table = leaf(np.arange(15.0).reshape(5, 3), "table")
    for k in range(50):
        row = made("subtract", made("index", table, index=k % 4), np.full(3, 0.1))
        table = made("index_update", table, row, index=k % 4)
    old = made("index", table, index=1)
    step = made("multiply", old, 0.3)
    again = made("index", table, index=1)
    new = made("subtract", again, step)
    assert terms(new, old) == (False, [step, again])
    assert terms(made("index_update", table, new, index=1), table) == (True, [step])
