"""From the loss outwards: of several mistakes on one way the first is mended first, and then the next."""

from __future__ import annotations

import pytest

from backproof.check.judge import judge
from backproof.check.trial import Bench
from backproof.mend.choice import Choice
from backproof.mend.outwards import from_loss
from backproof.source import Program
from backproof.trace import trace_program

NETWORK = """
import numpy as np
draw = np.random.default_rng(7)
sea, fog = draw.normal(size=(15, 3)), draw.normal(size=(15, 2))
A, B, C = draw.normal(size=(3, 4)), draw.normal(size=(4, 5)), draw.normal(size=(5, 2))
for turn in range(50):
    h = np.tanh(sea @ A)
    k = np.tanh(h @ B)
    out = k @ C
    loss = np.sum((out - fog) ** 2) / 15
    d = 2 * (out - fog) / 15
    dC = k.T @ d
    back = d @ C.T
    dk = back * (1 - k ** 2)
    dB = h.T @ dk
    dh = dk @ B.T * (1 - h ** 2)
    dA = sea.T @ dh
    A -= 0.01 * dA
    B -= 0.01 * dB
    C -= 0.01 * dC
"""


def _chain(text: str) -> list[tuple[str, str | None]]:
    """What is written otherwise in the likeliest chain, each with what it should be."""
    judgement = judge(trace_program(Program("p.py", text)))
    assert judgement is not None
    bench = Bench.of(judgement.step, judgement.verdict)
    choice = Choice(bench)
    chain = next(from_loss(bench, choice.every, choice.candidates, 1_000_000))
    return [(correction.site.text, correction.expected) for correction in chain]


@pytest.mark.parametrize(
    ("text", "edits", "found"),
    [
        pytest.param(
            NETWORK,
            (
                ("2 * (out - fog) / 15\n", "2 * (fog - fog) / 15\n"),
                ("dk @ B.T * (1 - h ** 2)", "dk @ B.T * h"),
            ),
            [("fog", "out"), ("h", "1 - h ** 2")],
            id="an error that is always nothing, and a slope behind it",
        ),
        pytest.param(
            NETWORK,
            (
                ("    C -= 0.01 * dC\n", ""),
                ("    back = d", "    C -= 0.01 * dC\n    back = d"),
                ("1 - k ** 2", "k"),
            ),
            [("C", "C before its update"), ("k", "1 - k ** 2")],
            id="what is updated too early, and a slope behind it",
        ),
    ],
)
def test_chains(text: str, edits: tuple[tuple[str, str], ...], found: list[tuple[str, str]]) -> None:
    """Each statement that makes of what is true what is not is mended in turn, from the loss on."""
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    assert _chain(text) == found


def test_right() -> None:
    """Where nothing is wrong there is nothing to begin with."""
    judgement = judge(trace_program(Program("p.py", NETWORK)))
    assert judgement is not None
    bench = Bench.of(judgement.step, judgement.verdict)
    choice = Choice(bench)
    assert list(from_loss(bench, choice.every, choice.candidates, 1_000_000)) == []
