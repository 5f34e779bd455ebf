"""Slopes that are spelled with the numbers that stand where they belong."""

from __future__ import annotations

from backproof.findings import Finding
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

BENT = """
import numpy as np

def bend(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))

def slope(x):
    return 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3))) + \\
           0.5 * x * (1 - np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)) ** 2)INNER

draw = np.random.default_rng(23)
x, t = draw.normal(size=(17, 3)), draw.normal(size=(17, 2))
W = [0.6 * draw.normal(size=s) for s in ((3, 5), (5, 7), (7, 2))]
b = [0.2 * draw.normal(size=(1, s)) for s in (5, 7, 2)]
for turn in range(2000):
    a, z = [x], []
    for i in range(3):
        z.append(a[-1] @ W[i] + b[i])
        a.append(bend(z[i]) if i < 2 else z[i])
    loss = 0.5 * np.sum((a[-1] - t) ** 2) / len(x)
    d = (a[-1] - t) / len(x)
    for i in reversed(range(3)):
        dW, db = a[i].T @ d, d.sum(axis=0, keepdims=True)
        if i > 0:
            d = d @ W[i].T * slope(z[i - 1])
        W[i] -= 0.05 * dW
        b[i] -= 0.05 * db
"""
INNER = " * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x ** 2)"


def test_a_number_of_data_that_the_slope_computes_itself() -> None:
    """The derivative of what is inside another function is written with the root that stands there."""
    assert not _errors(BENT.replace("INNER", INNER))
    (finding,) = _errors(BENT.replace("INNER", ""))
    assert finding.name == "wrong-activation-derivative"
    assert finding.span is not None
    assert finding.span.row == 8
    assert finding.mended
    assert "np.sqrt(2 / np.pi)" in (finding.expected or "")


def _errors(text: str) -> list[Finding]:
    report = check_program(program_from_bytes(text.encode(), "bent.py"))
    return [finding for finding in report.findings if finding.severity == "error"]
