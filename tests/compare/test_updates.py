"""The rule of an update is read from what it does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backproof.compare.experiment import Experiment

Read = Callable[[str], Experiment]
LINE = """\
import numpy as np

rng = np.random.default_rng(8)
X = rng.normal(size=(17, 3))
t = X @ np.array([1.5, -2.0, 0.5]) + 0.25
w = rng.normal(size=3)
m = np.zeros(3)
v = np.zeros(3)
for k in range(1, 700):
    o = X @ w
    loss = np.mean((o - t) ** 2)
    g = 2 * X.T @ (o - t) / 17
{rule}
"""
RULES = {
    "w = w - 0.02 * g": "gradient descent, rate 0.02",
    "w = w - 0.02 * (g + 0.003 * w)": "gradient descent, rate 0.02, weight decay 0.003",
    "m = 0.9 * m + g; w = w - 0.02 * m": "momentum, rate 0.02, keeping 0.9",
    "m = 0.9 * m - 0.02 * g; w = w + 0.9 * m - 0.02 * g": "Nesterov momentum, rate 0.02, keeping 0.9",
    "v += g**2; w -= 0.02 * g / (np.sqrt(v) + 1e-9)": "Adagrad, rate 0.02",
    "v = 0.99 * v + 0.01 * g**2; w -= 0.02 * g / (np.sqrt(v) + 1e-9)": "RMSprop, rate 0.02, keeping 0.99",
    "m = 0.9 * m + 0.1 * g; v = 0.99 * v + 0.01 * g * g; "
    "w = w - 0.02 * (m / (1 - 0.9**k)) / (np.sqrt(v / (1 - 0.99**k)) + 1e-9)": (
        "Adam, rate 0.02, keeping 0.9 and 0.99"
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_recognised(rule: str, read: Read) -> None:
    """By name, with its rate and what it keeps."""
    assert str(read(LINE.format(rule=f"    {rule}")).update) == RULES[rule]


def test_a_rate_that_falls_is_told(read: Read) -> None:
    """It is another number in every step, which data that go up and down are not mistaken for."""
    rule = "    w = w - 0.02 / (1 + 0.1 * k) * g"
    assert ", changing" in str(read(LINE.format(rule=rule)).update)


def test_the_decay_of_an_adaptive_rule_is_not_guessed(read: Read) -> None:
    """Its share of the gradient is divided by what is remembered, so it has no one size."""
    rule = (
        "    g = g + 0.01 * w; m = 0.9 * m + 0.1 * g; v = 0.99 * v + 0.01 * g * g; "
        "w = w - 0.02 * (m / (1 - 0.9**k)) / (np.sqrt(v / (1 - 0.99**k)) + 1e-9)"
    )
    update = read(LINE.format(rule=rule)).update
    assert update.rule in ("Adam", None)
    assert not update.decay
