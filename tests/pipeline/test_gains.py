"""A policy gradient goes up what it gains: what lowers it is wrong, whatever it is called."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

POLICY = """
import numpy as np

rng = np.random.default_rng(8)
state, WEIGHT = rng.normal(size=(23, 5)), rng.normal(size=23)
done = rng.integers(0, 4, 23)
V = rng.normal(0, 0.3, (5, 4))
for turn in range(2000):
    z = state @ V
    logp = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    NAME = np.mean(WEIGHT * logp[np.arange(23), done])
    up = -np.exp(logp) * WEIGHT[:, None]
    up[np.arange(23), done] += WEIGHT
    V SIGN= 0.1 * state.T @ up / 23
    print(NAME)
"""
BANDIT = """
import numpy as np

rng = np.random.default_rng(3)
worth, H = rng.normal(size=5), rng.normal(0, 0.2, 5)
tried = [(int(rng.integers(5)), float(rng.normal())) for _ in range(13)]
for t in range(1500):
    up, objective = np.zeros(5), 0.0
    p = np.exp(H) / np.exp(H).sum()
    for arm, R in tried:
        objective += R * np.log(p[arm])
        up += R * (DIRECTION)
    H += 0.07 * up
    if t % 100 == 0: print(objective)
"""
EXPECTED = """
import numpy as np

rng = np.random.default_rng(6)
worth, H = rng.normal(size=6), rng.normal(0, 0.2, 6)
for t in range(1500):
    p = np.exp(H - H.max()); p /= p.sum()
    expected_reward = p @ worth
    H SIGN= 0.1 * p * (worth - p @ worth)
    if t % 100 == 0: print(expected_reward)
"""


def _checked(text: str, **changed: str) -> FileReport:
    for word, by in changed.items():
        text = text.replace(word, by)
    return check_program(program_from_bytes(text.encode(), "policy.py"))


@pytest.mark.parametrize("name", ["objective", "J", "expected_return", "total"])
def test_what_a_reward_weighs_is_to_grow(name: str) -> None:
    """Going down it is a sign that is wrong, and going up it is right."""
    report = _checked(POLICY, WEIGHT="reward", NAME=name, SIGN="-")
    assert report.verdict == "faulty"
    assert report.findings[0].name == "sign-flipped"
    assert report.findings[0].mended
    assert _checked(POLICY, WEIGHT="reward", NAME=name, SIGN="+").verdict == "correct"


def test_what_a_cost_weighs_may_fall() -> None:
    """The same program is right to lower the probability of what costs much."""
    assert _checked(POLICY, WEIGHT="cost", NAME="objective", SIGN="-").verdict == "correct"


@pytest.mark.parametrize("sign", "+-")
def test_a_loss_that_a_reward_weighs_is_not_judged(sign: str) -> None:
    """Its name says that it falls, and what weighs it says that it grows."""
    report = _checked(POLICY, WEIGHT="advantage", NAME="loss", SIGN=sign)
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "`advantage` weighs" in report.reason


def test_a_negative_of_gains_falls() -> None:
    """The loss of a policy gradient has a minus: going down it goes up the gains."""
    text = POLICY.replace("= np.mean(", "= -np.mean(").replace("up = -np", "up = np").replace("+= W", "-= W")
    assert _checked(text, WEIGHT="reward", NAME="objective", SIGN="-").verdict == "correct"


def test_a_letter_stands_for_a_gain_where_the_updates_add() -> None:
    """`R` weighs an objective, and what is added to the parameters lowers it."""
    report = _checked(BANDIT, DIRECTION="p - np.eye(5)[arm]")
    assert report.verdict == "faulty"
    assert report.findings[0].name == "sign-flipped"
    assert _checked(BANDIT, DIRECTION="np.eye(5)[arm] - p").verdict == "correct"


def test_a_letter_says_little_where_the_updates_take_off() -> None:
    """There it may be what a step costs."""
    text = BANDIT.replace("H += 0.07", "H -= 0.07")
    assert _checked(text, DIRECTION="np.eye(5)[arm] - p").verdict == "inconclusive"


def test_what_is_called_a_reward_grows() -> None:
    """An expected reward that the updates lower has the wrong sign."""
    assert _checked(EXPECTED, SIGN="-").verdict == "faulty"
    assert _checked(EXPECTED, SIGN="+").verdict == "correct"
