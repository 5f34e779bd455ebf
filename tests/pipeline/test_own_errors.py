"""What a program measures beside its step tells its loss: errors under any name, and penalties in a cost."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

NETWORK = """\
import numpy as np

rng = np.random.default_rng(4)
X, T = rng.normal(size=(11, 3)), rng.random(size=(11, 2))
W1, b1 = rng.normal(size=(3, 5)) * 0.6, rng.normal(size=5) * 0.2
W2, b2 = rng.normal(size=(5, 2)) * 0.6, rng.normal(size=2) * 0.2
history = []


def cost(x, t):
    h = np.tanh(x @ W1 + b1)
    o = 1 / (1 + np.exp(-(h @ W2 + b2)))
    return COST


for epoch in range(60):
    h = np.tanh(X @ W1 + b1)
    o = 1 / (1 + np.exp(-(h @ W2 + b2)))
    MEASURE
    d = (o - T) / len(X)
    e = d @ W2.T * (1 - h**2)
    W1 -= 0.1 * (X.T @ e + SHARE1)
    b1 -= 0.1 * e.sum(axis=0)
    W2 -= 0.1 * (h.T @ d + SHARE2)
    b2 -= 0.1 * d.sum(axis=0)
    if epoch % 4 == 0:
        AFTER
"""
SQUARED = "np.mean((o - T) ** 2)"
ENTROPY = "-np.sum(t * np.log(o) + (1 - t) * np.log(1 - o)) / len(x)"
SQUARES = "0.02 * (np.sum(W1**2) + np.sum(W2**2))"
SIGNS = "0.03 * (np.abs(W1).sum() + np.abs(W2).sum())"


def checked(measure: str = "pass", cost: str = ENTROPY, shares: str = "0", after: str = "pass") -> FileReport:
    """Check the network with a measure in its step, and a cost that it evaluates after it."""
    text = NETWORK.replace("MEASURE", measure).replace("COST", cost).replace("AFTER", after)
    text = text.replace("SHARE1", shares.replace("W", "W1")).replace("SHARE2", shares.replace("W", "W2"))
    return check_program(program_from_bytes(text.encode(), "net.py"))


@pytest.mark.parametrize(
    "measure",
    [
        f"mse = {SQUARED}",
        f"history.append({SQUARED})",
        f"history.append((epoch, {SQUARED}))",
        f"print(f'{{epoch}} {{{SQUARED}:.4f}}')",
        "e = -np.sum(0.9 * T * np.log(o) + (1 - 0.9 * T) * np.log(1 - o))",
    ],
)
def test_an_error_of_another_kind_under_any_name(measure: str) -> None:
    """The gradient is that of a cross-entropy, and what the program measures in its step is none."""
    report = checked(measure)
    assert report.verdict == "inconclusive"
    assert "that the program itself evaluates" in (report.reason or "")


@pytest.mark.parametrize(
    "measure",
    [
        "err = -np.sum(T * np.log(o) + (1 - T) * np.log(1 - o))",
        "history.append(np.mean(np.abs(o - T)))",
        "history.append(np.mean((o > 0.5) == (T > 0.5)))",
        "history.append(np.linalg.norm(W1))",
        "pass",
    ],
)
def test_what_is_no_other_loss(measure: str) -> None:
    """A distance, an accuracy and the size of the weights are watched beside a cross-entropy."""
    assert checked(measure).verdict == "correct"


@pytest.mark.parametrize(
    ("penalty", "shares"),
    [
        (SQUARES, "0"),
        (SQUARES, "0.02 * W"),
        (SQUARES, "0.04 * np.sign(W)"),
        (SIGNS, "0.03 * W"),
        ("0.03 * (np.linalg.norm(W1) + np.linalg.norm(W2))", "0.03 * np.sign(W)"),
    ],
)
def test_a_penalty_of_another_size_or_kind_in_a_cost_that_is_evaluated(penalty: str, shares: str) -> None:
    """What the cost counts of the weights is not what the updates take off them."""
    report = checked(cost=f"{ENTROPY} + {penalty}", shares=shares, after="history.append(cost(X, T))")
    assert report.verdict == "inconclusive"
    assert "counts the size of W1 and W2" in (report.reason or "")


@pytest.mark.parametrize(
    ("penalty", "shares"), [(SQUARES, "0.04 * W"), (SIGNS, "0.03 * np.sign(W)"), ("0", "0.04 * W")]
)
@pytest.mark.parametrize("data", ["X, T", "X[:5], T[:5]"])
def test_a_penalty_that_is_in_the_updates_too(penalty: str, shares: str, data: str) -> None:
    """It has its own factor there, for the mean of whatever data; a decay that no cost counts is allowed."""
    report = checked(cost=f"{ENTROPY} + {penalty}", shares=shares, after=f"history.append(cost({data}))")
    assert report.verdict == "correct"


def test_a_norm_in_the_error_of_the_step() -> None:
    """The signs of the weights are no derivative of their norm."""
    measure = f"mse = {ENTROPY} + 0.05 * np.linalg.norm(W1)".replace("t *", "T *").replace("1 - t", "1 - T")
    measure = measure.replace("len(x)", "len(X)")
    assert checked(measure, shares="0").verdict != "correct"
    assert checked(measure, shares="0.05 * np.sign(W)").verdict != "correct"


SOFTMAX = """\
import numpy as np

