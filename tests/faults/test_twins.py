"""Two functions of NumPy that differ in which way round they take an array."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

ECHO = """
import numpy as np
draw = np.random.default_rng(44)
calls, heard = draw.normal(size=(6, 14)), draw.normal(size=(6, 11))
f, loud = 0.5 * draw.normal(size=4), 0.8
for turn in range(2000):
    call, echo = calls[turn % 6], heard[turn % 6]
    h = np.tanh(np.FORWARD(call, f, "valid"))
    miss = loud * h - echo
    loss = 0.5 * np.sum(miss ** 2)
    d = miss * loud * (1 - h ** 2)
    d_f = BACKWARD
    loud -= 0.02 * np.sum(miss * h)
    f -= 0.02 * d_f
"""
RIGHT = {"correlate": 'np.correlate(call, d, "valid")', "convolve": 'np.convolve(call[::-1], d, "valid")'}


@pytest.mark.parametrize(("forward", "wrong"), [("correlate", "convolve"), ("convolve", "correlate")])
def test_the_twin_of_the_right_function_is_named(forward: str, wrong: str) -> None:
    """It was found that the call has to be of the other, and nothing of ours is offered as a text."""
    text = ECHO.replace("FORWARD", forward)
    right = check_program(program_from_bytes(text.replace("BACKWARD", RIGHT[forward]).encode(), "program.py"))
    assert right.verdict == "correct"
    text = text.replace("BACKWARD", RIGHT[forward].replace(forward, wrong))
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.span.row) == ("forward-backward-mismatch", 12)
    assert finding.expected == RIGHT[forward]
    assert finding.mended


def test_what_only_we_can_call_is_no_text() -> None:
    """A derivative that is found numerically is told in words."""
    text = ECHO.replace("FORWARD", "correlate").replace("BACKWARD", "np.full(4, d.sum() * call.mean())")
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert "vjp" not in str(finding.expected)
    assert not finding.mended
