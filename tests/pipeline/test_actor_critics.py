"""Policies, and what is trained beside them: judged under losses of their own, or named as not judged."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import Program

ONLINE = """
import numpy as np
rng = np.random.default_rng(33)
features, rewards = rng.normal(size=(4, 5)), rng.normal(size=(4, 3))
theta, w = rng.normal(size=(5, 3)) * 0.2, rng.normal(size=5) * 0.2
def policy(x):
    z = x @ theta
    e = np.exp(z - z.max())
    return e / e.sum()
s = 0
p = policy(features[s])
for step in range(900):
    a = rng.choice(3, p=p)
    x, r = features[s], rewards[s, a]
    s = (s + a + 1) % 4
    surprise = r + 0.9 * (w @ features[s]) - w @ x
    loss = 0.5 * surprise ** 2
    w = w + 0.1 * surprise * x
    ACTOR
    p = policy(features[s])
    if step % 300 == 0:
        print(loss)
"""
RIGHT = "g = -p; g[a] += 1; theta = theta + 0.05 * surprise * np.outer(x, g)"


def _checked(text: str) -> FileReport:
    return check_program(Program("agent.py", text))


def test_a_share_of_the_next_value_is_a_target_that_the_gradient_holds_fixed() -> None:
    """Temporal-difference learning has no other: nothing has to be called a target for that."""
    report = _checked(ONLINE.replace("ACTOR", ""))
    assert report.verdict == "correct", report.reason
    assert "0.9 * (w @ features[s])" in report.certified[1]
    wrong = _checked(ONLINE.replace("ACTOR", "").replace("w + 0.1 * surprise", "w - 0.1 * surprise"))
    assert wrong.verdict == "faulty"


def test_an_actor_whose_policy_is_of_before_the_step_is_judged_beside_its_critic() -> None:
    """The step lies between two of its updates, and has the policy in it."""
    report = _checked(ONLINE.replace("ACTOR", RIGHT))
    assert report.verdict == "correct", report.reason
    assert {parameter.name for parameter in report.parameters} == {"w", "theta"}


@pytest.mark.parametrize("actor", [RIGHT.replace("+= 1", "+= 0.5"), RIGHT.replace("theta +", "theta -")])
def test_an_actor_that_no_loss_is_found_for_is_named(actor: str) -> None:
    """Its policy was computed before the step, which only adds to its weights."""
    report = _checked(ONLINE.replace("ACTOR", actor))
    assert report.verdict == "inconclusive"
    assert "not judged: theta" in str(report.reason)


EPISODES = """
import numpy as np
rng = np.random.default_rng(5)
W, U, v = rng.normal(size=(4, 6)) * 0.4, rng.normal(size=(6, 3)) * 0.4, rng.normal(size=4) * 0.2
for episode in range(300):
    gW, gU, gv, loss = np.zeros((4, 6)), np.zeros((6, 3)), np.zeros(4), 0.0
    n = rng.integers(4, 9)
    states = rng.normal(size=(n, 4))
    actions = np.argmax(np.tanh(states @ W) @ U + rng.gumbel(size=(n, 3)), axis=1)
    returns = (states[range(n), actions] > 0.3) * 1.0
    for x, a, ret in zip(states, actions, returns):
        h = np.tanh(x @ W)
        e = np.exp(h @ U)
        p = e / e.sum()
        gain = ret - v @ x
        loss += 0.5 * gain ** 2
        gv -= gain * x
        d = p.copy()
        d[a] -= 1
        d *= gain
        gU += np.outer(h, d)
        gW += np.outer(x, (U @ d) * (1 - h ** 2))
    W -= 0.05 * gW / n
    U -= 0.05 * gU / n
    v -= 0.05 * gv / n
    loss /= n
    if episode % 100 == 0:
        print(loss)
"""


def test_an_actor_beside_a_critic_is_judged_under_its_own_loss() -> None:
    """Only the critic's is stated, and it does not depend on the actor's weights."""
    report = _checked(EPISODES)
    assert report.verdict == "correct", report.reason
    assert {p.name for p in report.parameters} == {"W", "U", "v"}
    wrong = _checked(EPISODES.replace("(1 - h ** 2)", "(1 - h)"))
    assert wrong.verdict == "inconclusive"
    assert "not judged: W and U" in str(wrong.reason)


POLICY = """
import numpy as np
rng = np.random.default_rng(3)
theta = rng.normal(size=(5, 3)) * 0.3
features, rewards = rng.normal(size=(4, 5)), rng.normal(size=(4, 3))
for t in range(600):
    x = features[t % 4]
    z = x @ theta
    p = np.exp(z - z.max())
    p /= p.sum()
    a = rng.choice(3, p=p)
    r = rewards[t % 4, a]
    g = -p
    g[a] += 1
    UPDATE
"""


@pytest.mark.parametrize(
    "update",
    [
        "theta += 0.05 * r * np.outer(x, g)",
        "theta += 0.05 * np.outer(x, r * g)",
        "theta += 0.05 * np.outer(x, g) * r",
    ],
)
def test_a_reward_of_either_sign_weighs_a_step(update: str) -> None:
    """Wherever it stands in the update: it turns the step round, and is no factor too many."""
    report = _checked(POLICY.replace("UPDATE", update))
    assert report.verdict == "correct", report.reason
    wrong = _checked(POLICY.replace("UPDATE", update.replace("+=", "-=")))
    assert [f.name for f in wrong.findings if f.severity == "error"] == ["sign-flipped"]


GAN = """
import numpy as np
rng = np.random.default_rng(35)
sig = lambda z: 1 / (1 + np.exp(-z))
V, c = rng.normal(size=(3, 2)) * 0.5, np.zeros(2)
D, d = rng.normal(size=(2, 1)) * 0.5, np.zeros(1)
for it in range(300):
    real = rng.normal(size=(17, 2)) + 1
    z = rng.normal(size=(17, 3))
    fake = z @ V + c
    p, q = sig(real @ D + d), sig(fake @ D + d)
    d_loss = -np.mean(np.log(p) + np.log(1 - q))
    ep, eq = (p - 1) / 17, q / 17
    gD, gd = real.T @ ep + fake.T @ eq, ep.sum(0) + eq.sum(0)
    eg = (q - 1) / 17 @ D.T
    gV, gc = z.T @ eg, eg.sum(0)
    D -= 0.1 * gD; d -= 0.1 * gd; V -= 0.1 * gV; c -= 0.1 * gc
    if it % 100 == 0:
        print(d_loss)
"""


def test_a_generator_goes_up_what_its_discriminator_goes_down() -> None:
    """Updated beside it, by a difference of its own: it is not held against the other's loss."""
    report = _checked(GAN)
    assert report.verdict == "inconclusive", [f.message for f in report.findings]
    assert "those of -sum(1*log(q)" in str(report.reason)
