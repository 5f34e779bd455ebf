"""Masks of the forward pass that the backward pass keeps and does not read."""

from __future__ import annotations

import pytest

from backproof.findings import Finding
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

DROPPED = """
import numpy as np

draw = np.random.default_rng(12)
x = draw.normal(size=(31, 3))
t = (x[:, :1] * x[:, 1:2] > 0).astype(float)
p = {"W1": 0.7 * draw.normal(size=(3, 7)), "b1": 0.2 * draw.normal(size=(1, 7)),
     "W2": 0.7 * draw.normal(size=(7, 5)), "b2": 0.2 * draw.normal(size=(1, 5)),
     "W3": 0.7 * draw.normal(size=(5, 1)), "b3": np.zeros((1, 1))}
share = 0.8

def forward(x):
    c = {"H0": x}
    for l in (1, 2):
        c[f"Q{l}"] = np.tanh(c[f"H{l - 1}"] @ p[f"W{l}"] + p[f"b{l}"])
        c[f"M{l}"] = draw.random(c[f"Q{l}"].shape) < share
        c[f"H{l}"] = c[f"Q{l}"] * c[f"M{l}"] / share
    c["out"] = 1 / (1 + np.exp(-(c["H2"] @ p["W3"] + p["b3"])))
    return c

for turn in range(4000):
    c = forward(x)
    loss = -np.mean(t * np.log(c["out"]) + (1 - t) * np.log(1 - c["out"]))
    d = (c["out"] - t) / len(x)
    g = {}
    for l in (3, 2, 1):
        g[f"W{l}"] = c[f"H{l - 1}"].T @ d
        g[f"b{l}"] = d.sum(axis=0, keepdims=True)
        if l > 1:
            d = d @ p[f"W{l}"].T
            d = d * c[f"M{l - 1}"] / share
            d = d * (1 - c[f"Q{l - 1}"] ** 2)
    for name in p:
        p[name] -= 0.5 * g[name]
    if turn % 500 == 0:
        print(loss)
"""


def _errors(text: str) -> list[Finding]:
    report = check_program(program_from_bytes(text.encode(), "masks.py"))
    return [finding for finding in report.findings if finding.severity == "error"]


@pytest.mark.parametrize("key", ['f"M{l - 1}"', '"M" + str(l - 1)', '"M%d" % (l - 1)'])
def test_a_mask_that_is_kept_and_not_read(key: str) -> None:
    """It is found by its key, beside the number that makes up for what it leaves out."""
    text = DROPPED.replace('f"Q{l - 1}"', key.replace("M", "Q"))
    assert _errors(text) == []
    (finding,) = _errors(text.replace('d * c[f"M{l - 1}"] / share', "d / share"))
    assert (finding.name, finding.found) == ("missing-factor", "d / share")
    assert finding.expected == f"d / share * c[{key}]"
    assert finding.mended


LEAKING = """
import numpy as np

draw = np.random.default_rng(22)
x, t = draw.normal(size=(19, 3)), draw.normal(size=(19, 2))
W, b, V = 0.8 * draw.normal(size=(3, 5)), 0.3 * draw.normal(size=5), 0.6 * draw.normal(size=(5, 2))
drip = 0.2
for turn in range(3000):
    z = x @ W + b
    h = np.where(z > 0, z, drip * z)
    miss = h @ V - t
    loss = np.sum(miss ** 2) / len(x)
    dout = 2 * miss / len(x)
    dz = dout @ V.T * np.where(z > 0, 1, drip)
    V -= 0.05 * h.T @ dout
    W -= 0.05 * x.T @ dz
    b -= 0.05 * dz.sum(axis=0)
"""


@pytest.mark.parametrize("mask", ["(z > 0)", "(h > 0).astype(float)", "np.greater(z, 0)"])
def test_a_mask_of_a_unit_that_leaks_has_its_slope(mask: str) -> None:
    """Where the mask is zero, the forward pass multiplies by a number that has a name."""
    text = LEAKING.replace("V.T * np.where(z > 0, 1, drip)", f"V.T * {mask}")
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.span.row) == ("forward-backward-mismatch", 14)
    assert finding.mended
    assert "1, drip)" in (finding.expected or "")


