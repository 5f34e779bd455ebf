"""An update that puts new arrays into a dictionary, while the layers go on with those they were made with."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

ORCHARD = """\
import numpy as np

rng = np.random.default_rng(1)


class Mix:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, d):
        self.dW = self.x.T @ d
        self.db = d.sum(axis=0)
        return d @ self.W.T


class Bend:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, d):
        return d * (1 - self.y**2)


held = {
    "W1": rng.normal(size=(5, 4)) * 0.5, "b1": rng.normal(size=4) * 0.1,
    "W2": rng.normal(size=(4, 3)) * 0.5, "b2": rng.normal(size=3) * 0.1,
}
layers = [Mix(held["W1"], held["b1"]), Bend(), Mix(held["W2"], held["b2"])]
X = rng.normal(size=(11, 5))
T = rng.normal(size=(11, 3))
for season in range(20):
    out = X
    for layer in layers:
        out = layer.forward(out)
    loss = 0.5 * np.sum((out - T) ** 2)
    d = out - T
    for layer in reversed(layers):
        d = layer.backward(d)
    grads = {"W1": layers[0].dW, "b1": layers[0].db, "W2": layers[2].dW, "b2": layers[2].db}
    for key in held:
        held[key] = held[key] - 0.01 * grads[key]
"""
AGAIN = """\
    layers[0].W, layers[0].b, layers[2].W, layers[2].b = held.values()
"""


def test_the_update_that_no_layer_sees_is_found_and_made_in_place() -> None:
    """Every gradient is right, of arrays that never change: nothing is learned."""
    report = check_program(program_from_bytes(ORCHARD.encode(), "orchard.py"))
    assert report.verdict == "faulty"
    (error,) = [f for f in report.findings if f.severity == "error"]
    assert error.name == "never-updated"
    assert error.fix is not None
    assert error.fix.edits[0].content == "held[key] -= 0.01 * grads[key]"
    assert error.fix.applicability == "safe"


@pytest.mark.parametrize(
    "text",
    [ORCHARD.replace("= held[key] - 0.01", "-= 0.01"), ORCHARD + AGAIN],
    ids=["in place", "handed on"],
)
def test_arrays_that_the_layers_share_or_are_given_are_fine(text: str) -> None:
    """The same network, where what is updated is what the next round reads."""
    assert check_program(program_from_bytes(text.encode(), "orchard.py")).verdict == "correct"


KEPT = """\
import numpy as np

rng = np.random.default_rng(3)


def forward(x, layers):
    kept = []
    for W, b in layers:
        z = x @ W + b
        kept.append((x, z))
        x = np.tanh(z)
    return x, kept


def backward(d, layers, kept):
    found = []
    for n in (2, 1, 0):
        x, z = kept[n]
        d = d * (1 - np.tanh(z) ** 2)
        found.append((x.T @ d, d.sum(axis=0)))
        d = d @ layers[n][0].T
    return found[::-1]


def descend(layers, found):
    for (W, b), (dW, db) in zip(layers, found):
        W -= 0.01 * dW
        b -= 0.01 * db


layers = [(rng.normal(size=(n, m)) * 0.5, rng.normal(size=m)) for n, m in [(4, 5), (5, 3), (3, 1)]]
X = rng.normal(size=(13, 4))
T = np.tanh(rng.normal(size=(13, 1)))
for k in range(2000):
    o, kept = forward(X, layers)
    if k % 300 == 0:
        print(0.5 * np.sum((o - T) ** 2))
    descend(layers, backward(o - T, layers, kept))
"""


def test_what_is_computed_anew_from_a_parameter_is_no_update_of_it() -> None:
    """A sum with a bias is kept at the same place in every round, and is no parameter."""
    assert check_program(program_from_bytes(KEPT.encode(), "kept.py")).verdict == "correct"
