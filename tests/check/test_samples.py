"""Data of other steps: a coincidence of one sample does not hold there."""

from __future__ import annotations

import pytest

from backproof.check.judge import judge
from backproof.check.judgement import Judgement
from backproof.check.samples import with_samples
from backproof.check.trial import Bench
from backproof.pipeline import check_program
from backproof.source import Program, program_from_bytes
from backproof.trace import trace_program

SWITCHES = """
import math
import random

random.seed(6)
rows = [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)]
u1, u2, u3, u4, c1, c2 = [random.uniform(-1, 1) for _ in range(6)]
v1, v2, c3 = [random.uniform(-1, 1) for _ in range(3)]
def s(z):
    return 1 / (1 + math.exp(-z))
for turn in range(9000):
    for (x1, x2), y in rows:
        h1 = s(u1 * x1 + u2 * x2 + c1)
        h2 = s(u3 * x1 + u4 * x2 + c2)
        o = s(v1 * h1 + v2 * h2 + c3)
        loss = -(y * math.log(o) + (1 - y) * math.log(1 - o))
        d = o - y
        e1 = d * v1 * h1 * (1 - h1)
        e2 = d * v2 * h2 * (1 - h2)
        v1 -= 0.4 * d * h1
        v2 -= 0.4 * d * h2
        c3 -= 0.4 * d
        u1 -= 0.4 * e1 * x1
        u2 -= 0.4 * e1 * x2
        c1 -= 0.4 * e1
        u3 -= 0.4 * e2 * x1
        u4 -= 0.4 * e2 * x2
        c2 -= 0.4 * e2
"""
COUNTED = """
import numpy as np

rng = np.random.default_rng(7)
X, t = rng.normal(size=(19, 3)), rng.normal(size=19)
w, m, b = rng.normal(size=3), np.zeros(3), 0.1
for k in range(1, 800):
    e = X @ w + b - t
    loss = 0.5 * np.mean(e ** 2)
    m = 0.9 * m + 0.1 * X.T @ e / 19
    w = w - 0.1 * m / (1 - 0.9 ** k)
    b = b - 0.1 * e.mean()
"""


def _sampled(text: str) -> Judgement:
    judgement = judge(trace_program(Program("p.py", text)))
    assert judgement is not None
    return with_samples(judgement)


def test_data_of_other_samples_are_at_hand() -> None:
    """Whole numbers too: inputs and targets are leaves then, and have the values of other steps."""
    wrong = SWITCHES.replace("d * v2 * h2", "d * v1 * h2")
    step = _sampled(wrong).step
    inputs = {
        leaf.name: leaf.value for sample in step.samples for leaf in sample if leaf.name in ("x1", "x2", "y")
    }
    assert inputs
    bench = Bench.of(step, _sampled(wrong).verdict)
    assert any(leaf.name == "y" for point in bench.points[1:] for leaf in point)
    assert len(bench.initial) == len(step.parameters)


def test_what_counts_up_is_no_data() -> None:
    """An optimiser's correction by the number of the step is another in every step."""
    assert not _sampled(COUNTED).step.samples


@pytest.mark.parametrize(
    ("right", "wrong", "found", "expected"),
    [
        ("d * v2 * h2 * (1 - h2)", "d * v1 * h2 * (1 - h2)", "v1", "v2"),
        ("0.4 * e2 * x2", "0.4 * e2 * x1", "x1", "x2"),
        ("d = o - y", "d = o", "o", "o - y"),
    ],
)
def test_mistakes_that_one_sample_hides(right: str, wrong: str, found: str, expected: str) -> None:
    """What would do for one sample does not for the others."""
    assert SWITCHES.count(right) == 1
    text = SWITCHES.replace(right, wrong)
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    errors = [f for f in report.findings if f.severity == "error"]
    assert [(f.found, f.expected) for f in errors] == [(found, expected)]
    assert errors[0].mended
