"""A parameter on which the loss does not depend in the step that is looked at, and does in others."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

WORDS = """
import numpy as np

rng = np.random.default_rng(5)
texts = [rng.integers(0, 6, size) for size in (1, 4, 3, 1, 5, 2)]
marks = rng.integers(0, 3, len(texts))
U, R, V = rng.normal(0, 0.5, (7, 6)), rng.normal(0, 0.5, (7, 7)), rng.normal(0, 0.5, (3, 7))
b, c = np.zeros(7), np.zeros(3)
for turn in range(200):
    total = 0
    for text, mark in zip(texts, marks):
        states = {0: np.zeros(7)}
        for t, word in enumerate(text):
            states[t + 1] = np.tanh(U[:, word] + R @ states[t] + b)
        scores = V @ states[len(text)] + c
        p = np.exp(scores) / np.sum(np.exp(scores))
        total -= np.log(p[mark])
        d = p.copy()
        d[mark] -= 1
        dV, dc = np.outer(d, states[len(text)]), d
        dU, dR, db = np.zeros_like(U), np.zeros_like(R), np.zeros_like(b)
        back = V.T @ d
        for t in reversed(range(len(text))):
            inner = (1 - states[t + 1] ** 2) * back
            db += inner
            dR += np.outer(inner, states[t])
            dU[:, text[t]] += inner
            back = R.T @ inner
        for grad in (dU, dR, dV, db, dc):
            np.clip(grad, -1, 1, out=grad)
        U -= 0.02 * dU
        R -= 0.02 * dR
        V -= 0.02 * dV
        b -= 0.02 * db
        c -= 0.02 * dc
"""


@pytest.mark.parametrize("sizes", ["(1, 4, 3, 1, 5, 2)", "(4, 3, 1, 5, 2, 1)", "(3, 1, 4, 2, 1, 5)"])
def test_idle_in_one_step(sizes: str) -> None:
    """The step is taken in which all count: right where all are right, wrong where one is."""
    text = WORDS.replace("(1, 4, 3, 1, 5, 2)", sizes)
    right = check_program(program_from_bytes(text.encode(), "p.py"))
    assert right.verdict == "correct"
    wrong = check_program(program_from_bytes(text.replace("R.T @ inner", "R @ inner").encode(), "p.py"))
    errors = [finding for finding in wrong.findings if finding.severity == "error"]
    assert [(error.name, error.expected) for error in errors] == [("wrong-transpose", "R.T")]
