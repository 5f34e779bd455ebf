"""The rate of one update beside that of another, where another mistake makes as many gradients wrong."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

STACK = """
import numpy as np

rng = np.random.default_rng(71)
meadows = rng.normal(size=(23, 3))
hay = np.tanh(meadows[:, :2] - meadows[:, 1:] ** 2)
sizes = [3, 5, 4, 2]
Ws = [0.6 * rng.normal(size=(a, b)) for a, b in zip(sizes, sizes[1:])]
bs = [0.2 * rng.normal(size=b) for b in sizes[1:]]
pace = 0.4
for turn in range(4000):
    acts = [meadows]
    for W, b in zip(Ws, bs):
        acts.append(np.tanh(acts[-1] @ W + b))
    miss = acts[-1] - hay
    dWs, dbs = [None] * 3, [None] * 3
    delta = miss * (1 - acts[-1] ** 2)
    dWs[2] = acts[2].T @ delta
    dbs[2] = delta.sum(axis=0)
    delta = delta @ Ws[2].T * (1 - acts[2] ** 2)
    for k in (1, 0):
        dWs[k] = acts[k].T @ delta
        dbs[k] = delta.sum(axis=0)
        delta = delta @ Ws[k].T * (1 - acts[k] ** 2)
    Ws = [W - pace / len(hay) * dW for W, dW in zip(Ws, dWs)]
    bs = [b - pace / len(hay) * db for b, db in zip(bs, dbs)]
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("pace / len(hay) * dW", "pace * dW", "pace / len(hay) * dW"),
        ("pace / len(hay) * db", "pace * db", "pace / len(hay) * db"),
    ],
)
def test_the_update_that_lacks_a_divisor(old: str, new: str, expected: str) -> None:
    """It gets that of the update beside it, though the gradient of one weight is made with another value."""
    assert check_program(program_from_bytes(STACK.encode(), "net.py")).verdict == "correct"
    text = STACK.replace(old, new).replace("acts[2].T @ delta", "acts[2].T @ hay")
    report = check_program(program_from_bytes(text.encode(), "net.py"))
    found = [(f.name, f.expected) for f in report.findings if f.severity == "error"]
    assert sorted(found) == [("wrong-operand", "delta"), ("wrong-scale", expected)]
