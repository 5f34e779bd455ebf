"""Updates whose new value is bound to another name than the parameter's."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(6)
X, Y = rng.normal(size=(4, 9)), rng.normal(size=(3, 9))

def forward(W, c, V, d):
    h = np.tanh(W @ X + c)
    return h, V @ h + d

def backward(h, out, V):
    e = (out - Y) / 9
    dh = V.T @ e * (1 - h**2)
    return dh @ X.T, dh.sum(axis=1, keepdims=True), e @ h.T, e.sum(axis=1, keepdims=True)

def stepped(W, c, V, d, gW, gc, gV, gd, rate):
    W = W - rate * gW
    c = c - rate * gc
    V = V - rate * gV
    d = d - rate * gd
    return W, c, V, d

W, c = rng.normal(size=(5, 4)), 0.1 * rng.normal(size=(5, 1))
V, d = rng.normal(size=(3, 5)), 0.1 * rng.normal(size=(3, 1))
for epoch in range(60):
    h, out = forward(W, c, V, d)
    loss = 0.5 * np.sum((out - Y) ** 2) / 9
    grads = backward(h, out, V)
    W, c, V, d = stepped(W, c, V, d, *grads, 0.1)
    print(epoch, loss)
"""


def test_a_new_value_under_the_gradients_name_is_bound_to_the_parameter() -> None:
    """Both biases stay as they are: each statement is blamed for its own, and its target is mended."""
    assert check_program(program_from_bytes(PROGRAM.encode(), "p.py")).verdict == "correct"
    wrong = PROGRAM.replace(" c = c - rate", " gc = c - rate").replace(" d = d - rate", " new_d = d - rate")
    report = check_program(program_from_bytes(wrong.encode(), "p.py"))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert [(e.name, e.found, e.expected, e.parameters, e.mended) for e in errors] == [
        ("never-updated", "gc = c - rate * gc", "c = c - rate * gc", ("c",), True),
        ("never-updated", "new_d = d - rate * gd", "d = d - rate * gd", ("d",), True),
    ]


def test_a_difference_that_nothing_uses_is_not_spoken_of() -> None:
    """What is computed from a parameter to be looked at mends nothing."""
    text = PROGRAM.replace("    V = V - rate * gV", "    moved = V - gV\n    V = V - rate * gV / 2")
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    assert [f.name for f in report.findings if f.severity == "error"] == ["wrong-scale"]
