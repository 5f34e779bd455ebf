"""Terms that are left out of the derivative of a normalisation."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

# two layers of different widths, each followed by its own normalisation over the batch
BATCH = """
import numpy as np
draw = np.random.default_rng(71)
class Full:
    def __init__(self, n, m):
        self.kept, self.got = {"M": draw.normal(size=(n, m)) / np.sqrt(n)}, {}
    def forward(self, x):
        self.x = x
        return x @ self.kept["M"]
    def back(self, up):
        self.got["M"] = self.x.T @ up
        return up @ self.kept["M"].T
class Level:
    def __init__(self, m):
        self.kept = {"stretch": 1 + 0.2 * draw.normal(size=m), "move": 0.1 * draw.normal(size=m)}
        self.got = {}
    def forward(self, x):
        off = x - x.mean(axis=0)
        self.over = 1 / np.sqrt((off ** 2).mean(axis=0) + 1e-5)
        self.unit = off * self.over
        return np.tanh(self.kept["stretch"] * self.unit + self.kept["move"])
    def back(self, up):
        up = up * self.slope
        self.got["stretch"], self.got["move"] = (up * self.unit).sum(axis=0), up.sum(axis=0)
        to_unit = up * self.kept["stretch"]
        return self.over * (to_unit - to_unit.mean(axis=0) - self.unit * (to_unit * self.unit).mean(axis=0))
net = [Full(4, 6), Level(6), Full(6, 5), Level(5), Full(5, 2)]
soil, yields = draw.normal(size=(17, 4)), draw.normal(size=(17, 2))
for turn in range(2000):
    x = soil
    for layer in net:
        x = layer.forward(x)
        layer.slope = 1 - x ** 2
    loss = 0.5 * np.sum((x - yields) ** 2) / len(soil)
    up = (x - yields) / len(soil)
    for layer in net[::-1]:
        up = layer.back(up)
    for layer in net:
        for name in layer.kept:
            layer.kept[name] -= 0.05 * layer.got[name]
"""
# over the features of each sample, written with sums
LAYER = """
import numpy as np
draw = np.random.default_rng(72)
x, t = draw.normal(size=(9, 3)), draw.normal(size=(9, 2))
W, gain, V = 0.7 * draw.normal(size=(3, 5)), 1 + 0.2 * draw.normal(size=5), 0.6 * draw.normal(size=(5, 2))
for turn in range(2000):
    a = x @ W
    off = a - a.mean(axis=1, keepdims=True)
    sigma = np.sqrt((off ** 2).mean(axis=1, keepdims=True))
    u = off / sigma
    h = np.tanh(gain * u)
    loss = 0.5 * np.sum((h @ V - t) ** 2)
    miss = h @ V - t
    back = miss @ V.T * (1 - h * h)
    du = back * gain
    n = du.shape[1]
    da = (n * du - du.sum(axis=1, keepdims=True) - u * (du * u).sum(axis=1, keepdims=True)) / (n * sigma)
    V -= 0.02 * h.T @ miss
    gain -= 0.02 * (back * u).sum(axis=0)
    W -= 0.02 * x.T @ da
"""
LEFT_OUT = {
    "the deviation's, of a batch": (BATCH, " - self.unit * (to_unit * self.unit).mean(axis=0)", ""),
    "the mean's, of a batch": (BATCH, " - to_unit.mean(axis=0)", ""),
    "both, of a batch": (
        BATCH,
        "(to_unit - to_unit.mean(axis=0) - self.unit * (to_unit * self.unit).mean(axis=0))",
        "to_unit",
    ),
    "the deviation's, of a sample": (LAYER, " - u * (du * u).sum(axis=1, keepdims=True)", ""),
    "the mean's, of a sample": (LAYER, " - du.sum(axis=1, keepdims=True)", ""),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_term_that_is_left_out_is_named_where_it_belongs(name: str) -> None:
    """And the mend is made of what can be read there."""
    text, right, wrong = LEFT_OUT[name]
    assert text.count(right) == 1
    row = text[: text.index(right)].count("\n") + 1
    rows = {row - 1, row} if name.startswith("both") else {row}  # the adjoint that lacks them has two names
    report = check_program(program_from_bytes(text.replace(right, wrong).encode(), "program.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert finding.name == "missing-term"
    assert finding.span.row in rows
    assert finding.mended


@pytest.mark.parametrize("text", [BATCH, LAYER])
def test_the_whole_derivative_is_right(text: str) -> None:
    """With all its terms."""
    assert check_program(program_from_bytes(text.encode(), "program.py")).verdict == "correct"
