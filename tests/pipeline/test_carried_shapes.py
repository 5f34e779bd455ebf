"""An update that changes the shape of its parameter is looked at like any other."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(9, 3)), rng.normal(size=(9, 5))
W, b = rng.normal(size=(3, 5)), np.zeros((1, 5))
for turn in range(100):
    e = X @ W + b - Y
    loss = 0.5 * np.sum(e ** 2)
    W = W - 0.01 * X.T @ e
    b = b - 0.01 * (e.T @ e)
"""


def test_a_shape_that_grows_is_a_fault_and_no_state() -> None:
    """It is called faulty, or not judged; it is never certified, and the check does not fail."""
    assert check_program(program_from_bytes(PROGRAM.encode(), "p.py")).verdict in ("faulty", "inconclusive")


REMEMBERED = """
import numpy as np
rng = np.random.default_rng(3)
X, Y = rng.normal(size=(5, 13)), rng.normal(size=(2, 13))
W, V = rng.normal(size=(7, 5)) * 0.5, rng.normal(size=(2, 7)) * 0.5
net = {"W": W, "b": rng.normal(size=(7, 1)) * 0.1, "V": V}
seen = {key: np.zeros_like(value) for key, value in net.items()}
for turn in range(300):
    h = np.tanh(net["W"] @ X + net["b"])
    out = net["V"] @ h
    loss = np.mean(np.sum((out - Y) ** 2, axis=0))
    d = 2 * (out - Y) / X.shape[1]
    e = net["V"].T @ d * (1 - h ** 2)
    grads = {"W": e @ X.T, "b": e.sum(axis=1, keepdims=True), "V": d @ h.T}
    for key in net:
        seen[key] = 0.9 * seen[key] + 0.1 * grads[key] ** 2
        net[key] = net[key] - 0.01 * grads[key] / (np.sqrt(seen[key]) + 1e-8)
"""


def test_a_shape_that_grows_under_an_optimizer() -> None:
    """The first step is looked at, in which the parameter still has the shape that it was given."""
    assert check_program(program_from_bytes(REMEMBERED.encode(), "p.py")).verdict == "correct"
    wrong = REMEMBERED.replace("e.sum(axis=1,", "e.sum(axis=0,")
    report = check_program(program_from_bytes(wrong.encode(), "p.py"))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert [(e.name, e.expected) for e in errors] == [("wrong-axis", "e.sum(axis=1, keepdims=True)")]
