"""A step is cut out of a trace once, also where it is judged without its decay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backproof.check.judge import judge
from backproof.source import Program
from backproof.step.training_step import training_step, varied
from backproof.trace import trace_program

PROGRAM = """
import numpy as np
draw = np.random.default_rng(4)
tea, cup = draw.normal(size=(13, 3)), draw.normal(size=(13, 5))
W, b = 0.4 * draw.normal(size=(3, 5)), 0.3 * draw.normal(size=5)
for turn in range(10**6):
    out = np.tanh(tea @ W + b)
    loss = 0.5 * np.sum((out - cup) ** 2)
    d = (out - cup) * (1 - out ** 2)
    b -= 0.01 * d.sum(axis=0)
    W *= 0.97
    W -= 0.01 * tea.T @ d
"""


def test_without_decay_only_the_state_is_another() -> None:
    """The graph is that of the step as it was cut; what is held still is what a new cut would hold."""
    judgement = judge(trace_program(Program("p.py", PROGRAM)))
    assert judgement is not None
    step = judgement.step
    assert step.plain is not None
    window, hypothesis = step.window, step.plain.hypothesis
    bare = varied(step, window, hypothesis, decaying=False, switching=False)
    anew = training_step(step.trace, window, hypothesis, decaying=False)
    assert bare is not None
    assert anew is not None
    assert bare.copies is step.copies
    assert bare.truths == step.truths
    assert [share.taken for share in bare.decays] == [share.taken for share in anew.decays]
    assert len(bare.decays) == 1
    old = {node: anew.copies[key] for key, node in bare.copies.items()}
    assert {old[node] for node in bare.state} == set(anew.state)
    for node, value in bare.state.items():
        np.testing.assert_array_equal(value, anew.state[old[node]])


def test_under_another_loss_it_is_cut_anew() -> None:
    """Nothing is taken from what was cut for something else."""
    judgement = judge(trace_program(Program("p.py", PROGRAM)))
    assert judgement is not None
    step = judgement.step
    other = varied(step, step.window, replace(step.hypothesis), decaying=True, switching=False)
    assert other is not None
    assert other.copies is not step.copies
