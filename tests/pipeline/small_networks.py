"""Two small programs with places for something else: a network of two layers, and a line."""

from __future__ import annotations

TWO_LAYERS = """\
import numpy as np

rng = np.random.default_rng(3)
X, Y = rng.normal(size=(12, 3)), rng.uniform(0.2, 0.8, size=(12, 2))
W1, b1 = 0.7 * rng.normal(size=(3, 4)), 0.1 * rng.normal(size=(1, 4))
W2, b2 = 0.7 * rng.normal(size=(4, 2)), 0.1 * rng.normal(size=(1, 2))
rate = {rate}
{start}
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def slope(a):
    return a * (1 - a)
{memory}
for k in range(10**9):
    H = {hidden}
    O = sigmoid(H @ W2 + b2)
    loss = {loss}
    e = {error}
    d2 = e * slope(O)
    {early}
    d1 = d2 @ W2.T * {slope}
    g = [{gW1}, {gb1}, {gW2}, {gb2}]
    {bounded}
    {update}
    {late}
"""
COLUMN = """\
import numpy as np

rng = np.random.default_rng(3)
X, y, w = rng.normal(size=(12, 3)), rng.normal(size=(12, 1)), rng.normal(size=(3, 1))
for k in range(10**9):
    e = X @ w - y
    loss = np.mean(e ** 2) / 2
    w = w - 0.1 * {gradient}
"""

PLACES = {
    "rate": "0.1",
    "start": "",
    "memory": "",
    "hidden": "sigmoid(X @ W1 + b1)",
    "loss": "0.5 * np.sum((O - Y) ** 2)",
    "error": "O - Y",
    "early": "",
    "slope": "slope(H)",
    "gW1": "X.T @ d1",
    "gb1": "d1.sum(0, keepdims=True)",
    "gW2": "H.T @ d2",
    "gb2": "d2.sum(0, keepdims=True)",
    "bounded": "",
    "update": "W1 -= rate * g[0]; b1 -= rate * g[1]; b2 -= rate * g[3]",
    "late": "W2 -= rate * g[2]",
}


def two_layers(**places: str) -> str:
    """The text of the network, right unless a place says otherwise."""
    return TWO_LAYERS.format(**{**PLACES, **places})


def column(gradient: str = "X.T @ e / 12") -> str:
    """The text of the line, with a gradient."""
    return COLUMN.format(gradient=gradient)
