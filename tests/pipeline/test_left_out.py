"""Objects that hold a number and its gradient: one that no list of parameters has is said."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

SCALARS = """
import math
import random

random.seed(3)
class Value:
    def __init__(self, number, makers=(), back=None):
        self.number, self.slope, self.makers = number, 0.0, makers
        self.back = back or (lambda: None)
    def __add__(self, other):
        out = Value(self.number + other.number, (self, other))
        def back():
            self.slope += out.slope
            other.slope += out.slope
        out.back = back
        return out
    def __mul__(self, other):
        out = Value(self.number * other.number, (self, other))
        def back():
            self.slope += other.number * out.slope
            other.slope += self.number * out.slope
        out.back = back
        return out
    def tanh(self):
        t = math.tanh(self.number)
        out = Value(t, (self,))
        def back():
            self.slope += (1 - t * t) * out.slope
        out.back = back
        return out
    def backward(self):
        order, seen = [], set()
        def visit(value):
            if value not in seen:
                seen.add(value)
                for maker in value.makers:
                    visit(maker)
                order.append(value)
        visit(self)
        self.slope = 1.0
        for value in reversed(order):
            value.back()

class Unit:
    def __init__(self, inputs):
        self.weights = [Value(random.uniform(-1, 1)) for _ in range(inputs)]
        self.bias = Value(random.uniform(-0.4, 0.4))
    def __call__(self, x):
        total = self.bias
        for weight, each in zip(self.weights, x):
            total = total + weight * each
        return total.tanh()
    def parameters(self):
        return OWN

hidden, last = [Unit(2) for _ in range(3)], Unit(3)
def network(x):
    return last([unit(x) for unit in hidden])
points = [[Value(0.5), Value(-0.8)], [Value(0.9), Value(0.3)], [Value(-0.6), Value(0.7)]]
targets = [Value(-0.3), Value(0.4), Value(0.6)]
values = [p for unit in UNITS for p in unit.parameters()]
for k in range(80):
    loss = Value(0.0)
    for x, target in zip(points, targets):
        error = network(x) + target
        loss = loss + error * error
    for p in CLEARED:
        p.slope = 0.0
    loss.backward()
    for p in values:
        p.number -= 0.05 * p.slope
    print(k, loss.number)
"""
ALL = {"OWN": "[*self.weights, self.bias]", "UNITS": "[*hidden, last]", "CLEARED": "values"}


def _checked(**changed: str) -> FileReport:
    text = SCALARS
    for word, by in {**ALL, **changed}.items():
        text = text.replace(word, by)
    return check_program(program_from_bytes(text.encode(), "values.py"))


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"OWN": "self.weights"}, "bias.slope"),
        ({"OWN": "[*self.weights[1:], self.bias]"}, "weights[0].slope"),
    ],
)
def test_a_number_that_no_list_has_is_said(changed: dict[str, str], what: str) -> None:
    """Its gradient is computed as that of those beside it, and no update applies it."""
    report = _checked(**changed)
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert what in report.reason


def test_numbers_of_another_list_that_are_cleared_alike_are_said() -> None:
    """What has its gradient set to zero by the statement that does so for parameters is one of them."""
    everything = "[p for unit in [*hidden, last] for p in unit.parameters()]"
    report = _checked(UNITS="[last]", CLEARED=everything)
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "not applied" in report.reason
    assert _checked(CLEARED=everything).verdict == "correct"


HOLDERS = """
import numpy as np

rng = np.random.default_rng(2)
class Held:
    def __init__(self, value):
        self.value, self.slope = value, None
X, y = rng.normal(size=(25, 3)), rng.normal(size=25)
w, v, b = Held(rng.normal(size=(3, 4)) * 0.5), Held(rng.normal(size=4) * 0.5), Held(np.array([0.3]))
for k in range(700):
    h = np.tanh(X @ w.value)
    e = h @ v.value + b.value - y
    loss = 0.5 * np.mean(e ** 2)
    w.slope = X.T @ (np.outer(e, v.value) * (1 - h ** 2)) / 25
    v.slope = h.T @ e / 25
    b.slope = np.array([e.mean()])
    for p in CHANGED:
        p.value = p.value - 0.1 * p.slope
    if k % 100 == 0: print(loss)
"""


def test_an_array_that_no_list_has_is_said() -> None:
    """Where all objects that are given a gradient were there before, they hold parameters."""
    text = HOLDERS.replace("CHANGED", "(w, v)")
    report = check_program(program_from_bytes(text.encode(), "held.py"))
    assert report.verdict != "correct"
    text = HOLDERS.replace("CHANGED", "(w, v, b)")
    assert check_program(program_from_bytes(text.encode(), "held.py")).verdict == "correct"


def test_data_and_targets_have_gradients_that_nobody_applies() -> None:
    """They are objects of the same kind, and held by no model."""
    assert _checked().verdict == "correct"


LAYERS = """
import numpy as np

