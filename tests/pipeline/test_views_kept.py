"""Parameters that are views of arrays which nothing else holds, as biases that were given another shape."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

KETTLES = """\
import numpy as np

rng = np.random.default_rng(3)
X = rng.normal(size=(37, 4))
Y = np.sin(X[:, :3])
U = rng.normal(size=(4, 6)) * 0.5
a = rng.normal(size=6).reshape(1, 6)
V = rng.normal(size=(6, 3)) * 0.5
b = rng.normal(size=3).reshape(1, 3)
held = [a, b]
for epoch in range(1000):
    h = np.tanh(X @ U + a)
    z = h @ V + b
    d = (z - Y) / len(X)
    g = (d @ V.T) * (1 - h ** 2)
    dV, dU = h.T @ d, X.T @ g
    db, da = np.ones((1, len(X))) @ d, np.ones((1, len(X))) @ g
    a -= 0.1 * da
    b -= 0.1 * db
    U -= 0.1 * dU
    V -= 0.1 * dV
    if epoch % 100 == 0:
        print(0.5 * np.sum((z - Y) ** 2) / len(X))
"""
BY_NAME = KETTLES.replace("held = [a, b]\n", "")
IN_A_LIST = (
    KETTLES.replace("held = [a, b]\n", "held = [a, b]\ndel a, b\n")
    .replace("U + a)", "U + held[0])")
    .replace("V + b\n", "V + held[1]\n")
    .replace("    a -=", "    held[0] -=")
    .replace("    b -=", "    held[1] -=")
)
NAMES = {BY_NAME: {"a", "b", "U", "V"}, IN_A_LIST: {"held[0]", "held[1]", "U", "V"}}


def _check(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "kettles.py"))


@pytest.mark.parametrize("text", [BY_NAME, IN_A_LIST])
def test_a_bias_of_another_shape_is_a_parameter_by_its_own_name(text: str) -> None:
    """Each is certified, under the name by which the program reaches it, and its mistakes are found."""
    report = _check(text)
    assert report.verdict == "correct", report.reason
    assert {parameter.name for parameter in report.parameters} == NAMES[text]
    wrong = _check(text.replace("np.ones((1, len(X))) @ g", "2 * np.ones((1, len(X))) @ g"))
    assert wrong.verdict == "faulty", wrong.reason
    assert {f.span.row for f in wrong.findings if f.severity == "error" and f.span} == {
        18 if "del" in text else 16
    }
