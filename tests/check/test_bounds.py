"""Gradients that are clipped, normalised or bent before they are applied."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

NETWORK = """\
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3)) * 3
Y = rng.normal(size=(40, 2)) * 4
W = rng.normal(size=(3, 5))
b = np.zeros(5)
V = rng.normal(size=(5, 2))
c = np.zeros(2)
for i in range(500):
    h = np.tanh(X @ W + b)
    out = h @ V + c
    loss = 0.5 * np.sum((out - Y) ** 2)
    d = out - Y
    dh = d @ V.T * (1 - h ** 2)
    gradients = [X.T @ dh, dh.sum(axis=0), h.T @ d, d.sum(axis=0)]
    {bounds}
    for p, g in zip([W, b, V, c], gradients):
        p -= 0.01 * g
"""
BOUNDS = {
    "clip": "for g in gradients: np.clip(g, -1, 1, out=g)",
    "minimum of maximum": "gradients = [np.minimum(np.maximum(g, -1.0), 1.0) for g in gradients]",
    "where": "gradients = [np.where(np.abs(g) > 1, np.sign(g), g) for g in gradients]",
    "masks": "for g in gradients: g[g > 1] = 1; g[g < -1] = -1",
    "own norm": "gradients = [g * min(1.0, 1.0 / np.linalg.norm(g)) for g in gradients]",
    "normalised": "gradients = [g / (np.linalg.norm(g) + 1e-8) for g in gradients]",
    "signs": "gradients = [np.sign(g) for g in gradients]",
    "bent": "gradients = [np.tanh(g) for g in gradients]",
    "common norm": "n = sum(np.sum(g * g) for g in gradients); gradients = [g / n**0.5 for g in gradients]",
}
HUBER = """\
import numpy as np
rng = np.random.default_rng(0)
y = rng.normal(size=6) * 3
centre = np.zeros(6)
for i in range(500):
    e = centre - y
    loss = np.sum(np.where(np.abs(e) < 1, 0.5 * e ** 2, np.abs(e) - 0.5))
    centre -= 0.1 * np.clip(e, -1, 1)
"""


def verdict(text: str) -> tuple[str, list[str]]:
    """What is said of a program: the verdict, and the names of its faults."""
    report = check_program(program_from_bytes(text.encode(), "net.py"), timeout=15)
    return report.verdict, [f.name for f in report.findings if f.severity == "error"]


@pytest.mark.parametrize("bounds", BOUNDS.values(), ids=BOUNDS)
def test_right(bounds: str) -> None:
    """The gradient is that of the loss, whatever is made of its size."""
    assert verdict(NETWORK.format(bounds=bounds)) == ("correct", [])


@pytest.mark.parametrize("bounds", BOUNDS.values(), ids=BOUNDS)
def test_wrong(bounds: str) -> None:
    """The bounds hide no mistake that was made before them."""
    text = NETWORK.format(bounds=bounds).replace("dh.sum(axis=0)", "-dh.sum(axis=0)")
    said, names = verdict(text)
    assert said == "faulty"
    assert "sign-flipped" in names


def test_bounds_of_the_loss() -> None:
    """A clipped error is the gradient of a loss that grows as the error does, and not of another."""
    assert verdict(HUBER)[0] == "correct"
    wrong = HUBER.replace("np.sum(np.where(np.abs(e) < 1, 0.5 * e ** 2, np.abs(e) - 0.5))", "np.sum(e ** 4)")
    assert verdict(wrong)[0] != "correct"


OPEN = """\
import numpy as np
rng = np.random.default_rng(0)
X = rng.uniform(0.1, 1, (12, 3))
Y = rng.uniform(1, 3, 12)
W = rng.uniform(0.1, 1, (4, 3))
v = rng.uniform(0.1, 1, 4)
for i in range(1000):
    h = np.maximum(0, W @ X.T)
    out = v @ h
    loss = np.sum((out - Y) ** 2) / 24
    dv = (out - Y) @ h.T / 12
    dh = np.outer(v, out - Y) * (h > 0)
    v -= 0.005 * dv
    W -= 0.005 * dh @ X / 12
"""


def test_units_that_are_always_open() -> None:
    """Where no unit is ever closed, nothing but a warning tells that their derivative is left out."""
    for text, expected in ((OPEN, []), (OPEN.replace(" * (h > 0)", ""), ["missing-factor"])):
        report = check_program(program_from_bytes(text.encode(), "net.py"), timeout=15)
        assert report.verdict == "correct"
        assert [f.name for f in report.findings if f.severity == "warning"] == expected


MIDWAY = {
    "the error of the output": ("d = out - Y", "d = np.clip(out - Y, -1.0, 1.0)"),
    "the error of the hidden layer": ("d @ V.T *", "np.clip(d @ V.T, -1.5, 1.5) *"),
    "each sample's gradient": ("dh.sum(axis=0)", "np.clip(dh, -2.0, 2.0).sum(axis=0)"),
    "seldom reached": ("d @ V.T *", "np.clip(d @ V.T, -25.0, 25.0) *"),
}


@pytest.mark.parametrize("change", MIDWAY.values(), ids=MIDWAY)
def test_clipped_on_the_way(change: tuple[str, str]) -> None:
    """An error may be clipped before it goes on; a mistake beside the clip is found all the same."""
    text = NETWORK.format(bounds="pass").replace(*change)
    assert verdict(text) == ("correct", [])
    said, names = verdict(text.replace("(1 - h ** 2)", "(1 - h)"))
    assert (said, names) == ("faulty", ["wrong-activation-derivative"])
    said, names = verdict(text.replace("out - Y", "Y - out").replace("sum((Y - out)", "sum((out - Y)"))
    assert (said, names) == ("faulty", ["sign-flipped"])