SCALED = """
import numpy as np

draw = np.random.default_rng(27)
x, t = draw.normal(size=(23, 4)), draw.normal(size=(23, 2))
W, b, V = 0.7 * draw.normal(size=(4, 6)), 0.3 * draw.normal(size=6), 0.6 * draw.normal(size=(6, 2))
c = 0.2 * draw.normal(size=2)
keep, part = 0.6, 0.3
for turn in range(3000):
    h = np.tanh(x @ W + b)
    left = (draw.random(h.shape) < keep) * 1.0
    kept = FORWARD
    miss = kept @ V + c - t
    loss = 0.5 * np.sum(miss ** 2)
    back = miss @ V.T
    back = back * BACKWARD * (1 - h ** 2)
    V -= 0.01 * kept.T @ miss
    c -= 0.01 * miss.sum(axis=0)
    W -= 0.01 * x.T @ back
    b -= 0.01 * back.sum(axis=0)
"""


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("h * (left * 2)", "left * 2"),
        ("h * left * 3.5", "left * 3.5"),
        ("h * (left / keep)", "left / keep"),
        ("h * left / keep", "left / keep"),
        ("left * h / (1 - part)", "left / (1 - part)"),
    ],
)
def test_a_mask_is_read_without_what_scales_it(forward: str, backward: str) -> None:
    """It is mended at the mask, though the number could be put anywhere on the way."""
    text = SCALED.replace("FORWARD", forward)
    assert _errors(text.replace("BACKWARD", f"({backward})")) == []
    (finding,) = _errors(text.replace("BACKWARD", "left"))
    assert (finding.name, finding.found, finding.expected) == (
        "forward-backward-mismatch",
        "left",
        backward,
    )
    assert finding.mended


WRAPPED = """
import numpy as np

draw = np.random.default_rng(21)


class Linear:
    def __init__(self, before, after):
        self.K = draw.normal(0, 0.6, (before, after))

    def forward(self, a):
        self.a = a
        return a @ self.K

    def backward(self, g):
        self.gK = self.a.T @ g
        return g @ self.K.T

    def update(self, rate):
        self.K -= rate * self.gK


class Smooth(Linear):
    def forward(self, a):
        self.h = np.tanh(super().forward(a))
        return self.h

    def backward(self, g):
        return super().backward(g * (1 - self.h ** 2))


class Thinned:
    def __init__(self, inner, share):
        self.inner, self.share = inner, share

    def forward(self, a):
        self.gain = 1 / (1 - self.share)
        self.kept = draw.random(a.shape) >= self.share
        return self.inner.forward(self.gain * self.kept * a)

    def backward(self, g):
        passed = self.inner.backward(g)
        return self.gain * self.kept * passed

    def update(self, rate):
        self.inner.update(rate)


a, t = draw.normal(0, 1, (17, 3)), draw.normal(0, 0.5, (17, 2))
net = [Smooth(3, 6), Thinned(Smooth(6, 5), 0.2), Thinned(Linear(5, 2), 0.3)]
for turn in range(900):
    out = a
    for layer in net:
        out = layer.forward(out)
    back = (out - t) / len(t)
    for layer in reversed(net):
        back = layer.backward(back)
    for layer in net:
        layer.update(0.1)
"""


def test_a_mask_is_missing_beside_the_number_that_goes_with_it():
    """Any statement on the way could have it; it belongs where its number stands."""
    assert _errors(WRAPPED) == []
    (finding,) = _errors(WRAPPED.replace("self.gain * self.kept * passed", "self.gain * passed"))
    assert (finding.name, finding.expected, finding.mended) == (
        "missing-factor",
        "self.gain * passed * self.kept",
        True,
    )


