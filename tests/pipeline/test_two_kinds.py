"""One network that tells an amount and a yes or no, each with a loss of its own that is not written."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

BOTH = """
import numpy as np

draw = np.random.default_rng(52)
sky, rain = draw.normal(size=(29, 4)), draw.normal(size=(29, 1))
wind = (draw.normal(size=(29, 1)) > 0).astype(float)
A, a = 0.6 * draw.normal(size=(4, 6)), 0.2 * draw.normal(size=6)
R, r = 0.5 * draw.normal(size=(6, 1)), 0.1
W, w = 0.5 * draw.normal(size=(6, 1)), -0.2
for turn in range(3000):
    h = np.tanh(sky @ A + a)
    much, blows = h @ R + r, 1 / (1 + np.exp(-(h @ W + w)))
    up = (much - rain) / 29
    gust = 3 * (blows - wind) / 29
    back = (up @ R.T + gust @ W.T) * (1 - h ** 2)
    R -= 0.1 * h.T @ up
    r -= 0.1 * up.sum()
    W -= 0.1 * h.T @ gust
    w -= 0.1 * gust.sum()
    A -= 0.1 * sky.T @ back
    a -= 0.1 * back.sum(axis=0)
"""


def _report(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "program.py"))


@pytest.mark.parametrize("times", ["3 * ", ""])
def test_losses_of_two_kinds_are_inferred_together(times: str) -> None:
    """With how much more the one counts than the other."""
    report = _report(BOTH.replace("3 * ", times))
    assert report.verdict == "correct"
    assert report.loss is not None
    assert "log(blows)" in report.loss.formula
    assert ("3*(" in report.loss.formula) == bool(times)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("up @ R.T + gust @ W.T", "up @ R.T + gust / 3 @ W.T"),
        ("W -= 0.1 * h.T @ gust", "W -= 0.3 * h.T @ gust"),
        ("(1 - h ** 2)", "(1 - h)"),
    ],
)
def test_no_such_loss_explains_a_mistake(right: str, wrong: str) -> None:
    """What the two weigh in what they share is what they weigh in their own parameters."""
    assert right in BOTH
    assert _report(BOTH.replace(right, wrong)).verdict != "correct"


CLIPPED_POLICY = """
import numpy as np
rng = np.random.default_rng(2)
theta, w = rng.normal(size=(5, 3)) * 0.3, np.full(5, 0.1)
def probs(states):
    e = np.exp(states @ theta)
    return e / e.sum(1, keepdims=True)
for turn in range(1500):
    S = rng.normal(size=(12, 5))
    old = probs(S)
    a = np.array([rng.choice(3, p=q) for q in old])
    gain = S[:, 0] * (a == 1) + rng.normal(size=12) * 0.1
    for k in range(3):
        better = gain - S @ w
        p = probs(S)
        ratio = p[np.arange(12), a] / old[np.arange(12), a]
        g = np.zeros_like(theta)
        for i in range(12):
            if (better[i] > 0 and ratio[i] < 1.2) or (better[i] < 0 and ratio[i] > 0.8):
                d = -p[i]
                d[a[i]] += 1
                g += np.outer(S[i], better[i] * ratio[i] * d)
        theta += 0.05 * g / 12
        w += 0.05 * S.T @ better / 12
"""


def test_a_loss_that_is_inferred_convicts_nothing_that_it_does_not_depend_on() -> None:
    """The critic's squared error says nothing of the policy beside it."""
    report = check_program(program_from_bytes(CLIPPED_POLICY.encode(), "policy.py"))
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "does not depend on theta" in report.reason
