"""Names that hold a value of the forward pass, and later the items of a loop: they are no parameters."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

BLOCKS = """
import numpy as np
draw = np.random.default_rng(21)
clay, brick = draw.normal(size=(11, 5)), draw.normal(size=(11, 2))
blocks = [{"A": 0.5 * draw.normal(size=(5, 7)), "B": 0.5 * draw.normal(size=(7, 5))} for _ in range(3)]
out = {"W": 0.5 * draw.normal(size=(5, 2))}
for turn in range(10**6):
    s, kept = clay, []
    for b in blocks:
        a = np.tanh(s @ b["A"])
        kept.append((s, a))
        s = s + a @ b["B"]
    miss = s @ out["W"] - brick
    loss = np.sum(miss ** 2) / len(clay)
    top = 2 * miss / len(clay)
    dW = s.T @ top
    ds = top @ out["W"].T
    grads = []
    for b, (s, a) in zip(blocks[::-1], kept[::-1]):
        da = ds @ b["B"].T * (1 - a * a)
        grads.append((b, {"A": s.T @ da, "B": a.T @ ds}))
        ds = ds + da @ b["A"].T
    out["W"] -= 0.03 * dW
    for b, g in grads:
        for name in b:
            b[name] -= 0.03 * g[name]
"""
OTHER = BLOCKS.replace("for b, (s, a) in", "for b, (u, c) in").replace("(1 - a * a)", "(1 - c * c)")
OTHER = OTHER.replace('s.T @ da, "B": a.T', 'u.T @ da, "B": c.T')


@pytest.mark.parametrize("text", [BLOCKS, OTHER])
def test_the_target_of_a_loop_is_no_parameter(text: str) -> None:
    """Whether it is the name that the forward pass used, or another."""
    report = check_program(program_from_bytes(text.encode(), "clay.py"))
    assert report.verdict == "correct"
    assert {row.name.partition("[")[0] for row in report.parameters} == {"out", "blocks"}


@pytest.mark.parametrize("text", [BLOCKS, OTHER])
def test_a_mistake_behind_it_is_found(text: str) -> None:
    """At its place, and nowhere else."""
    wrong = text.replace('ds + da @ b["A"].T', 'da @ b["A"].T')
    report = check_program(program_from_bytes(wrong.encode(), "clay.py"))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert report.verdict == "faulty"
    assert [finding.span.row for finding in errors if finding.span] == [22]
