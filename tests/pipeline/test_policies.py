"""Policy gradients in which each action is a number, put into arrays once an episode is over."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

FERRY = """\
import numpy as np

rng = np.random.default_rng(41)
net = {"V": rng.normal(size=(5, 3)) / 2, "u": rng.normal(size=5) / 2}
sums = {k: np.zeros_like(v) for k, v in net.items()}
squares = {k: np.zeros_like(v) for k, v in net.items()}


def act(x):
    h = net["V"] @ x
    h[h < 0] = 0
    return 1 / (1 + np.exp(-(net["u"] @ h))), h


def discounted(r):
    out, later = np.zeros_like(r), 0.0
    for t in reversed(range(len(r))):
        later = r[t] + 0.9 * later
        out[t] = later
    return out


for episode in range(1, 4001):
    xs, hs, errors, rewards = [], [], [], []
    place, wind = 0, int(rng.integers(-1, 2))
    for t in range(7):
        x = np.array([place / 3, wind, t / 7])
        p, h = act(x)
        left = 1 if rng.uniform() < p else 0
        xs.append(x)
        hs.append(h)
        errors.append(left - p)
        place += (1 if left else -1) + wind
        rewards.append(1.0 if abs(place) <= 1 else -0.5)
    X, Z = np.vstack(xs), np.vstack(hs)
    e, worth = np.vstack(errors), discounted(np.array(rewards))
    worth = (worth - worth.mean()) / worth.std()
    e *= worth[:, None]
    du = np.dot(Z.T, e).ravel()
    dh = np.outer(e, net["u"])
    dh[Z <= 0] = 0
    sums["u"] += du
    sums["V"] += dh.T @ X
    if episode % 2 == 0:
        for k, v in net.items():
            g = sums[k]
            squares[k] = 0.95 * squares[k] + 0.05 * g ** 2
            v += 0.01 * g / (np.sqrt(squares[k]) + 1e-5)
            sums[k] = np.zeros_like(v)
    if episode % 500 == 0:
        print(episode, place)
"""


def _check(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "ferry.py"))


def test_what_weighs_an_action_is_told_from_the_array_that_it_is_put_into() -> None:
    """The loss is that of every action, weighed by its own advantage; buffers are no squares."""
    report = _check(FERRY)
    assert report.verdict == "correct", report.reason
    assert report.loss is not None
    assert report.loss.formula == "-sum(worth[:, None]*(left*log(p) + (1 - left)*log(1 - p)))"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("    dh[Z <= 0] = 0\n", ""),
        ('np.outer(e, net["u"])', 'np.outer(e, net["u"] ** 2)'),
        (
            "e *= worth[:, None]\n    du = np.dot(Z.T, e).ravel()",
            "du = np.dot(Z.T, e).ravel()\n    e *= worth[:, None]",
        ),
        ("dh.T @ X", "dh.T @ (X * worth[:, None])"),
    ],
)
def test_a_wrong_policy_gradient_is_not_certified(right: str, wrong: str) -> None:
    """A unit that is off, a weight of its own, and an advantage that counts for one layer only or twice."""
    assert FERRY.count(right) == 1
    assert _check(FERRY.replace(right, wrong)).verdict != "correct"
