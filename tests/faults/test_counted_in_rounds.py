"""The gradient of the last output, which every round of a backward loop through time adds."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(17)
series, targets = rng.normal(size=(11, 5, 3)), rng.normal(size=(11, 2))
U, W, c = 0.5 * rng.normal(size=(3, 4)), 0.4 * rng.normal(size=(4, 4)), 0.1 * rng.normal(size=4)
V, e = 0.5 * rng.normal(size=(4, 2)), 0.1 * rng.normal(size=2)


def slope(h):
    return {slope}


for turn in range(1000):
    for x, t in zip(series, targets):
        h = {{-1: np.zeros(4)}}
        for k in range(5):
            h[k] = np.tanh(x[k] @ U + h[k - 1] @ W + c)
        out = h[4] @ V + e
        loss = 0.5 * np.sum((out - t) ** 2)
        d_out = out - t
        dU, dW, dc = np.zeros_like(U), np.zeros_like(W), np.zeros_like(c)
        dV, de = np.outer(h[4], d_out), d_out
        dh, later = V @ d_out, np.zeros(4)
        for k in reversed(range(5)):
            dz = (dh + later) * slope(h[k])
            dU += np.outer(x[k], dz)
            dW += np.outer(h[k - 1], dz)
            dc += dz
            later = W @ dz
{last}        U -= 0.05 * dU
        W -= 0.05 * dW
        c -= 0.05 * dc
        V -= 0.05 * dV
        e -= 0.05 * de
"""
RESET = "            dh = np.zeros_like(dh)\n"


@pytest.mark.parametrize(
    ("slope", "names"),
    [("1 - h ** 2", {"not-reset"}), ("1 - np.tanh(h) ** 2", {"not-reset", "derivative-at-wrong-point"})],
    ids=["alone", "beside a slope"],
)
def test_it_belongs_to_the_last_step(slope: str, names: set[str]) -> None:
    """It is set to zero behind the statement that adds it."""
    text = PROGRAM.format(slope=slope, last="")
    report = check_program(program_from_bytes(text.encode(), "series.py"))
    errors = {each.name: each for each in report.findings if each.severity == "error"}
    assert set(errors) == names
    assert all(each.mended for each in errors.values())
    found = errors["not-reset"]
    assert found.span is not None
    assert "dz = (dh + later)" in text.splitlines()[found.span.row - 1]
    assert found.expected == "dh = np.zeros_like(dh)"


def test_it_is_right_with_the_reset() -> None:
    """Nothing is said of the right program."""
    text = PROGRAM.format(slope="1 - h ** 2", last=RESET)
    assert check_program(program_from_bytes(text.encode(), "series.py")).verdict == "correct"
