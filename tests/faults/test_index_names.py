"""Names that windows are cut at, given something else than in the forward pass."""

from __future__ import annotations

from backproof.findings import Finding
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

WINDOWS = """
import numpy as np

draw = np.random.default_rng(6)
x, y = draw.normal(size=(5, 5, 7)), draw.normal(size=(5, 1))
K, b = 0.5 * draw.normal(size=(2, 3)), 0.2
M = 0.4 * draw.normal(size=(5, 7))
V = 0.4 * draw.normal(size=(6, 1))
settings = {"down": 3, "across": 2}

def forward(x, w, settings):
    down, across = settings["down"], settings["across"]
    high, wide = w.shape
    out = np.zeros((len(x), (x.shape[1] - high) // down + 1, (x.shape[2] - wide) // across + 1))
    for r in range(out.shape[1]):
        top = r * down
        bottom = top + high
        for c in range(out.shape[2]):
            left = c * across
            right = left + wide
            out[:, r, c] = np.sum(x[:, top:bottom, left:right] * w, axis=(1, 2))
    return out

def backward(d, x, w, settings):
    down, across = settings["down"], settings["across"]
    high, wide = len(w), len(w[0])
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for r in range(d.shape[1]):
        for c in range(d.shape[2]):
            top = r * down
            bottom = top + high
            left = c * across
            right = left + wide
            dw += np.einsum("n,nij->ij", d[:, r, c], x[:, top:bottom, left:right])
            dx[:, top:bottom, left:right] += d[:, r, c][:, None, None] * w
    return dx, dw

for turn in range(2000):
    a = np.tanh(x * M)
    z = forward(a, K, settings) + b
    out = z.reshape(5, -1) @ V
    loss = 0.5 * np.sum((out - y) ** 2)
    d = out - y
    dz = (d @ V.T).reshape(z.shape)
    da, dK = backward(dz, a, K, settings)
    V -= 0.01 * z.reshape(5, -1).T @ d
    K -= 0.01 * dK
    M -= 0.01 * np.sum(da * (1 - a ** 2) * x, axis=0)
    b -= 0.01 * dz.sum()
"""


def _errors(text: str) -> list[Finding]:
    report = check_program(program_from_bytes(text.encode(), "windows.py"))
    return [finding for finding in report.findings if finding.severity == "error"]


def test_steps_that_are_left_out() -> None:
    """Both are mended where the names are given, though the one without the other makes no gradient right."""
    assert _errors(WINDOWS) == []
    begun, rest = WINDOWS.split("def backward")
    wrong = f"{begun}def backward{rest.replace('r * down', 'r').replace('c * across', 'c')}"
    found = [(f.name, f.found, f.expected, f.mended) for f in _errors(wrong)]
    assert found == [("wrong-index", "r", "r * down", True), ("wrong-index", "c", "c * across", True)]


def test_a_step_that_has_no_name_there() -> None:
    """It is written as what the forward pass gives that name."""
    both = 'down, across = settings["down"], settings["across"]'
    each = 'down = settings["down"]\n    across = settings["across"]'
    begun, rest = WINDOWS.replace(both, each).split("def backward")
    rest = rest.replace("c * across", "c").replace('    across = settings["across"]\n', "")
    (finding,) = _errors(f"{begun}def backward{rest}")
    assert (finding.name, finding.expected) == ("wrong-index", 'c * settings["across"]')
    assert finding.mended
