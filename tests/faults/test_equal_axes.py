"""Two axes of one length in each other's place, where an array has more than two."""

from __future__ import annotations

import pytest

from backproof.findings import Finding
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

STACKED = """
import numpy as np

draw = np.random.default_rng(8)
x, y = draw.normal(size=(3, 7, 4)), draw.normal(size=(3, 7, 5))
A, B = 0.5 * draw.normal(size=(3, 4, 4)), 0.5 * draw.normal(size=(3, 4, 4))
C = 0.5 * draw.normal(size=(3, 4, 5))

for turn in range(2000):
    h = np.tanh(x @ A)
    k = np.tanh(h @ B.swapaxes(1, 2))
    out = k @ C
    loss = 0.5 * np.sum((out - y) ** 2)
    d = out - y
    dk = d @ np.swapaxes(C, 1, 2) * (1 - k ** 2)
    dh = dk @ B * (1 - h ** 2)
    C -= 0.01 * k.swapaxes(1, 2) @ d
    B -= 0.01 * dk.transpose(0, 2, 1) @ h
    A -= 0.01 * np.transpose(x, (0, 2, 1)) @ dh
"""


def _errors(text: str) -> list[Finding]:
    report = check_program(program_from_bytes(text.encode(), "stacked.py"))
    return [finding for finding in report.findings if finding.severity == "error"]


@pytest.mark.parametrize("turned", ["B.swapaxes(1, 2)", "np.swapaxes(B, -1, -2)", "B.transpose(0, 2, 1)"])
def test_axes_that_are_exchanged_once_too_often(turned: str) -> None:
    """However that is written, what is exchanged stands there as it is."""
    (finding,) = _errors(STACKED.replace("dk @ B ", f"dk @ {turned} "))
    assert (finding.name, finding.found, finding.expected) == ("wrong-transpose", turned, "B")
    assert finding.mended


def test_axes_that_have_to_be_exchanged() -> None:
    """As in the product of stacked matrices, of which each is square."""
    assert _errors(STACKED) == []
    text = STACKED.replace("B.swapaxes(1, 2)", "B")
    (finding,) = _errors(text.replace("dk.transpose(0, 2, 1) @ h", "h.transpose(0, 2, 1) @ dk"))
    assert (finding.name, finding.found, finding.expected) == ("wrong-transpose", "B", "B.swapaxes(1, 2)")
    assert finding.mended
