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


CLIMBED = """
import numpy as np
rng = np.random.default_rng(21)
likes = {0: [0, 2, 3], 1: [1, 2], 2: [0, 4, 3], 3: [1, 3, 4]}
U, V = rng.normal(0, 0.5, (4, 3)), rng.normal(0, 0.5, (5, 3))
def g(x):
    return 1 / (1 + np.exp(-x))
def quality():
    F = -0.5 * 0.04 * (np.sum(U * U) + np.sum(V * V))
    for i in likes:
        for j in likes[i]:
            F += np.log(g(U[i] @ V[j]))
    return F
for turn in range(900):
    dU, dV = np.zeros_like(U), np.zeros_like(V)
    for i in likes:
        for j in likes[i]:
            push = g(-(U[i] @ V[j]))
            dU[i] += push * V[j]
            dV[j] += push * U[i]
    U += 0.03 * (dU - 0.04 * U)
    V += 0.03 * (dV - 0.04 * V)
    if turn % 100 == 0:
        print(turn, quality())
"""


@pytest.mark.parametrize("missing", [False, True])
def test_what_has_no_least_value_is_to_grow(missing: bool) -> None:
    """Also where one of its gradients is wrong: the other goes up, and is not called turned round."""
    text = CLIMBED.replace("push * U[i]", "push") if missing else CLIMBED
    errors = [
        f
        for f in check_program(program_from_bytes(text.encode(), "net.py")).findings
        if f.severity == "error"
    ]
    assert [(f.name, f.expected) for f in errors] == [("missing-factor", "push * U[i]")] * missing
