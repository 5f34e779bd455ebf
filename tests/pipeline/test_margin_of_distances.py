"""A margin between distances: its loss is what ``max`` picks, and a shift of all outputs changes nothing."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(9)
places = rng.normal(size=(4, 5))
W, b = rng.normal(size=(3, 5)) / 2, rng.normal(size=3)

def seen(place):
    view = places[place] + 0.2 * rng.normal(size=5)
    return view, W @ view + b

for walk in range(3000):
    here, there = rng.choice(4, 2, replace=False)
    x, out = seen(here)
    x_same, same = seen(here)
    x_other, other = seen(there)
    loss = max(0.0, 20.0 + np.sum((out - same) ** 2) - np.sum((out - other) ** 2))
    if loss == 0.0:
        continue
    d_out = 2 * (out - same) - 2 * (out - other)
    d_same = -2 * (out - same)
    d_other = {d_other}
    W -= 0.01 * (np.outer(d_out, x) + np.outer(d_same, x_same) + np.outer(d_other, x_other))
    b -= 0.01 * (d_out + d_same + d_other)
    if walk % 500 == 0:
        print(walk, loss)
"""


def _check(d_other: str):
    text = PROGRAM.format(d_other=d_other)
    return check_program(program_from_bytes(text.encode(), "p.py"))


def test_the_loss_is_what_max_picks() -> None:
    """The program names it; the gradient of the bias vanishes, but for rounding."""
    report = _check("2 * (out - other)")
    assert report.verdict == "correct"
    assert report.loss is not None
    assert report.loss.name == "loss"


@pytest.mark.parametrize(
    ("d_other", "names"),
    [
        ("-2 * (out - other)", ["sign-flipped"]),
        ("2 * (same - other)", ["wrong-operand"]),
        ("(out - other)", ["wrong-scale", "missing-factor"]),
    ],
)
def test_one_of_the_distances_is_wrong(d_other: str, names: list[str]) -> None:
    """One finding mends all, also the bias, whose true gradient is nothing."""
    report = _check(d_other)
    assert report.verdict == "faulty"
    [finding] = [f for f in report.findings if f.severity == "error"]
    assert finding.name in names
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"
    assert finding.span is not None
    assert finding.span.row == PROGRAM[: PROGRAM.index("{d_other}")].count("\n") + 1
