"""Several mistakes in one program, of which each hides what would show the others."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

NORM = """
import numpy as np
draw = np.random.default_rng(8)
X, y = draw.normal(size=(9, 3)), draw.normal(size=(9, 2))
A, B = 0.7 * draw.normal(size=(3, 5)), 0.7 * draw.normal(size=(5, 2))
for turn in range(500):
    z = X @ A
    gate = 1 / (1 + np.exp(-1.3 * z))
    out = (z * gate) @ B
    loss = np.mean(np.sum((out - y) ** 2, axis=1))
    d = 2 * (out + y) / len(y)
    dz = d @ B.T * (gate + z * gate * (1 - gate))
    grads = [X.T @ dz, (z * gate).T @ d]
    total = np.sqrt(sum(np.sum(g ** 2) for g in grads))
    for p, g in zip([A, B], grads):
        p -= 0.05 * g * min(1.0, 0.1 / total)
    if turn % 50 == 0:
        print(turn, loss, total)
"""

MASK = """
import numpy as np
draw = np.random.default_rng(8)
X, y = draw.normal(size=(4, 21)), draw.normal(size=(1, 21))
class Layer:
    def __init__(self, i, o, drop):
        self.w, self.b, self.drop = 0.6 * draw.normal(size=(o, i)), 0.2 * draw.normal(size=(o, 1)), drop
    def forward(self, x):
        self.x = x
        self.a = np.tanh(self.w @ x + self.b)
        if not self.drop:
            return self.a
        self.on = draw.random(self.a.shape) < 0.7
        return self.a * self.on
    def backward(self, da):
        if self.drop:
            da = self.on
        dz = 1 - self.a ** 2
        self.gw, self.gb = dz @ self.x.T, dz.sum(axis=1, keepdims=True)
        return self.w.T @ dz
net = [Layer(4, 6, True), Layer(6, 1, False)]
for turn in range(500):
    p = X
    for layer in net:
        p = layer.forward(p)
    loss = 0.5 * np.sum((p - y) ** 2)
    d = p - y
    for layer in net[::-1]:
        d = layer.backward(d)
    for layer in net:
        layer.w -= 0.01 * layer.gw
        layer.b -= 0.01 * layer.gb
"""

NOTHING = """
import numpy as np
draw = np.random.default_rng(8)
X, y = draw.normal(size=(14, 3)), draw.normal(size=14)
A, a, v = 0.7 * draw.normal(size=(3, 5)), 0.2 * draw.normal(size=5), draw.normal(size=5)
for turn in range(60):
    h = np.tanh(X @ A + a)
    out = h @ v
    loss = np.mean((out - y) ** 2)
    d = 2 * (y - y) / len(y)
    dv = h.T @ d
    dz = np.outer(d, v)
    A -= 0.05 * (X.T @ dz)
    a -= 0.05 * dz.sum(axis=0)
    v -= 0.05 * dv
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(
            NORM,
            [("sign-flipped", 11), ("wrong-activation-derivative", 12)],
            id="gradients that are all scaled by the length of all, which is shown beside the loss",
        ),
        pytest.param(
            MASK,
            [("missing-factor", 17), ("upstream-ignored", 18)],
            id="a mistake in what another one does not read",
        ),
        pytest.param(
            NOTHING,
            [("wrong-operand", 10), ("missing-factor", 12)],
            id="an error that is always nothing, so that no parameter comes back to itself",
        ),
    ],
)
def test_each_is_mended(text: str, found: list[tuple[str, int]]) -> None:
    """Every mistake is found where it is, by its name, and mended."""
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert sorted((f.name, f.span.row if f.span else 0) for f in errors) == sorted(found)
    assert all(finding.mended for finding in errors)
