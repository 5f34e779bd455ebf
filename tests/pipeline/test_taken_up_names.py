"""Names that a step gives a value to and changes from there: what they hold then is no parameter."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

RESIDUAL = """
import numpy as np
rng = np.random.default_rng(12)
seen = rng.normal(size=(19, 3))
wanted = np.cos(seen.sum(axis=1, keepdims=True))
layers = [[rng.normal(0, 0.5, (3, k)), rng.normal(0, 0.2, k), rng.normal(0, 0.5, (k, 3))] for k in (5, 4)]
last = rng.normal(0, 0.5, (3, 1))
for turn in range(900):
    v, kept = seen, []
    for A, a, B in layers:
        t = np.tanh(v @ A + a)
        kept.append((v, t))
        v = v + t @ B
    out = v @ last
    d = 2 * (out - wanted) / len(out)
    dlast, g = v.T @ d, d @ last.T
    for (A, a, B), (x, t) in zip(reversed(layers), reversed(kept)):
        inner = (g @ B.T) * (1 - t ** 2)
        gA, ga, gB = x.T @ inner, inner.sum(axis=0), t.T @ g
        g = g + inner @ A.T
        A -= 0.03 * gA
        a -= 0.03 * ga
        B -= 0.03 * gB
    last -= 0.03 * dlast
    if turn % 100 == 0:
        print(turn, np.mean((out - wanted) ** 2))
"""
KEPT = """
import numpy as np
def forward(x, p):
    h = np.tanh(x @ p["U"] + p["c"])
    o = h @ p["V"]
    return o, (h, p["U"], p["c"], o, p["V"])
def backward(x, y, kept):
    h, U, c, o, V = kept
    d = (o - y) / len(x)
    e = d @ V.T * (1 - h ** 2)
    return {"U": x.T @ e, "c": e.sum(axis=0), "V": h.T @ d}
def descend(p, g):
    for name in g:
        p[name] = p[name] - 0.2 * g[name]
    return p
def train(X, Y, p):
    for epoch in range(500):
        for part in (slice(0, 12), slice(12, 17)):
            out, kept = forward(X[part], p)
            loss = 0.5 * np.sum((out - Y[part]) ** 2) / len(out)
            p = descend(p, backward(X[part], Y[part], kept))
        if epoch % 50 == 0:
            print(epoch, loss)
    return p
rng = np.random.default_rng(9)
X, Y = rng.normal(size=(17, 3)), rng.normal(size=(17, 2))
train(X, Y, {"U": rng.normal(size=(3, 4)), "c": rng.normal(size=4), "V": rng.normal(size=(4, 2))})
"""


@pytest.mark.parametrize(
    ("program", "right", "wrong", "count"),
    [
        (RESIDUAL, "g = g + inner @ A.T", "g = inner @ A.T", 7),
        (RESIDUAL.replace("v, kept = seen, []", "kept = []; v = seen"), "(1 - t ** 2)", "(1 - t)", 7),
        (KEPT, "(1 - h ** 2)", "(1 - h)", 3),
    ],
)
def test_the_parameters_are_those_that_last(program: str, right: str, wrong: str, count: int) -> None:
    """A residual sum is no step, and a tuple with last round's weights is no parameter: faults are found."""
    report = check_program(program_from_bytes(program.encode(), "net.py"))
    assert (report.verdict, len(report.parameters)) == ("correct", count), report.reason
    mistaken = check_program(program_from_bytes(program.replace(right, wrong).encode(), "net.py"))
    assert mistaken.verdict == "faulty", mistaken.reason
    assert program[: program.index(right)].count("\n") + 1 in [
        f.span.row for f in mistaken.findings if f.span
    ]
