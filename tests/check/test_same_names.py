"""A name that stands for two values in turn, of which one is the loss of a step and the other a total."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from backproof.check.counterexample import under_the_same
from backproof.check.judge import judge
from backproof.check.ranking import is_trusted
from backproof.source import program_from_bytes
from backproof.trace import trace_program

TEXT = b"""
import math
import random

random.seed(51)
A = [[random.uniform(-0.8, 0.8) for _ in range(3)] for _ in range(4)]
B = [[random.uniform(-0.8, 0.8) for _ in range(5)] for _ in range(2)]


def shown(t, o):
    err = sum((a - b) ** 2 for a, b in zip(t, o)) / len(t)
    return math.sqrt(err)


samples = [([0, 0], [0, 0]), ([0, 1], [1, 0]), ([1, 0], [1, 0]), ([1, 1], [0, 1])]
for turn in range(2000):
    err = 0.0
    for x, t in samples:
        x = [*x, 1.0]
        h = [math.tanh(sum(w * v for w, v in zip(row, x))) for row in A] + [1.0]
        o = [math.tanh(sum(w * v for w, v in zip(row, h))) for row in B]
        d = [(a - b) * (1 - b * b) for a, b in zip(t, o)]
        back = [sum(d[k] * B[k][j] for k in range(2)) * (1 - h[j] * h[j]) for j in range(4)]
        for k in range(2):
            for j in range(5):
                B[k][j] += 0.05 * d[k] * h[j]
        for j in range(4):
            for i in range(3):
                A[j][i] += 0.05 * back[j] * x[i]
        err = err + shown(t, o)
    if turn % 400 == 0:
        print(turn, err)
"""


def test_in_another_step_the_same_expression_comes_first():
    """The total has the name of the squared errors; its root is another loss."""
    trace = trace_program(program_from_bytes(TEXT, "net.py"), steps=4, seconds=20.0)
    judgement = judge(trace)
    assert judgement is not None
    assert judgement.verdict.correct
    hypothesis = judgement.step.hypothesis
    assert (hypothesis.name, hypothesis.row) == ("err", 11)
    others = [w for w in judgement.windows if w is not judgement.step.window]
    assert others
    for window in others:
        first = next(under_the_same(trace, window, hypothesis))
        assert first.step.hypothesis.row == 11
        assert first.verdict.correct


@pytest.mark.parametrize(("zero", "trusted"), [(True, False), (False, True)])
def test_a_gradient_that_vanishes_makes_no_loss_sure(zero, trusted):
    """It is the gradient of any loss, also of one that the program only shows."""
    hypothesis = SimpleNamespace(stated=True, evidence=100)
    verdict = SimpleNamespace(
        right=(False, True), comparisons=(SimpleNamespace(zero=False), SimpleNamespace(zero=zero))
    )
    assert is_trusted(hypothesis, verdict) is trusted
