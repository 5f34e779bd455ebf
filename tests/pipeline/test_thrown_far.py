"""A wrong update has thrown the weights to where all units are saturated: nearer points still tell."""

from __future__ import annotations

import numpy as np

from backproof.check.judge import judge
from backproof.check.points import informative_points
from backproof.graph import evaluate
from backproof.pipeline import check_program
from backproof.source import Program, program_from_bytes
from backproof.trace import trace_program

# the slope is taken for the whole delta, so the weights move by the size of the batch
THROWN = """
import numpy as np
draw = np.random.default_rng(41)
moss, bark = draw.normal(size=(43, 4)), draw.normal(size=(43, 2))
shapes = [(4, 7), (7, 5), (5, 2)]
Ws = [draw.normal(0, 0.6, s) for s in shapes]
bs = [draw.normal(0, 0.1, (1, s[1])) for s in shapes]
for turn in range(10**6):
    zs, acts = [], [moss]
    for i in range(3):
        zs.append(acts[i] @ Ws[i] + bs[i])
        acts.append(zs[i] if i == 2 else np.tanh(zs[i]))
    loss = 0.5 * np.sum((acts[3] - bark) ** 2) / len(moss)
    delta = (acts[3] - bark) / len(moss)
    for i in (2, 1, 0):
        dW, db = acts[i].T @ delta, delta.sum(axis=0, keepdims=True)
        if i > 0:
            delta = 1 + np.tanh(zs[i - 1]) ** 2
        Ws[i] -= 0.1 * dW
        bs[i] -= 0.1 * db
"""


def test_no_gradient_vanishes_at_the_points() -> None:
    """Where the program stands all units of the first two layers are saturated."""
    judgement = judge(trace_program(Program("p.py", THROWN)))
    assert judgement is not None
    step = judgement.step
    for point in informative_points(step, 3):
        table = evaluate(step.truths, {**step.state, **point})
        assert all(np.any(table[truth]) for truth in step.truths)


def test_the_mistake_is_mended() -> None:
    """At its place."""
    report = check_program(program_from_bytes(THROWN.encode(), "moss.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert finding.span is not None
    assert finding.span.row == 18
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"
