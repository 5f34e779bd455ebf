"""Hinges that only a condition shows: ``if label * score < 1``."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(31)
rows = np.hstack([np.ones((24, 1)), rng.normal(size=(24, 3))])
labels = np.sign(rows @ np.array([0.3, 1.0, -2.0, 0.5]) + 0.4 * rng.normal(size=24))
w = rng.normal(0, 0.3, 4)
for epoch in range(1500):
    for start in range(0, 24, 6):
        {reset}
        for k in range(start, start + 6):
            if labels[k] * (rows[k] @ w) < 1:
                grad = {added}
        pull = 0.02 * w
        pull[0] = 0
        w = w - 0.05 * (grad + pull)
"""
RIGHT = {"reset": "grad = np.zeros(4)", "added": "grad - labels[k] * rows[k] / 6"}


def _check(**parts: str):
    text = PROGRAM.format(**{**RIGHT, **parts})
    if "reset" in parts:
        text = text.replace("for epoch", "grad = np.zeros(4)\nfor epoch")
    return check_program(program_from_bytes(text.encode(), "p.py"))


def test_the_condition_says_the_loss() -> None:
    """The rows on the wrong side give the gradient; the intercept is not penalised, by convention."""
    report = _check()
    assert report.verdict == "correct"
    assert report.loss is not None
    assert "hinges" in (report.loss.formula or "")


def test_a_buffer_that_is_never_reset() -> None:
    """Every batch repeats the gradients of all before it."""
    report = _check(reset="pass")
    assert report.verdict == "faulty"
    assert [f.name for f in report.findings if f.severity == "error"] == ["not-reset"]


@pytest.mark.parametrize("added", ["grad - rows[k] / 6", "grad - labels[k] * rows[k] ** 2 / 6"])
def test_a_gradient_of_no_hinge(added: str) -> None:
    """What is no gradient of the hinge is not certified."""
    assert _check(added=added).verdict != "correct"
