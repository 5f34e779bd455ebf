"""What speaks against an inferred loss: one that is evaluated elsewhere, and weights that are left out."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

EPOCHS = """\
import numpy as np

rng = np.random.default_rng(1)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(X):
    h = np.tanh(X @ W1 + b1)
    return h, sigmoid(h @ W2 + b2)


def loss_of(o, T):
    return -np.mean(T * np.log(o + 1e-8) + (1 - T) * np.log(1 - o + 1e-8))


def backward(X, T):
    h, o = forward(X)
    d = (o - T) * o * (1 - o)
    dh = d @ W2.T * (1 - h**2)
    return X.T @ dh, dh.sum(axis=0), h.T @ d, d.sum(axis=0)


X = rng.normal(size=(21, 5))
T = (X[:, :2] > 0) * 1.0
W1, b1 = rng.normal(size=(5, 4)) * 0.5, rng.normal(size=4) * 0.1
W2, b2 = rng.normal(size=(4, 2)) * 0.5, rng.normal(size=2) * 0.1
for epoch in range(100):
    for k in range(0, 21, 7):
        dW1, db1, dW2, db2 = backward(X[k : k + 7], T[k : k + 7])
        W1 -= 0.1 * dW1
        b1 -= 0.1 * db1
        W2 -= 0.1 * dW2
        b2 -= 0.1 * db2
    loss = loss_of(forward(X)[1], T)
    if epoch % 10 == 0:
        print("loss", loss)
"""
SQUARED = ("-np.mean(T * np.log(o + 1e-8) + (1 - T) * np.log(1 - o + 1e-8))", "np.mean((o - T) ** 2)")
WATCHED = EPOCHS.replace("loss_of", "watched").replace("loss = ", "shown = ").replace('"loss", loss', "shown")

BANDIT = """\
import numpy as np

rng = np.random.default_rng(3)
theta = rng.normal(size=(4, 3)) * 0.5
bias = rng.normal(size=3) * 0.2
for episode in range(200):
    states = rng.normal(size=(9, 4))
    scores = states @ theta + bias
    probs = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    actions = np.array([rng.choice(3, p=p) for p in probs])
    rewards = np.where(actions == (states[:, 0] > 0), 1.0, -0.3) + 0.1 * rng.normal(size=9)
    advantages = rewards - rewards.mean()
    dscores = (probs - np.eye(3)[actions]) * advantages[:, None] / 9
    theta -= 0.1 * states.T @ dscores
    bias -= 0.1 * dscores.sum(axis=0)
"""


def checked(text: str) -> FileReport:
    """Check a program by its text."""
    return check_program(program_from_bytes(text.encode(), "net.py"))


def test_a_loss_evaluated_after_the_epoch_is_not_passed_over() -> None:
    """The gradient is right for squared errors, and what the program calls its loss is a cross-entropy."""
    report = checked(EPOCHS)
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "`loss`" in report.reason


@pytest.mark.parametrize(
    "text",
    [EPOCHS.replace("(o - T) * o * (1 - o)", "o - T"), EPOCHS.replace(*SQUARED), WATCHED],
    ids=["the same", "squared", "only watched"],
)
def test_the_same_loss_or_a_value_that_is_called_none_says_nothing(text: str) -> None:
    """What is evaluated after the epoch is what the step descends, or is not called a loss."""
    assert checked(text).verdict == "correct"


def test_advantages_that_weigh_nothing_are_told() -> None:
    """Without them the actions that were drawn are targets like any others, and the gradient fits those."""
    assert checked(BANDIT).verdict == "correct"
    report = checked(BANDIT.replace(" * advantages[:, None]", ""))
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "`advantages`" in report.reason


def test_weights_of_samples_that_nothing_reads_are_told() -> None:
    """Whether the errors were to be weighed cannot be known where the loss is inferred."""
    weighed = EPOCHS[: EPOCHS.index("    loss = ")].replace("o - T) *", "o - T) * heavy[k : k + 7] *")
    weighed = weighed.replace("W1, b1 =", "heavy = np.where(T > 0, 3.0, 1.0)\nW1, b1 =", 1)
    weighed = weighed.replace("(X, T):\n    h, o", "(X, T, k):\n    h, o").replace(
        "T[k : k + 7])", "T[k : k + 7], k)"
    )
    weighed = weighed.replace("heavy", "weights")
    assert checked(weighed).verdict == "correct"
    report = checked(weighed.replace(" * weights[k : k + 7]", ""))
    assert (report.verdict, "`weights`" in (report.reason or "")) == ("inconclusive", True)
    assert (
        checked(weighed.replace(" * weights[k : k + 7]", "").replace("weights", "ages")).verdict == "correct"
    )


SPARSE = """
import numpy as np
draw = np.random.default_rng(81)
wave = draw.uniform(0.1, 0.9, (7, 31))
A, B = draw.normal(0, 0.5, (4, 7)), draw.normal(0, 0.5, (7, 4))
def bend(z):
    return 1 / (1 + np.exp(-z))