rng = np.random.default_rng(6)
class Affine:
    def __init__(self, inputs, outputs, learns=True):
        self.W, self.b = rng.normal(size=(inputs, outputs)) * 0.4, rng.normal(size=outputs) * 0.1
        self.learns = learns
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, g):
        self.dW, self.db = self.x.T @ g, g.sum(axis=0)
        return g @ self.W.T
    def update(self):
        self.W -= 0.1 * self.dW
        self.b -= 0.1 * self.db

class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, g):
        return g * (1 - self.y ** 2)

X, t = rng.normal(size=(23, 5)), rng.normal(size=(23, 2))
layers = [Affine(5, 7), Tanh(), Affine(7, 6, False), Tanh(), Affine(6, 2)]
for k in range(900):
    h = X
    for layer in layers:
        h = layer.forward(h)
    loss = np.sum((h - t) ** 2) / 23
    g = 2 * (h - t) / 23
    for layer in layers[::-1]:
        g = layer.backward(g)
    for layer in UPDATED:
        if CONDITION:
            layer.update()
    if k % 100 == 0:
        print(k, loss)
"""


@pytest.mark.parametrize(
    ("updated", "condition", "verdict"),
    [
        ("layers", "isinstance(layer, Affine)", "correct"),
        ("layers[1:]", "hasattr(layer, 'W') and layer.dW is not None", "inconclusive"),
        ("layers", "hasattr(layer, 'W') and layer.learns", "correct"),
    ],
)
def test_a_layer_that_no_loop_reaches_is_said(updated: str, condition: str, verdict: str) -> None:
    """It is changed under a condition that it would meet; what a flag leaves out stays by choice."""
    text = LAYERS.replace("UPDATED", updated).replace("CONDITION", condition)
    report = check_program(program_from_bytes(text.encode(), "layers.py"))
    assert report.verdict == verdict, report.reason
    assert verdict == "correct" or "layers[" in str(report.reason)


def test_a_loop_that_leaves_out_the_last_layer_is_wrong() -> None:
    """Who trains a part of a model trains its last layer. The loop is around what calls the update."""
    text = LAYERS.replace("UPDATED", "layers[:-1]").replace("CONDITION", "isinstance(layer, Affine)")
    report = check_program(program_from_bytes(text.encode(), "layers.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.found, finding.expected) == ("never-updated", "layers[:-1]", "layers")
    assert "layers[4].dW and layers[4].db" in finding.message
    assert finding.mended


def test_the_last_layer_is_seen_to_be_left_out_when_others_are_mended() -> None:
    """As long as other gradients are wrong nothing tells that it is left out."""
    text = LAYERS.replace("UPDATED", "layers[:-1]").replace("CONDITION", "isinstance(layer, Affine)")
    text = text.replace("1 - self.y ** 2", "1 - self.y")
    report = check_program(program_from_bytes(text.encode(), "layers.py"))
    errors = [f for f in report.findings if f.severity == "error"]
    assert [f.name for f in errors] == ["wrong-activation-derivative", "never-updated"]
    assert all(f.mended for f in errors)


FIELDS = """
from dataclasses import dataclass
import numpy as np

@dataclass
class Weights:
    value: np.ndarray
    slope: np.ndarray = None

rng = np.random.default_rng(8)
X, y = rng.normal(size=(27, 3)), rng.normal(size=(27, 2))
w1, b1 = Weights(rng.normal(size=(3, 6)) * 0.5), Weights(rng.normal(size=6) * 0.1)
w2, b2 = Weights(rng.normal(size=(6, 2)) * 0.5), Weights(rng.normal(size=2) * 0.1)
for k in range(700):
    h = np.tanh(X @ w1.value + b1.value)
    e = h @ w2.value + b2.value - y
    loss = 0.5 * np.sum(e ** 2) / 27
    w2.slope, b2.slope = h.T @ e / 27, e.sum(axis=0) / 27
    d = e @ w2.value.T * (1 - h ** 2) / 27
    w1.slope, b1.slope = X.T @ d, d.sum(axis=0)
    for w in LISTED:
        w.value = w.value - 0.1 * w.slope
    if k % 100 == 0: print(loss)
"""


def test_a_field_of_a_dataclass_that_no_list_has_is_said() -> None:
    """Nothing is seen of what its initialiser stores, and what is read of it tells what it holds."""
    text = FIELDS.replace("LISTED", "(w1, b1, w2)")
    report = check_program(program_from_bytes(text.encode(), "fields.py"))
    assert report.verdict == "inconclusive"
    assert "b2.slope" in str(report.reason)
    text = FIELDS.replace("LISTED", "(w1, b1, w2, b2)")
    assert check_program(program_from_bytes(text.encode(), "fields.py")).verdict == "correct"
