"""Steps whose gradients are right, and which do not go on as a training does: nothing is certified."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(11)
X, y = rng.normal(size=(29, 4)), rng.normal(size=(29, 2))
net = {"W": rng.normal(size=(4, 6)) * 0.5, "b": rng.normal(size=6) * 0.2,
       "V": rng.normal(size=(6, 2)) * 0.5, "c": rng.normal(size=2) * 0.2}
BEGUN
t = 0
for k in range(900):
    z = X @ net["W"] + net["b"]
    MASK
    h = z * mask
    e = h @ net["V"] + net["c"] - y
    loss = np.sum(e ** 2) / 29
    d = 2 * e / 29
    dz = d @ net["V"].T * mask
    slopes = {"W": X.T @ dz, "b": dz.sum(axis=0), "V": h.T @ d, "c": d.sum(axis=0)}
    COUNT
    for name in net:
        UPDATE
    if k % 100 == 0:
        print(k, loss)
"""
PLAIN = {
    "BEGUN": "",
    "MASK": "mask = z > 0",
    "COUNT": "t += 1",
    "UPDATE": "net[name] = net[name] - 0.05 * slopes[name]",
}
MOMENTUM = {
    "BEGUN": "v = {name: np.zeros_like(w) for name, w in net.items()}",
    "UPDATE": "v[name] = 0.8 * v[name] + 0.05 * slopes[name]; net[name] = net[name] - v[name]",
}
ADAM = {
    "BEGUN": "m, v = ({name: np.zeros_like(w) for name, w in net.items()} for _ in range(2))",
    "UPDATE": "m[name] = 0.9 * m[name] + 0.1 * slopes[name]\n"
    "        v[name] = 0.99 * v[name] + 0.01 * slopes[name] ** 2\n"
    "        net[name] = net[name] - 0.01 * m[name] / (1 - 0.9 ** t)"
    " / (np.sqrt(v[name] / (1 - 0.99 ** t)) + 1e-8)",
}


def _checked(**changed: str) -> FileReport:
    text = PROGRAM
    for word, by in {**PLAIN, **changed}.items():
        text = text.replace(word, by)
    return check_program(program_from_bytes(text.encode(), "steps.py"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"MASK": "mask = z > 0 if k == 0 else mask"}, "older step"),
        ({**MOMENTUM, "BEGUN": "v = dict(net)"}, "begin with the values"),
        ({**MOMENTUM, "BEGUN": "v = {name: w.copy() for name, w in net.items()}"}, "begin with the values"),
        ({"UPDATE": "net[name] = np.round(net[name] - 0.05 * slopes[name], 2)"}, "rounded"),
    ],
)
def test_what_does_not_go_on_as_a_training_is_said(changed: dict[str, str], said: str) -> None:
    """Each step is right by itself, and its reason is told."""
    report = _checked(**changed)
    assert report.verdict == "inconclusive"
    assert said in str(report.reason)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        MOMENTUM,
        ADAM,
        {"UPDATE": "net[name] = np.round(net[name] - 0.05 * slopes[name], 12)"},
        {"BEGUN": "keep = rng.random(6) > 0.2", "MASK": "mask = (z > 0) * keep"},
        {"UPDATE": "net[name] = np.maximum(net[name] - 0.05 * slopes[name], -0.6)"},
    ],
)
def test_what_looks_like_it_is_certified(changed: dict[str, str]) -> None:
    """Zeros to begin with, one count a step, the last digits rounded, a mask that is none of the data."""
    assert _checked(**changed).verdict == "correct"