def cost(A, B):
    n = wave.shape[1]
    h = bend(A @ wave)
    out = bend(B @ h)
    J = np.sum((out - wave) ** 2) / (2 * n)
    J += 1e-3 / 2 * (np.sum(A ** 2) + np.sum(B ** 2))
    rate = h.mean(axis=1)
    return J + 0.5 * np.sum(0.2 * np.log(0.2 / rate) + 0.8 * np.log(0.8 / (1 - rate))), h, out
for turn in range(10**6):
    J, h, out = cost(A, B)
    n, rate = wave.shape[1], h.mean(axis=1, keepdims=True)
    d = (out - wave) * out * (1 - out)
    e = (B.T @ d + 0.5 * (-0.2 / rate + 0.8 / (1 - rate))) * h * (1 - h)
    A, B = A - 0.8 * (e @ wave.T / n + 1e-3 * A), B - 0.8 * (d @ h.T / n + 1e-3 * B)
"""


def test_what_is_returned_is_more_than_what_has_the_name_inside() -> None:
    """The whole explains every gradient, the part does not."""
    report = check_program(program_from_bytes(SPARSE.encode(), "wave.py"))
    assert report.verdict == "correct"


ARM = """\
import numpy as np

rng = np.random.default_rng(19)
A, c = rng.normal(size=(5, 3)) * 0.6, rng.normal(size=3) * 0.2
u, v = rng.normal(size=(2, 3)) * 0.7
for k in range(3000):
    p = rng.normal(size=5)
    goal, other = 0.5 + 0.3 * np.sin(p[0]), 0.5 + 0.3 * np.cos(p[1])
    h = np.tanh(p @ A + c)
    x, y = h @ u, h @ v
    E = ((x - goal) ** 2 + (y - other) ** 2) / 2
    ex, ey = x - goal, y - other
    d = (ex * u + ey * v) * (1 - h * h)
    u, v = u - 0.1 * ex * h, v - 0.1 * ey * h
    A, c = A - 0.1 * np.outer(p, d), c - 0.1 * d
    if k % 300 == 0:
        print(k, E)
"""


@pytest.mark.parametrize(
    "stated",
    [
        "((x - goal) ** 4 + (y - other) ** 4) / 4",
        "((x - goal) ** 2 + (y - other) ** 4) / 2",
        "(x - goal) ** 2 / 2 + np.cosh(y - other)",
    ],
    ids=["fourth powers", "one of them", "another one for one output"],
)
def test_what_nobody_only_watches_is_the_loss(stated: str) -> None:
    """A fourth power is no measure, nor is what is descended for one output and not for the other."""
    assert checked(ARM).verdict == "correct"
    report = checked(ARM.replace("((x - goal) ** 2 + (y - other) ** 2) / 2", stated))
    assert report.verdict == "faulty"


@pytest.mark.parametrize(
    "stated", ["abs(x - goal) + abs(y - other)", "np.sqrt((x - goal) ** 2 + (y - other) ** 2)"]
)
def test_a_distance_may_be_watched(stated: str) -> None:
    """It is another function than the squared error that is descended, and a measure for people."""
    assert checked(ARM.replace("((x - goal) ** 2 + (y - other) ** 2) / 2", stated)).verdict != "faulty"
