"""Steps that are too long to be looked at: what a run is stopped before is not certified."""

from __future__ import annotations

import pytest

from backproof.check.cut_off import cut_off
from backproof.check.judge import judge
from backproof.pipeline import check_program
from backproof.source import program_from_bytes
from backproof.trace import trace_program

PROGRAM = """
import numpy as np

rng = np.random.default_rng(3)
T, n = 61, 5
data = np.sin(0.1 * np.arange(60 * T)).reshape(60, T)
Wx, Wh, v = rng.normal(size=(n, 1)), 0.3 * rng.normal(size=(n, n)), rng.normal(size=n)
for epoch in range(10):
    for series in data:
        h = [np.zeros(n)]
        for t in range(T - 1):
            h.append(np.tanh(Wx @ series[t : t + 1] + Wh @ h[-1]))
        carried, gWx, gWh = np.zeros(n), np.zeros_like(Wx), np.zeros_like(Wh)
        for t in range(T - 2, -1, -1):
            e = v @ h[t + 1] - series[t + 1]
            loss = 0.5 * e**2
            d = (e * v + carried) * (1 - h[t + 1] ** 2)
            v -= 0.01 * e * h[t + 1]
            gWx += np.outer(d, series[t : t + 1])
            gWh += np.outer(d, h[t])
            carried = Wh.T @ d
        UPDATE
"""
ZIPPED = "for p, g in zip((Wx, Wh), (gWx, gWh)):\n            p -= 0.001 * g"


@pytest.mark.parametrize("update", [ZIPPED, "Wx -= 0.001 * gWx; Wh = Wh - 0.001 * gWh"])
def test_updates_that_a_run_is_stopped_before_are_known(update: str) -> None:
    """The last layer is updated in every round of the loop through time, the others behind it."""
    program = program_from_bytes(PROGRAM.replace("UPDATE", update).encode(), "p.py")
    judgement = judge(trace_program(program))
    assert judgement is not None
    assert judgement.verdict.correct
    found = cut_off(judgement)
    assert found is not None
    assert (set(found.names), found.file) == ({"Wx", "Wh"}, "p.py")
    assert found.row >= 22


def test_they_are_not_certified_with_the_others() -> None:
    """The certificate of one layer is none of the program."""
    report = check_program(program_from_bytes(PROGRAM.replace("UPDATE", ZIPPED).encode(), "p.py"))
    assert report.verdict == "inconclusive"
    assert "Wx and Wh" in (report.reason or "")


def test_nothing_is_to_come_where_all_is_updated_in_the_inner_loop() -> None:
    """What an outer loop does beside, as to count and to add up, keeps no step from being certified."""
    text = PROGRAM.replace("            v -=", "            Wx -= 0.01 * gWx\n            v -=")
    text = text.replace("UPDATE", "loss += e; epoch += 1")
    text += "def turned(Wh):\n    Wh -= Wh.min()\n    return Wh\nWh = Wh - 1\nprint(turned(Wh))\n"
    judgement = judge(trace_program(program_from_bytes(text.encode(), "p.py")))
    assert judgement is not None
    assert cut_off(judgement) is None
