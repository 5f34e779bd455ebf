"""The gradient of the data, which a layer hands down to nobody, is no gradient that was forgotten."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(8)


def affine(x, w, b):
    return x.reshape(x.shape[0], w.shape[0]) @ w + b, (x, w, b)


def affine_back(d, cache):
    x, w, b = cache
    return (d @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ d, d.sum(axis=0)


class Net:
    def __init__(self):
        self.params = {
            "W1": 0.4 * rng.normal(size=(6, 5)), "b1": 0.1 * rng.normal(size=5),
            "W2": 0.4 * rng.normal(size=(5, 3)), "b2": 0.1 * rng.normal(size=3),
        }

    def loss(self, X, y):
        X = X.astype(np.float64)
        cache, masks = {}, {}
        for k in (1, 2):
            X, cache[k] = affine(X, self.params[f"W{k}"], self.params[f"b{k}"])
            if k < 2:
                masks[k] = X > 0
                X = X * masks[k]
        loss = 0.5 * np.sum((X - y) ** 2) / len(y)
        d, grads = (X - y) / len(y), {}
        for k in (2, 1):
            if k < 2:
                d = d * masks[k]
            d, grads[f"W{k}"], grads[f"b{k}"] = affine_back(d, cache[k])
        return loss, grads


x, y = rng.normal(size=(17, 3, 2)), rng.normal(size=(17, 3))
net = Net()
for it in range(200):
    loss, grads = net.loss(x, y)
    for name, value in net.params.items():
        net.params[name] = value - 0.01 * grads[name]
    print(it, loss)
"""


@pytest.mark.parametrize(("right", "verdict"), [("d.sum(axis=0)", "correct"), ("d.mean(axis=0)", "faulty")])
def test_data_that_are_put_into_another_form(right: str, verdict: str) -> None:
    """What is multiplied by a parameter is data, also where it was reshaped and cast before."""
    text = PROGRAM.replace("d.sum(axis=0)", right)
    report = check_program(program_from_bytes(text.encode(), "net.py"))
    assert report.verdict == verdict, report.findings


WINDOWS = """
import numpy as np

rng = np.random.default_rng(9)


def convolve(x, k, b):
    wide = np.pad(x, ((0, 0), (1, 1)))
    out = np.zeros((len(x), 2, x.shape[1]))
    for f in range(2):
        for i in range(x.shape[1]):
            out[:, f, i] = np.sum(wide[:, i : i + 3] * k[f], axis=1) + b[f]
    return out, (x, k, wide)


def convolve_back(d, cache):
    x, k, wide = cache
    dk, dwide = np.zeros_like(k), np.zeros_like(wide)
    for f in range(2):
        for i in range(x.shape[1]):
            dk[f] += wide[:, i : i + 3].T @ d[:, f, i]
            dwide[:, i : i + 3] += np.outer(d[:, f, i], k[f])
    return dwide[:, 1:-1], dk, d.sum(axis=(0, 2))


class Net:
    def __init__(self):
        self.params = {
            "k": 0.4 * rng.normal(size=(2, 3)), "b": 0.1 * rng.normal(size=2),
            "w": 0.4 * rng.normal(size=(10, 2)),
        }

    def loss(self, X, y):
        X = X.astype(np.float64)
        h, cache = convolve(X, self.params["k"], self.params["b"])
        h = h.reshape(len(y), -1)
        out = h @ self.params["w"]
        d = out - y
        dx, dk, db = convolve_back((d @ self.params["w"].T).reshape(len(y), 2, -1), cache)
        return 0.5 * np.sum(d ** 2), {"k": dk, "b": db, "w": h.T @ d}


x, y = rng.normal(size=(7, 5)), rng.normal(size=(7, 2))
net = Net()
for it in range(200):
    loss, grads = net.loss(x, y)
    for name in net.params:
        net.params[name] -= 0.01 * grads[name]
    print(it, loss)
"""


def test_data_of_a_convolution() -> None:
    """So is what is convolved, of which windows are taken with a margin."""
    report = check_program(program_from_bytes(WINDOWS.encode(), "net.py"))
    assert report.verdict == "correct", report.findings


def test_data_of_a_convolution_sample_by_sample() -> None:
    """So is one sample that gets a margin of its own."""
    row = "out[:, f, i] = np.sum(wide[:, i : i + 3] * k[f], axis=1) + b[f]"
    each = "for n in range(len(x)): out[n, f, i] = np.sum(np.pad(x[n], 1)[i : i + 3] * k[f]) + b[f]"
    text = WINDOWS.replace(row, each)
    assert text != WINDOWS
    assert check_program(program_from_bytes(text.encode(), "net.py")).verdict == "correct"
