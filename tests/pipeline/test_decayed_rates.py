"""A learning rate that changes from step to step is no memory of gradients, however it is written."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """\
import numpy as np

rng = np.random.default_rng(64)
x = rng.uniform(-1, 1, (34, 2))
y = x[:, 0] + x[:, 1] ** 2
w, b = rng.normal(size=2), 0.1
vw, vb = np.zeros(2), 0.0
first = rate = 0.1
for step in range(4000):
    r = x @ w + b - y
    loss = np.mean(r ** 2)
    vw = 0.9 * vw + 2 * x.T @ r / len(y)
    vb = 0.9 * vb + {gradient}
    w -= rate * vw
    b -= rate * vb
    {decay}
"""

DECAYS = (
    "rate *= 0.999",
    "rate = rate / (1 + 1e-3)",
    "rate -= 1e-6",
    "rate = first * 0.5 ** (step // 10)",
    "rate = rate * 0.5 if step % 2 else rate",
    "rate = max(0.98 * rate, 1e-4)",
    "rate = first * np.exp(-0.01 * step)",
    "vw, rate = vw * 0.99, rate * 0.99",
)


def verdict(decay: str, gradient: str) -> str:
    """What is said of the program."""
    text = PROGRAM.format(decay=decay, gradient=gradient)
    return check_program(program_from_bytes(text.encode(), "program.py"), timeout=8.0).verdict


@pytest.mark.parametrize("decay", DECAYS)
def test_a_rate_that_decays(decay: str) -> None:
    """Right gradients are certified beside it, and a missing factor is found."""
    assert verdict(decay, "2 * r.mean()") == "correct"
    assert verdict(decay, "r.mean()") == "faulty"


ADAM = """\
import numpy as np

rng = np.random.default_rng(1)
x = rng.uniform(-1, 1, (19, 3))
y = np.stack((x[:, 0] * x[:, 1], x[:, 2] ** 2), 1)
w = {"a": rng.normal(0, 0.5, (3, 6)), "b": rng.normal(0, 0.1, 6), "c": rng.normal(0, 0.5, (6, 2))}
m = {k: 0 * v for k, v in w.items()}
s = {k: 0 * v for k, v in w.items()}
p1 = p2 = 1.0
for epoch in range(3000):
    z = x @ w["a"] + w["b"]
    h = np.tanh(z)
    r = h @ w["c"] - y
    loss = np.mean(r ** 2)
    d = 2 * r / r.size
    u = d @ w["c"].T * (1 - h ** 2)
    g = {"a": x.T @ u, "b": u.sum(0), "c": h.T @ SUM}
    p1, p2 = p1 * 0.9, p2 * 0.99
    rate = 0.01 * np.sqrt(1 - p2) / (1 - p1)
    for k in w:
        m[k] = 0.9 * m[k] + 0.1 * g[k]
        s[k] = 0.99 * s[k] + 0.01 * g[k] ** 2
        w[k] = w[k] - rate * m[k] / (np.sqrt(s[k]) + 1e-8) - 0.001 * rate * w[k]
"""


def test_a_share_that_is_taken_off_at_a_changing_rate() -> None:
    """What shrinks the weights may be scaled by the rate of the step, though that is computed anew."""
    verdicts = [
        check_program(program_from_bytes(ADAM.replace("SUM", text).encode(), "adam.py")).verdict
        for text in ("d", "np.abs(d)")
    ]
    assert verdicts == ["correct", "faulty"]


def test_a_small_share_taken_off_in_place() -> None:
    """What a step takes off in two statements keeps its digits, however small the gradient beside it is."""
    text = ADAM.replace("SUM", "d").replace("0.99 * s[k] + 0.01", "0.999 * s[k] + 0.001")
    split = "        w[k] *= 1 - 0.01 * 1e-3\n        w[k] -= rate * m[k] / (np.sqrt(s[k]) + 1e-8)\n"
    text = text.replace(
        "        w[k] = w[k] - rate * m[k] / (np.sqrt(s[k]) + 1e-8) - 0.001 * rate * w[k]\n", split
    )
    assert split in text
    assert check_program(program_from_bytes(text.encode(), "adam.py")).verdict == "correct"


def test_a_bias_of_one_unit_shrinks_as_the_weights_do() -> None:
    """One number times another may be a gradient, but not where the other is made of rates and all but 1."""
    text = ADAM.replace("SUM", "d").replace("np.stack((x[:, 0] * x[:, 1], x[:, 2] ** 2), 1)", "x[:, :1] ** 2")
    text = text.replace(
        '"c": rng.normal(0, 0.5, (6, 2))', '"c": rng.normal(0, 0.5, (6, 1)), "e": np.full(1, 0.3)'
    )
    text = text.replace('h @ w["c"] - y', 'h @ w["c"] + w["e"] - y').replace(
        "h.T @ d}", 'h.T @ d, "e": BIAS}'
    )
    text = text.replace(" - 0.001 * rate * w[k]\n", "\n").replace(
        "        m[k] =", "        w[k] *= 1 - 0.001 * rate\n        m[k] ="
    )
    verdicts = [
        check_program(program_from_bytes(text.replace("BIAS", sum_).encode(), "adam.py")).verdict
        for sum_ in ("d.sum(0)", "np.abs(d).sum(0)")
    ]
    assert verdicts == ["correct", "faulty"]
