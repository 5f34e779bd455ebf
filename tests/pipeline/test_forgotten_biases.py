"""Biases that are drawn, added in the forward pass, and never updated."""

from __future__ import annotations

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

SCRIPT = """
import numpy as np

rng = np.random.default_rng(3)
X, Y = rng.normal(size=(23, 3)), rng.normal(size=(23, 2))
W1, b1 = rng.normal(size=(3, 5)), {begin}
W2, b2 = rng.normal(size=(5, 2)), rng.normal(size=2)
lr = 0.1
for epoch in range(1000):
    h = np.tanh(X @ W1 + b1)
    out = h @ W2 + b2
    loss = np.mean((out - Y) ** 2)
    d2 = 2 * (out - Y) / out.size
    d1 = d2 @ W2.T * (1 - h ** 2)
    W2 = W2 - lr * h.T @ d2
    W1 = W1 - lr * X.T @ d1
    b2 = b2 - lr * d2.sum(axis=0)
"""

LAYERS = """
import numpy as np

rng = np.random.default_rng(4)


class Layer:
    def __init__(self, n, m):
        self.weights, self.bias = rng.normal(size=(n, m)), rng.normal(size=m)

    def run(self, x):
        self.out = np.tanh(x @ self.weights + self.bias)
        return self.out


layers = [Layer(3, 5), Layer(5, 4), Layer(4, 2)]
rows, marks = rng.normal(size=(9, 3)), rng.uniform(-0.9, 0.9, size=(9, 2))
rate = 0.05
for turn in range(1000):
    for x, t in zip(rows, marks):
        a = x
        for layer in layers:
            a = layer.run(a)
        for k in reversed(range(3)):
            above = None if k == 2 else layers[k + 1]
            error = t - a if above is None else above.weights @ above.delta
            layers[k].delta = error * (1 - layers[k].out ** 2)
        for k, layer in enumerate(layers):
            below = x if k == 0 else layers[k - 1].out
            layer.weights += rate * np.outer(below, layer.delta)
"""


def checked(text: str) -> FileReport:
    """Check a program."""
    return check_program(program_from_bytes(text.encode(), "program.py"))


def test_one_of_two_in_a_script() -> None:
    """It is called beside the updates of the weights, and gets one like theirs."""
    report = checked(SCRIPT.format(begin="rng.normal(size=5)"))
    (found,) = [each for each in report.findings if each.severity == "error"]
    assert report.verdict == "faulty"
    assert (found.name, found.parameters) == ("never-updated", ("b1",))
    assert found.expected == "b1 = b1 - lr * d1.sum(axis=0)"
    assert found.mended


def test_those_of_all_layers() -> None:
    """One statement updates the weights of every layer, and one more all biases."""
    report = checked(LAYERS)
    (found,) = [each for each in report.findings if each.severity == "error"]
    assert found.span is not None
    assert "layer.weights +=" in LAYERS.splitlines()[found.span.row - 1]
    assert found.expected == "layer.bias += rate * layer.delta"
    assert len(found.parameters) == 3
    assert found.mended


def test_a_bias_of_one_number_is_warned_of() -> None:
    """Zeros that stay zeros change nothing: the gradients that are applied are right."""
    report = checked(SCRIPT.format(begin="np.zeros(5)"))
    assert report.verdict == "correct"
    assert ("never-updated", "warning") in [(each.name, each.severity) for each in report.findings]


def test_updated_biases_are_not_spoken_of() -> None:
    """Nothing is said where each has its update, nor of random features that are called otherwise."""
    text = SCRIPT.format(begin="rng.normal(size=5)")
    whole = text + "    b1 = b1 - lr * d1.sum(axis=0)\n"
    for right in (whole, text.replace("b1", "phase")):
        report = checked(right)
        assert report.verdict == "correct"
        assert not [each for each in report.findings if each.name == "never-updated"]
