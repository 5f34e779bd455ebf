"""What a program shows or makes beside its training does not stand in the way of judging that."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

ROASTED = """
import numpy as np

draw = np.random.default_rng(81)
heat, taste = draw.normal(size=(17, 3)), draw.normal(size=(17, 2))
W, V = 0.5 * draw.normal(size=(3, 5)), 0.5 * draw.normal(size=(5, 2))

def fit(rate):
    global W, V
    h = np.tanh(heat @ W)
    out = h @ V
    miss = taste - out
    back = miss @ V.T * (1 - h * h)
    V = V + rate / 17 * h.T @ miss
    W = W + rate / 17 * heat.T @ back
    return np.sqrt(np.mean((taste - out) ** 2))

for turn in range(2000):
    rmse = fit(0.3)
    if turn % 300 == 0:
        print(turn, rmse)
"""
LIFTED = """
import numpy as np

draw = np.random.default_rng(82)
rides = []
for _ in range(9):
    presses = draw.choice([-1.0, 1.0], size=5)
    floor, floors = 2.0, []
    for p in presses:
        floor = min(max(floor + p, 0.0), 4.0)
        floors.append(floor / 4)
    rides.append((presses, np.array(floors)))
W, v, c = 0.5 * draw.normal(size=(5, 4)), 0.5 * draw.normal(size=4), 0.1
for turn in range(3000):
    presses, floors = rides[turn % 9]
    h = np.tanh(presses @ W)
    miss = floors[-1] - (h @ v + c)
    back = miss * v * (1 - h * h)
    v += 0.05 * miss * h
    W += 0.05 * np.outer(presses, back)
    c += 0.05 * miss
"""


def test_a_root_that_is_shown_at_times_is_no_loss_of_another_rate() -> None:
    """The gradients are those of its square, at one rate; of the root, at a rate that changes."""
    report = check_program(program_from_bytes(ROASTED.encode(), "program.py"))
    assert report.verdict == "correct"
    assert report.loss is not None
    assert report.loss.inferred
    wrong = ROASTED.replace("(1 - h * h)", "(1 - h)")
    report = check_program(program_from_bytes(wrong.encode(), "program.py"))
    assert [f.name for f in report.findings if f.severity == "error"] == ["wrong-activation-derivative"]


def test_a_walk_within_bounds_is_no_training() -> None:
    """It makes the data; what comes behind it is trained."""
    report = check_program(program_from_bytes(LIFTED.encode(), "program.py"))
    assert report.verdict == "correct"
    assert {p.name for p in report.parameters} == {"W", "v", "c"}
    wrong = LIFTED.replace("(1 - h * h)", "(1 - h)")
    report = check_program(program_from_bytes(wrong.encode(), "program.py"))
    assert [f.name for f in report.findings if f.severity == "error"] == ["wrong-activation-derivative"]
