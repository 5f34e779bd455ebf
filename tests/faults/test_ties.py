"""Of two updates with different constants, of which neither is the more frequent, which one is wrong."""

from __future__ import annotations

import pytest

from backproof.findings import Finding
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

LINE = """
import numpy as np

rng = np.random.default_rng(3)
X = rng.normal(0, 1, (17, 3))
y = X @ np.array([0.5, -1.0, 2.0]) + 0.3
w, b, margin, step = rng.normal(0, 0.5, 3), 0.1, 1.0, 0.04
for turn in range(500):
    out = X @ w + b
    loss = np.mean(np.log(np.cosh(margin * (out - y))))
    e = np.tanh(out - y) / len(X)
    w = w - step * X.T @ e
    b = b - step * e.sum()
"""

IN_PARTS = """
import numpy as np

rng = np.random.default_rng(4)
X, y = rng.normal(0, 1, (14, 3)), rng.normal(0, 1, 14)
A, B, eta = rng.normal(0, 0.5, (5, 4)), rng.normal(0, 0.5, (1, 6)), 0.1
for turn in range(500):
    for x, t in zip(X, y):
        h = np.tanh(A[:, 0] + A[:, 1:] @ x)
        out = B[0, 0] + B[0, 1:] @ h
        loss = 0.5 * (out - t) ** 2
        d = out - t
        e = d * B[0, 1:] * (1 - h * h)
        B[0, 0] -= eta * d
        B[0, 1:] -= eta * d * h
        A[:, 0] -= eta * e
        A[:, 1:] -= eta * np.outer(e, x)
"""


def found_all(text: str) -> list[Finding]:
    """The errors of a program, each of which has its mend."""
    report = check_program(program_from_bytes(text.encode(), "line.py"))
    findings = [f for f in report.findings if f.severity == "error"]
    for finding in findings:
        assert finding.fix is not None
        assert finding.fix.applicability == "safe"
    return findings


def found(text: str) -> Finding:
    """The only error of a program."""
    (finding,) = found_all(text)
    return finding


@pytest.mark.parametrize(
    ("right", "wrong", "name", "expected"),
    [
        ("step * X.T @ e", "X.T @ e", "wrong-scale", "step * (X.T @ e)"),
        ("step * e.sum()", "e.sum()", "wrong-scale", "step * e.sum()"),
        ("w - step * X", "w - 2 * step * X", "wrong-scale", "step * X.T @ e"),
        ("step * e.sum()", "step * e.mean()", "wrong-scale", "e.sum()"),
        ("step * e.sum()", "margin * e.sum()", "wrong-operand", "step * e.sum()"),
        ("step * X.T @ e", "margin * X.T @ e", "wrong-operand", "step * X.T @ e"),
    ],
)
def test_the_one_that_goes_too_far(right: str, wrong: str, name: str, expected: str) -> None:
    """An update without a rate, with a number too many, or with another number for it, is the wrong one.

    Not where another reduction makes a gradient small.
    """
    text = LINE.replace(right, wrong)
    finding = found(text)
    assert finding.span is not None
    assert wrong in text.splitlines()[finding.span.row - 1]
    assert (finding.name, finding.expected) == (name, expected)


def test_a_rate_that_a_part_of_a_parameter_lacks() -> None:
    """Its gradient is then no multiple of the true one, but that of the part is."""
    finding = found(IN_PARTS.replace("eta * d * h", "d * h"))
    assert (finding.name, finding.expected) == ("wrong-scale", "eta * (d * h)")


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("B[0, 1:] -= eta * d * h", "B[0, 1:] -= 3 * eta * d * h", "eta * d * h"),
        ("A[:, 0] -= eta * e", "A[:, 0] -= 3 * e", "eta * e"),
    ],
)
def test_a_number_of_one_update_is_brought_to_what_those_beside_it_have(
    right: str, wrong: str, expected: str
) -> None:
    """It is left out where the rate stands behind it, and gives way to the rate where there is none."""
    finding = found(IN_PARTS.replace(right, wrong))
    assert (finding.name, finding.expected) == ("wrong-scale", expected)


@pytest.mark.parametrize(
    ("update", "lacking"), [("w - step * X.T @ e", "w - X.T @ e"), ("b - step * e.sum()", "b - e.sum()")]
)
def test_no_update_is_left_without_its_rate_beside_another_mistake(update: str, lacking: str) -> None:
    """To take the rate from the other one as well would need as many corrections."""
    text = LINE.replace(update, lacking).replace("e = np.tanh(out - y)", "e = np.tanh(out + y)")
    rate, sign = sorted(found_all(text), key=lambda f: f.name == "sign-flipped")
    assert (rate.name, sign.name) == ("wrong-scale", "sign-flipped")
    assert rate.expected is not None
    assert rate.expected.startswith("step * ")


POOLED = """
import numpy as np

rng = np.random.default_rng(9)
maps, t = rng.normal(size=(7, 2, 5, 3)), rng.normal(size=(7, 2))
gain, shift = 1 + 0.3 * rng.normal(size=(2, 1, 1)), 0.3 * rng.normal(size=(2, 1, 1))
W = rng.normal(size=(2, 2))
for turn in range(3000):
    n, channels, height, width = maps.shape
    a = np.tanh(gain * maps + shift)
    pooled = a.mean(axis=(2, 3))
    loss = np.sum((pooled @ W - t) ** 2) / n
    d = 2 * (pooled @ W - t) / n
    dW = pooled.T @ d
    da = np.ones_like(a) * (d @ W.T)[:, :, None, None] / (height * width)
    dz = da * (1 - a ** 2)
    gain -= 0.05 * (dz * maps).sum(axis=(0, 2, 3)).reshape(2, 1, 1)
    shift -= 0.05 * dz.sum(axis=(0, 2, 3)).reshape(2, 1, 1)
    W -= 0.05 * dW
"""


