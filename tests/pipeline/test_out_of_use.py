"""Mistakes of which one takes out of use what the other is in, or what would mend it."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

MILLS = """
import numpy as np

rng = np.random.default_rng(31)
grain, flour = rng.normal(size=(17, 3)), rng.normal(size=17)
V, v0 = 0.5 * rng.normal(size=(3, 4)), 0.1 * rng.normal(size=4)
u, c = 0.5 * rng.normal(size=4), np.array([0.2])
for turn in range(3000):
    h = np.tanh(grain @ V + v0)
    meal = h @ u + c
    loss = np.mean((meal - flour) ** 2)
    g = 2 * (meal - flour) / len(flour)
    du, dc = h.T @ g, g.sum(keepdims=True)
    dh = np.outer(g, u) * (1 - h ** 2)
    dV, dv0 = grain.T @ dh, dh.sum(axis=0)
    u -= 0.05 * du
    c -= 0.05 * dc
    V -= 0.05 * dV
    v0 -= 0.05 * dv0
"""

VOTES = """
import numpy as np

rng = np.random.default_rng(61)
asked, party = rng.normal(size=(9, 5)), rng.integers(0, 3, 9)
W, bias = 0.5 * rng.normal(size=(5, 3)), 0.2 * rng.normal(size=3)
for turn in range(3000):
    x, k = asked[turn % 9], party[turn % 9]
    e = np.exp(x @ W + bias)
    q = e / e.sum()
    loss = -np.log(q[k])
    for c in range(3):
        off = q[c] - (1.0 if c == k else 0.0)
        for j in range(5):
            W[j, c] = W[j, c] - 0.05 * off * x[j]
        bias[c] = bias[c] - 0.05 * off
"""


def _found(text: str, *edits: tuple[str, str]) -> list[tuple[str, int, bool]]:
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    return [(f.name, f.span.row, f.mended) for f in report.findings if f.severity == "error" and f.span]


@pytest.mark.parametrize(
    ("edits", "found"),
    [
        (  # of data alone, and read by nothing: the gradient that belongs in the update
            [("g = 2 * (meal - flour)", "g = 2 * (flour - flour)"), ("0.05 * dc", "0.05 * c")],
            [("wrong-operand", 12, True), ("wrong-operand", 17, True)],
        ),
        (  # on the way to nothing but the gradient that is not applied
            [("dV, dv0 = grain.T @ dh,", "dV, dv0 = 3 * grain.T @ dh,"), ("    V -= 0.05 * dV\n", "")],
            [("never-updated", 16, True), ("wrong-scale", 15, True)],
        ),
    ],
)
def test_the_other_mistake_is_found_with_the_first_mended(
    edits: list[tuple[str, str]], found: list[tuple[str, int, bool]]
) -> None:
    """Both are, each in its place."""
    assert _found(MILLS, *edits) == found


def test_an_item_that_nothing_reads() -> None:
    """What is written to at two subscripts has a factor with one of them, though no line reads that."""
    assert _found(VOTES, (" * x[j]", "")) == [("missing-factor", 15, True)]
