"""Mistakes that only the mended program shows."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(12)
X, y = rng.normal(size=(23, 3)), rng.normal(size=(23, 3))
shapes = [(3, 3), (3, 3), (3, 3)]
weights = [rng.normal(size=shape) * 0.5 for shape in shapes]


def step(weights, grads, rate):
    number = 0
    for weight in weights:
        if weight.ndim:
            weight -= rate * grads[number]
            number += 1


for k in range(300):
    first = np.tanh(X @ weights[0])
    second = np.tanh(first @ weights[1])
    out = second @ weights[2]
    loss = np.mean((out - y) ** 2)
    back = 2 * (out - y) / 23
    middle = back @ weights[2].T * (1 - second ** 2)
    inner = middle @ weights[1].T * (1 - first ** 2)
    step(weights, [X.T @ inner, first.T @ middle, second.T @ back], 0.1)
    print(loss)
"""
COUNT = "            number += 1\n"


def test_an_index_that_no_round_adds_to() -> None:
    """Each parameter moves along the first one's gradient."""
    assert check_program(program_from_bytes(PROGRAM.encode(), "p.py")).verdict == "correct"
    program = program_from_bytes(PROGRAM.replace(COUNT, "").encode(), "p.py")
    report = check_program(program)
    (error,) = [finding for finding in report.findings if finding.severity == "error"]
    assert (error.name, error.found, error.mended) == ("wrong-index", "grads[number]", True)
    assert error.fix is not None
    assert [edit.content for edit in error.fix.edits] == [COUNT]
    assert apply_edits(program, error.fix.edits).text == PROGRAM
