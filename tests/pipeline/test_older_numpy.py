"""Programs written for an older NumPy: what it took and refuses today is understood as it was."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes
from backproof.trace.hooks.older import REFUSES

PROGRAM = """
import math
import numpy as np

rng = np.random.default_rng(2)
x, y = rng.normal(size=(9, 3)), rng.uniform(-0.8, 0.8, size=(9, 1))
w, b, out = 0.3 * rng.normal(size=(3, 1)), np.zeros(None), np.zeros(9)
for k in range(300):
    dw, db, loss = np.zeros((3, 1)), 0.0, 0.0
    for i in range(9):
        z = np.dot(x[i], w) + b
        out[i] = z
        p = math.tanh(z)
        e = p - float(y[i])
        loss += e ** 2
        dw += 2 * e * (1 - p ** 2) * x[i][:, None]
        db += 2 * e * (1 - p ** 2)
    w -= 0.05 * dw
    b = b - 0.05 * db
"""


def test_an_array_of_one_number_stands_for_the_number() -> None:
    """As an element, in `float` and in functions of `math`; no shape is that of a number. It is said."""
    report = check_program(program_from_bytes(PROGRAM.encode(), "old.py"))
    assert report.verdict == "correct", report.reason
    (said,) = [f.message for f in report.findings if f.name == "supplied"] or [""]
    assert ("np.zeros(None)" in said and "an array of one number" in said) == REFUSES


def test_a_mistake_beside_it_is_found_and_mended() -> None:
    """The program need not run without backproof for its gradients to be mended."""
    report = check_program(program_from_bytes(PROGRAM.replace("db += 2 *", "db += 3 *").encode(), "old.py"))
    (error,) = [f for f in report.findings if f.severity == "error"]
    assert (error.name, error.parameters, error.mended) == ("wrong-scale", ("b",), True)