OF_AN_OBJECT = """
import math, random

random.seed(23)

class Noise:
    def forward(self, values):
        self.kept = [0.0 if random.random() < 0.3 else 1 / 0.7 for _ in values]
        return [v * k for v, k in zip(values, self.kept)]

class Net:
    def __init__(self):
        self.V = [[random.gauss(0, 0.8) for _ in range(3)] for _ in range(7)]
        self.c = [0.1 * random.random() for _ in range(7)]
        self.w = [random.gauss(0, 0.6) for _ in range(7)]
        self.b = 0.1
        self.noise = Noise()

    def step(self, x, t):
        self.s = [math.tanh(sum(v * f for v, f in zip(row, x)) + c) for row, c in zip(self.V, self.c)]
        self.h = self.noise.forward(self.s)
        self.out = sum(w * h for w, h in zip(self.w, self.h)) + self.b
        d = self.out - t
        for i in range(7):
            e = d * self.w[i]
            e = e * (1 - self.s[i] ** 2)
            self.w[i] -= 0.05 * d * self.h[i]
            self.c[i] -= 0.05 * e
            for j in range(3):
                self.V[i][j] -= 0.05 * e * x[j]
        self.b -= 0.05 * d
        return 0.5 * d ** 2

net = Net()
for turn in range(3000):
    loss = net.step([random.gauss(0, 1) for _ in range(3)], random.random())
    if turn % 500 == 0:
        print(loss)
"""


def test_a_mask_that_an_object_of_the_network_keeps() -> None:
    """The numbers of a list in a layer that the network holds are read one by one."""
    (finding,) = _errors(OF_AN_OBJECT)
    assert finding.name == "missing-factor"
    assert finding.expected is not None
    assert finding.expected.endswith("* self.noise.kept[i]")
    assert finding.mended


STORED = """
import numpy as np

class Dense:
    def __init__(self, draw, inputs, outputs, bent):
        self.W = 0.8 * draw.normal(size=(inputs, outputs))
        self.b = 0.3 * draw.normal(size=(1, outputs))
        self.bent = bent

    def forward(self, x):
        self.x = x
        z = x @ self.W + self.b
        self.y = np.tanh(z) if self.bent else z
        return self.y

    def backward(self, g):
        g = g * (1 - self.y ** 2) if self.bent else g
        self.dW, self.db = self.x.T @ g, g.sum(axis=0, keepdims=True)
        return g @ self.W.T

    def update(self, rate):
        self.W -= rate * self.dW
        self.b -= rate * self.db

class Dropped:
    def __init__(self, draw, inner, share):
        self.inner, self.share, self.kept = inner, share, {KEY: None}
        self.draw = draw

    def forward(self, x):
        self.kept[KEY] = (self.draw.random(x.shape) >= self.share).astype(float)
        return self.inner.forward(x * self.kept[KEY]) / (1 - self.share)

    def backward(self, g):
        g = self.inner.backward(g / (1 - self.share))
        return g * self.kept[KEY]

    def update(self, rate):
        self.inner.update(rate)

draw = np.random.default_rng(8)
x, t = draw.normal(size=(21, 3)), draw.normal(size=(21, 2))
layers = [Dense(draw, 3, 7, True), Dropped(draw, Dense(draw, 7, 5, True), 0.3),
          Dropped(draw, Dense(draw, 5, 2, False), 0.3)]
for turn in range(3000):
    y = x
    for layer in layers:
        y = layer.forward(y)
    loss = 0.5 * np.sum((y - t) ** 2)
    g = y - t
    for layer in layers[::-1]:
        g = layer.backward(g)
    for layer in layers:
        layer.update(0.005)
"""


@pytest.mark.parametrize("key", ['"off"', "'off'"])
def test_a_mask_under_the_key_of_a_dictionary_that_is_not_read(key: str) -> None:
    """It is spelled as the program spells its keys, in the function that the mask is missing from."""
    text = STORED.replace("KEY", key)
    assert _errors(text) == []
    (finding,) = _errors(text.replace(f"        return g * self.kept[{key}]", "        return g"))
    assert finding.name == "missing-factor"
    assert f"self.kept[{key}]" in (finding.expected or "")
    assert finding.span.row in (35, 36)
    assert finding.mended