def test_of_two_scales_that_of_the_stated_loss_at_the_written_rate_is_right() -> None:
    """Though more gradients have the other: one constant is missing on the way to these."""
    finding = found(POOLED.replace(" / (height * width)", ""))
    assert finding.parameters == ("gain", "shift")
    assert finding.expected == "np.ones_like(a) * (d @ W.T)[:, :, None, None] / (height * width)"


SHORT = """
import numpy as np

rng = np.random.default_rng(6)
U, V = rng.normal(0, 0.5, (3, 4)), rng.normal(0, 0.5, 3)
for turn in range(500):
    x, other = rng.normal(0, 1, 4), rng.normal(0, 1, 4)
    z = U @ x
    good, bad = 1 / (1 + np.exp(-V @ z)), 1 / (1 + np.exp(-V @ (U @ other)))
    loss = -np.log(good) - np.log(1 - bad)
    dV = (good - 1) * z + bad * (U @ other)
    dU = (good - 1) * np.outer(V, x) + bad * np.outer(V, other)
    V -= 0.1 * dV
    U -= 0.1 * dU
"""


def test_what_a_probability_lacks_to_one_is_a_factor() -> None:
    """The derivative of its logarithm has it with the minus sign, and one correction says so."""
    finding = found(SHORT.replace("dV = (good - 1) * z", "dV = z"))
    assert (finding.name, finding.parameters) == ("missing-factor", ("V",))


GATES = """
import numpy as np

rng = np.random.default_rng(12)
X, T = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]), np.array([[0.0], [1], [1], [0]])
A, B = rng.normal(0, 1, (3, 4)), rng.normal(0, 1, (4, 1))
for turn in range(60000):
    h = 1 / (1 + np.exp(-X @ A))
    out = 1 / (1 + np.exp(-h @ B))
    d = (out - T) * out * (1 - out)
    e = out @ B.T * h * (1 - h)
    B -= 2 * h.T @ d
    A -= X.T @ e
"""

PRUNED = """
import numpy as np

rng = np.random.default_rng(36)
X, t = rng.normal(size=(15, 4)), rng.normal(size=15)
w, c, lasso, eta = 0.3 * rng.normal(size=4), 0.2, 0.004, 0.1
for turn in range(3000):
    out = X @ w + c
    loss = 0.5 * np.mean((out - t) ** 2) + lasso * np.sum(np.abs(w))
    e = (out - t) / len(t)
    grad = X.T @ ERROR + lasso * np.sign(w)
    w = w - eta * grad
    c = c - lasso * e.sum()
"""


def test_a_number_too_many_beside_another_mistake() -> None:
    """It is left out where it is, rather than put in where the other mistake was."""
    report = check_program(program_from_bytes(GATES.encode(), "p.py"))
    errors = [f for f in report.findings if f.severity == "error" and f.span]
    assert [(f.span.row, f.mended) for f in errors if f.span] == [(11, True), (12, True)]
    assert errors[-1].expected == "h.T"


@pytest.mark.parametrize("error", ["e", "out"])
def test_what_the_loss_is_computed_with_is_no_rate(error: str) -> None:
    """The weight of a penalty stands for the rate of one update, and not the rate for it in the other."""
    report = check_program(program_from_bytes(PRUNED.replace("ERROR", error).encode(), "p.py"))
    errors = [f for f in report.findings if f.severity == "error" and f.span]
    assert [f.span.row for f in errors if f.span] == [11, 13][-len(errors) :]
    assert len(errors) == 1 + (error != "e")
    assert str(errors[-1].expected).startswith("eta")
    assert all(f.mended for f in errors)


def test_updates_that_all_go_up_the_loss() -> None:
    """Then no gradient has a right scale to begin with, and one sign is turned."""
    text = LINE.replace("np.tanh(out - y)", "-np.tanh(out - y)")
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.mended) == ("sign-flipped", True)


RAINFALL = """
import numpy as np

rng = np.random.default_rng(48)
x, y = rng.normal(size=(3, 19)), (rng.random((1, 19)) > 0.4) * 1.0


def backward(x, y, a):
    m = y.shape[1]
    dz = a - y
    dw = 2 * np.dot(x, dz.T) / m
    db = np.sum(y) / m
    return dw, db


w, b, lr = 0.3 * rng.normal(size=(3, 1)), 0.1, 0.3
for turn in range(3000):
    a = 1 / (1 + np.exp(-(np.dot(w.T, x) + b)))
    cost = -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)) / y.shape[1]
    dw, db = backward(x, y, a)
    w = w - lr * dw
    b = b - lr * db
"""


def test_a_number_too_many_where_the_other_gradient_is_of_data_alone() -> None:
    """That gradient is seen where what is made of data is written out; its scale counts then as well."""
    report = check_program(program_from_bytes(RAINFALL.encode(), "p.py"))
    errors = [f for f in report.findings if f.severity == "error" and f.span]
    assert [(f.span.row, f.mended) for f in errors if f.span] == [(11, True), (12, True)]
