"""Gradients that a program computes and never applies, told by their names."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

DICTIONARY = """
import numpy as np

def two_layer(X, y, params):
    W1, b1, W2 = params["W1"], params["b1"], params["W2"]
    h = np.tanh(X @ W1 + b1)
    out = h @ W2
    loss = 0.5 * np.sum((out - y) ** 2) / len(X)
    d = (out - y) / len(X)
    grads = {}
    grads["W2"] = h.T @ d
    dh = d @ W2.T * (1 - h * h)
    grads["W1"] = X.T @ dh
    grads["b1"] = dh.sum(axis=0)
    return loss, grads

rng = np.random.default_rng(0)
X = rng.normal(size=(10, 3)); y = rng.normal(size=(10, 2))
params = {"W1": rng.normal(size=(3, 4)), "b1": rng.normal(size=4), "W2": rng.normal(size=(4, 2))}
loss, grads = two_layer(X, y, params)
print(loss)
"""

ONE = """
import numpy as np
def svm_loss(W, X, y, reg):
    dW = np.zeros(W.shape)
    scores = X @ W
    correct = scores[np.arange(len(X)), y][:, None]
    margin = np.maximum(0, scores - correct + 1)
    margin[np.arange(len(X)), y] = 0
    loss = margin.sum() / len(X) + reg * np.sum(W * W)
    mask = (margin > 0).astype(float)
    mask[np.arange(len(X)), y] = -mask.sum(axis=1)
    dW = X.T @ mask / len(X)
    dW += 2 * reg * W
    return loss, dW
rng = np.random.default_rng(0)
X = rng.normal(size=(12, 4)); y = rng.integers(0, 3, 12)
W = rng.normal(size=(4, 3)) * .1
loss, grad = svm_loss(W, X, y, 0.1)
print(loss, grad)
"""


@pytest.mark.parametrize("text", [DICTIONARY, ONE])
def test_right(text: str) -> None:
    """Right gradients are certified, as computed and not as applied."""
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    assert report.verdict == "correct"
    assert "computed for" in report.certified[0]


@pytest.mark.parametrize(
    ("text", "right", "wrong", "name"),
    [
        (DICTIONARY, "(1 - h * h)", "(1 - h)", "wrong-activation-derivative"),
        (ONE, "dW += 2 * reg * W", "dW += reg * W", "wrong-scale"),
    ],
)
def test_wrong(text: str, right: str, wrong: str, name: str) -> None:
    """Wrong ones are found and named."""
    report = check_program(program_from_bytes(text.replace(right, wrong).encode(), "program.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (report.verdict, finding.name) == ("faulty", name)


def test_opposite() -> None:
    """Where all have the opposite sign, an update may add them: no fault, and no certificate."""
    text = DICTIONARY.replace("d = (out - y)", "d = (y - out)")
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    assert (report.verdict, "opposite sign" in (report.reason or "")) == ("inconclusive", True)


def test_only_an_output() -> None:
    """The gradient of an output alone certifies no program: what is made of it may be applied unseen."""
    text = DICTIONARY.replace("d = (out - y)", "dout = (out - y)").replace(
        'grads["W2"] = h.T @ d', "d = dout"
    )
    text = text.replace('grads["W1"]', "first").replace('grads["b1"]', "second")
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    assert report.verdict == "inconclusive"


LAYERS = """
import numpy as np

rng = np.random.default_rng(3)


class Dense:
    def __init__(self, n, m):
        self.weights, self.biases = rng.normal(size=(n, m)), rng.normal(size=(1, m)) * 0.1

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs @ self.weights + self.biases

    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = dvalues.sum(axis=0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T


class Relu:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)

    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0


class SoftmaxLoss:
    def forward(self, inputs, y):
        e = np.exp(inputs - inputs.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
        return np.mean(-np.log(self.output[range(len(y)), y]))

    def backward(self, dvalues, y):
        self.dinputs = dvalues.copy()
        self.dinputs[range(len(y)), y] -= 1
        self.dinputs = self.dinputs / len(y)


X, y = rng.normal(size=(11, 2)), rng.integers(0, 3, 11)
one, relu, two, end = Dense(2, 3), Relu(), Dense(3, 3), SoftmaxLoss()
one.forward(X)
relu.forward(one.output)
two.forward(relu.output)
loss = end.forward(two.output, y)
end.backward(end.output, y)
two.backward(end.dinputs)
relu.backward(two.dinputs)
one.backward(relu.dinputs)
print(loss, one.dweights, one.dbiases, two.dweights, two.dbiases)
"""


def test_layers_whose_gradients_are_called_after_their_own_attributes() -> None:
    """What a layer calls dinputs belongs to its own inputs; and no step is judged without end."""
    report = check_program(program_from_bytes(LAYERS.encode(), "program.py"), timeout=8.0)
    assert report.verdict == "correct", report.findings
    wrong = LAYERS.replace("dvalues @ self.weights.T", "dvalues @ self.weights")
    assert check_program(program_from_bytes(wrong.encode(), "program.py"), timeout=8.0).verdict == "faulty"
