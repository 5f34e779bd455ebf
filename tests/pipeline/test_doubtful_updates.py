"""Updates beside right gradients that nobody would write on purpose: nothing is certified."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """\
import numpy as np

rng = np.random.default_rng(14)
X, Y = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
W, b = rng.normal(size=(3, 5)) * 0.6, rng.normal(size=5) * 0.2
V = rng.normal(size=(5, 2)) * 0.6
keep, lr = 0.99, 0.4
for turn in range(100):
    h = np.tanh(X @ W + b)
    o = h @ V
    loss = 0.5 * np.sum((o - Y) ** 2) / len(X)
    d = (o - Y) / len(X)
    e = d @ V.T * (1 - h**2)
    V[...] = V - lr * (h.T @ d)
    W[...] = keep * W - lr * (X.T @ e)
    b[...] = b - lr * e.sum(axis=0)
"""


def test_what_no_update_does_on_purpose() -> None:
    """A parameter loses most of itself in every step."""
    assert check_program(program_from_bytes(PROGRAM.encode(), "p.py")).verdict == "correct"
    report = check_program(program_from_bytes(PROGRAM.replace("keep * W", "lr * W").encode(), "p.py"))
    assert report.verdict == "inconclusive"
    assert "60% of itself" in (report.reason or "")


def test_what_is_given_its_own_values() -> None:
    """The gradient is left out where the update is written."""
    report = check_program(
        program_from_bytes(PROGRAM.replace("b - lr * e.sum(axis=0)", "b").encode(), "p.py")
    )
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.parameters) == ("never-updated", ("b",))
