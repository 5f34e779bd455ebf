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
