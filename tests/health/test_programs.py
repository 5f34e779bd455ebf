"""What is measured of programs of several styles: numbers, places, and silence where nothing is wrong."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

ONE_BY_ONE = """\
import numpy as np

rng = np.random.default_rng(3)
xs = rng.uniform({low}, {high}, 500)
ys = np.sin(xs)
w1 = rng.uniform(-1, 1, 10)
w2 = rng.uniform(-1, 1, 10)
lr = {rate}


def sig(z):
    return 1 / (1 + np.exp(-z))


for epoch in range(1000):
    for i in range(500):
        x, y = xs[i], ys[i]
        h = sig(w1 * x)
        out = h @ w2
        loss = 0.5 * (out - y) ** 2
        d = out - y
        g2 = d * h
        g1 = d * w2 * h * (1 - h) * x
        w2 -= lr * g2
        w1 -= lr * g1
"""

LAYERS = """\
import numpy as np

rng = np.random.default_rng(8)


class Dense:
    def __init__(self, n_in, n_out):
        self.W = {weights}
        self.b = {biases}

    def forward(self, x):
        self.x = x
        return self.W @ x + self.b

    def backward(self, g):
        self.dW, self.db = g @ self.x.T, g.sum(axis=1, keepdims=True)
        return self.W.T @ g


class Relu:
    def forward(self, x):
        self.on = x > 0
        return np.where(self.on, x, 0.0)

    def backward(self, g):
        return g * self.on


net = [Dense(4, 9), Relu(), Dense(9, 2)]
X = rng.standard_normal((4, 31))
T = rng.standard_normal((2, 31))
for step in range(200):
    a = X
    for layer in net:
        a = layer.forward(a)
    loss = np.mean((a - T) ** 2)
    g = 2 * (a - T) / a.size
    for layer in reversed(net):
        g = layer.backward(g)
    for layer in net[::2]:
        layer.W -= 0.1 * layer.dW
        layer.b -= 0.1 * layer.db
"""

MOMENTUM = """\
import numpy as np

rng = np.random.default_rng(4)
X = rng.standard_normal((40, 3))
y = np.tanh(X @ [1.0, -2.0, 0.5]) * {height}
params = dict(W=0.5 * rng.standard_normal((3, 6)), b=np.zeros(6), v=0.5 * rng.standard_normal(6))
speed = {{k: np.zeros_like(p) for k, p in params.items()}}
learning_rate = {rate}
for epoch in range(500):
    h = np.tanh(X @ params["W"] + params["b"])
    out = {output}
    loss = 0.5 * np.mean((out - y) ** 2)
    d = (out - y) {slope} / len(y)
    dh = np.outer(d, params["v"]) * (1 - h**2)
    grads = dict(W=X.T @ dh, b=dh.sum(0), v=h.T @ d)
    for k in params:
        speed[k] = 0.9 * speed[k] - learning_rate * grads[k]
        params[k] += speed[k]
"""

HE = "rng.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)"
ZEROS = "np.zeros((n_out, 1))"


def check(text: str) -> FileReport:
    """Check a program."""
    return check_program(program_from_bytes(text.encode(), "program.py"))


def momentum(
    height: float = 0.9, rate: float = 0.05, output: str = 'h @ params["v"]', slope: str = ""
) -> str:
    """Fill in the program with momentum."""
    return MOMENTUM.format(height=height, rate=rate, output=output, slope=slope)


PAIRS = """\
import numpy as np

rng = np.random.default_rng(9)
near, other = rng.uniform(-1, 1, (13, 5)), rng.uniform(-1, 1, (13, 5))
pairs = [(a, b, int(abs(a - b) < 3)) for a in range(13) for b in range(13) if (a + 2 * b) % 3]
for turn in range(800):
    cost = 40.0
    for a, b, together in pairs:
        p = 1 / (1 + np.exp(-(near[a] @ other[b])))
        cost -= np.log(p) if together else np.log(1 - p)
        d = 0.1 * (together - p)
        step = d * other[b]
        other[b] += d * near[a]
        near[a] += step
"""


UNWELL = {
    "raw input, one sample a step": (
        ONE_BY_ONE.format(low=0, high=15, rate=0.01),
        "unscaled-input",
        "rng.uniform(0, 15, 500)",
        "and give the first layer a bias",
    ),
    "a rate that is too large for one sample a step": (
        ONE_BY_ONE.format(low=-1, high=1, rate=3.5),
        "learning-rate-too-large",
        "3.5",
        "At the learning rate 3.5 the loss",
    ),
    "layer objects that start at zero": (
        LAYERS.format(weights="np.zeros((n_out, n_in))", biases=ZEROS),
        "symmetric-initialisation",
        "np.zeros((n_out, n_in))",
        "All 9 units",
    ),
    "rectified units with a bias far below zero": (
        LAYERS.format(weights=HE, biases="np.zeros((n_out, 1)) - (12 if n_out == 9 else 0)"),
        "dead-units",
        "np.zeros((n_out, 1)) - (12 if n_out == 9 else 0)",
        "9 of the 9 units",
    ),
    "a tanh output for targets up to three": (
        momentum(3.0, 0.05, 'np.tanh(h @ params["v"])', "* (1 - out**2)"),
        "target-out-of-range",
        'np.tanh(h @ params["v"])',
        "only be between -1 and 1",
    ),
    "momentum at a rate that is too large": (
        momentum(rate=9.0),
        "learning-rate-too-large",
        "9.0",
        "use 0.9 or less",
    ),
}
WELL = {
    "one sample a step": ONE_BY_ONE.format(low=-1, high=1, rate=0.05),
    "layer objects": LAYERS.format(weights=HE, biases=ZEROS),
    "a running total from which logarithms are taken": PAIRS,
    "momentum": momentum(),
    "momentum at a rate that only oscillates": momentum(rate=0.5),
    "a tanh output for targets within its range": momentum(
        0.9, 0.05, 'np.tanh(h @ params["v"])', "* (1 - out**2)"
    ),
}


@pytest.mark.parametrize("case", UNWELL)
def test_what_is_unwell_is_measured_and_placed(case: str) -> None:
    """One warning, of the right name, at the expression responsible, with its number."""
    text, name, found, said = UNWELL[case]
    report = check(text)
    assert report.verdict != "faulty"
    assert [(f.name, f.severity, f.found) for f in report.findings] == [(name, "warning", found)]
    assert said in report.findings[0].message


@pytest.mark.parametrize("case", WELL)
def test_what_is_well_gets_no_warning(case: str) -> None:
    """A program that trains is certified without a word about its health."""
    report = check(WELL[case])
    assert (report.verdict, report.findings) == ("correct", ())
