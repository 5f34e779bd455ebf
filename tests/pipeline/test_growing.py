"""What every update goes up: a reward by its name, a loss with the wrong sign, or what nobody can tell."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

POLICY = """
import numpy as np

rng = np.random.default_rng(8)
state, share = rng.normal(size=(23, 5)), rng.normal(size=23)
done = rng.integers(0, 4, 23)
V = rng.normal(0, 0.3, (5, 4))
for turn in range(2000):
    z = state @ V
    logp = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    {name} = {sign}np.mean(share * logp[np.arange(23), done])
    up = -np.exp(logp) * share[:, None]
    up[np.arange(23), done] += share
    V += 0.1 * state.T @ up / 23
    print({name})
"""
SQUARES = """
import numpy as np

rng = np.random.default_rng(4)
X, y = rng.normal(size=(17, 3)), rng.normal(size=17)
w = rng.normal(size=3)
for turn in range(2000):
    objective = 0.5 * np.sum((X @ w - y) ** 2)
    w += 0.01 * X.T @ (X @ w - y)
"""


def _checked(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "policy.py"))


def test_an_objective_may_be_meant_to_grow() -> None:
    """Its name does not say whether it is: nothing is called wrong, and nothing certified."""
    report = _checked(POLICY.format(name="objective", sign=""))
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "`objective`" in report.reason


def test_a_score_grows() -> None:
    """That is what a score is for."""
    assert _checked(POLICY.format(name="score", sign="")).verdict == "correct"


FALLING = {
    "called a loss": POLICY.format(name="loss", sign=""),
    "a negative": POLICY.format(name="objective", sign="-").replace("V += 0.1", "V -= 0.1"),
    "squares": SQUARES,
}


@pytest.mark.parametrize("what", FALLING)
def test_a_loss_falls(what: str) -> None:
    """What is called a loss, a negative, and a sum of squares are to fall: there the sign is wrong."""
    report = _checked(FALLING[what])
    assert report.verdict == "faulty"
    assert report.findings[0].name == "sign-flipped"


def test_what_is_called_an_ascent_is_to_grow() -> None:
    """As is a likelihood: the updates go up it on purpose."""
    assert _checked(POLICY.format(name="uphill", sign="")).verdict == "correct"
