"""A value that is kept for the backward pass after its name got the next one."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

BLOCKS = """
import numpy as np

rng = np.random.default_rng(14)
layers = [(rng.normal(0, 0.3, (5, 7)), rng.normal(0, 0.3, (7, 5))) for _ in range(3)]
V = rng.normal(0, 0.4, (5, 2))
X, Y = rng.normal(size=(23, 5)), rng.normal(size=(23, 2))

def forward(x):
    kept = []
    for A, B in layers:
        h = np.tanh(x @ A)
        kept.append((x, h))
        x = x + h @ B
    return x @ V, x, kept

def backward(d, top, kept):
    grads, dV = [], top.T @ d
    d = d @ V.T
    for (A, B), (x, h) in zip(reversed(layers), reversed(kept)):
        e = (d @ B.T) * (1 - h ** 2)
        grads.insert(0, (x.T @ e, h.T @ d))
        d = d + e @ A.T
    return dV, grads

for turn in range(700):
    out, top, kept = forward(X)
    loss = np.sum((out - Y) ** 2) / len(X)
    dV, grads = backward(2 * (out - Y) / len(X), top, kept)
    V -= 0.02 * dV
    for (A, B), (dA, dB) in zip(layers, grads):
        A -= 0.02 * dA
        B -= 0.02 * dB
"""
RIGHT = "        kept.append((x, h))\n        x = x + h @ B\n"
LATE = "        x = x + h @ B\n        kept.append((x, h))\n"


def test_the_statement_is_moved_behind_what_keeps_the_value() -> None:
    """The mistake is where the name gets its next value, and not where the backward pass reads it."""
    program = program_from_bytes(BLOCKS.replace(RIGHT, LATE).encode(), "blocks.py")
    (finding,) = [f for f in check_program(program).findings if f.severity == "error"]
    assert finding.name == "overwritten"
    assert finding.span is not None
    assert "x = x + " in program.text.splitlines()[finding.span.row - 1]
    assert finding.fix is not None
    assert apply_edits(program, finding.fix.edits).text == BLOCKS


def test_what_is_kept_in_time_is_right() -> None:
    """The program is certified as it is."""
    assert check_program(program_from_bytes(BLOCKS.encode(), "blocks.py")).verdict == "correct"