rng = np.random.default_rng(6)
X, y = rng.normal(size=(13, 4)), rng.integers(0, 3, 13)
W, b = rng.normal(size=(4, 3)) * 0.5, rng.normal(size=3) * 0.2


def predict(x):
    z = np.exp(x @ W + b)
    return z / z.sum(axis=1, keepdims=True)


def cost(p, y):
    return COST


for epoch in range(50):
    for k in range(0, 12, 4):
        d = predict(X[k : k + 4])
        d[np.arange(4), y[k : k + 4]] -= 1
        W -= 0.1 * X[k : k + 4].T @ d
        b -= 0.1 * d.sum(axis=0)
    print(epoch, cost(predict(X), y))
"""


@pytest.mark.parametrize(
    ("cost", "verdict"),
    [
        ("-np.mean(np.log(p[np.arange(13), y]))", "correct"),
        ("-np.sum(np.log(np.sum(p * np.eye(3)[y], axis=1) + 1e-9))", "correct"),
        ("np.mean((p - np.eye(3)[y]) ** 2)", "inconclusive"),
    ],
)
def test_the_probabilities_of_the_right_classes(cost: str, verdict: str) -> None:
    """Their logarithms alone are the cross-entropy of all classes."""
    report = check_program(program_from_bytes(SOFTMAX.replace("COST", cost).encode(), "net.py"))
    assert report.verdict == verdict


def test_two_classes() -> None:
    """Of two probabilities that sum to one, the cross-entropy of all says what that of each says."""
    text = SOFTMAX.replace("0, 3, 13", "0, 2, 13").replace("(4, 3)", "(4, 2)").replace("size=3", "size=2")
    text = text.replace("COST", "-np.mean(np.log(p[np.arange(13), y]))")
    text = text.replace("d[np.arange(4), y[k : k + 4]] -= 1", "d = d - np.eye(2)[y[k : k + 4]]")
    report = check_program(program_from_bytes(text.encode(), "net.py"))
    assert report.verdict == "correct"


def test_an_output_and_a_target_that_are_exchanged_are_told() -> None:
    """A cross-entropy that takes the logarithm of its targets is another, by whatever name it is shown."""
    entropy = "c = -np.mean(T * np.log(o) + (1 - T) * np.log(1 - o))"
    assert checked(measure=f"{entropy}; print(c)").verdict == "correct"
    exchanged = "c = -np.mean(o * np.log(T) + (1 - o) * np.log(1 - T))"
    report = checked(measure=f"{exchanged}; print(c)")
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "`c`" in report.reason


def test_those_of_one_sample_are_told_as_well() -> None:
    """The logarithm of an item of an array is one of data, that of a setting is not."""
    text = """
import numpy as np

rng = np.random.default_rng(6)
X, T, scale = rng.normal(size=(30, 3)), rng.uniform(0.1, 0.9, size=30), 1.7
w, b = rng.normal(size=3), 0.2
for k in range(400):
    i = k % 30
    y = X[i] @ w + b
    e = -(y * np.log(LOG) + (1 - y) * np.log(1 + LOG))
    d = y - T[i]
    w -= 0.05 * d * X[i]
    b -= 0.05 * d
    if k % 50 == 0: print(k, e)
"""
    verdicts = [
        check_program(program_from_bytes(text.replace("LOG", log).encode(), "net.py")).verdict
        for log in ("T[i]", "scale")
    ]
    assert verdicts == ["inconclusive", "correct"]
