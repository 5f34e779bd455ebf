"""What comes back through the states of a recurrent network."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(8)
W, U, c = 0.5 * rng.normal(size=(5, 2)), 0.4 * rng.normal(size=(5, 5)), 0.1 * rng.normal(size=5)
V, d = 0.5 * rng.normal(size=(3, 5)), 0.1 * rng.normal(size=3)
runs = [(rng.normal(size=(4, 2)), rng.normal(size=(4, 3))) for _ in range(6)]

def forward(xs):
    states, outs = {-1: np.zeros(5)}, {}
    for t, x in enumerate(xs):
        states[t] = np.tanh(W @ x + U @ states[t - 1] + c)
        outs[t] = V @ states[t] + d
    return states, outs

for epoch in range(40):
    for xs, ys in runs:
        states, outs = forward(xs)
        loss = sum(0.5 * np.sum((outs[t] - ys[t]) ** 2) for t in outs)
        gW, gU, gc = np.zeros_like(W), np.zeros_like(U), np.zeros_like(c)
        gV, gd = np.zeros_like(V), np.zeros_like(d)
        dstates_next = 0.0
        for t in reversed(range(4)):
            miss = outs[t] - ys[t]
            gV += np.outer(miss, states[t])
            gd += miss
            back = (V.T @ miss + dstates_next) * (1 - states[t] ** 2)
            gW += np.outer(back, xs[t])
            gU += np.outer(back, states[t - 1])
            gc += back
            dstates_next = U.T @ back
        W -= 0.01 * gW
        U -= 0.01 * gU
        c -= 0.01 * gc
        V -= 0.01 * gV
        d -= 0.01 * gd
"""
BEFORE, BEHIND = "        dstates_next = 0.0\n", "            dstates_next = U.T @ back\n"
SUM, PART = "(V.T @ miss + dstates_next) * (1", "V.T @ miss * (1"


def test_the_error_of_the_round_before_is_handed_on() -> None:
    """All three statements are written that the loop lacks, and nothing else."""
    assert check_program(program_from_bytes(PROGRAM.encode(), "p.py")).verdict == "correct"
    wrong = PROGRAM.replace(BEFORE, "").replace(BEHIND, "").replace(SUM, PART)
    report = check_program(program_from_bytes(wrong.encode(), "p.py"))
    (error,) = [finding for finding in report.findings if finding.severity == "error"]
    assert (error.name, error.found, error.mended) == ("missing-term", "V.T @ miss", True)
    assert error.fix is not None
    assert [edit.content for edit in error.fix.edits] == [BEFORE, "(V.T @ miss + dstates_next)", BEHIND]
    assert set(error.parameters) == {"W", "U", "c"}


@pytest.mark.parametrize("term", ["U @ back", "2 * U.T @ back"])
def test_a_wrong_error_that_is_handed_on_is_blamed_itself(term: str) -> None:
    """Where the loop does hand something on, that is what is mended."""
    text = PROGRAM.replace("U.T @ back", term)
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert [e.span.row for e in errors if e.span is not None] == [31]


def test_what_is_handed_on_is_no_total() -> None:
    """In its first round a gradient that is added up is what the round adds, and in others it is more."""
    first = "            gW += np.outer(back"
    text = PROGRAM.replace("            gc += back\n", "").replace(first, f"            gc += back\n{first}")
    wrong = text.replace(BEFORE, "").replace(BEHIND, "").replace(SUM, PART)
    report = check_program(program_from_bytes(wrong.encode(), "p.py"))
    (error,) = [finding for finding in report.findings if finding.severity == "error"]
    assert (error.name, error.mended) == ("missing-term", True)
