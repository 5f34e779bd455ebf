"""Updates that give a parameter its step in place of its value: `b = -lr * db`."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(31)
X, y = rng.normal(size=(26, 4)), rng.normal(size=(26, 3))
W, b = rng.normal(size=(4, 3)) * 0.4, rng.normal(size=3) * 0.3
rows = [0.2, -0.4, 0.1]
for k in range(400):
    e = X @ W + b + rows - y
    loss = np.sum(e ** 2) / 26
    g = 2 * e / 26
    dW, db = X.T @ g, g.sum(axis=0)
    UPDATE
    if k % 50 == 0:
        print(loss)
"""
ALL = ["W = W - 0.1 * dW", "b = b - 0.1 * db", "for i in range(3): rows[i] = rows[i] - 0.1 * float(db[i])"]


@pytest.mark.parametrize(
    ("number", "wrong", "name"),
    [
        (1, "b = -0.1 * db", "b"),
        (1, "b =- 0.1 * db", "b"),
        (1, "b = 0.1 * db", "b"),
        (0, "W = dW * -0.1", "W"),
    ],
)
def test_a_forgotten_value_is_found_and_put_back(number: int, wrong: str, name: str) -> None:
    """What the parameter becomes is a multiple of its own gradient, and nothing of what it was."""
    update = "\n    ".join(wrong if k == number else text for k, text in enumerate(ALL[:2]))
    program = program_from_bytes(
        PROGRAM.replace(" + rows", "").replace("UPDATE", update).encode(), "assigned.py"
    )
    report = check_program(program)
    assert report.verdict == "faulty"
    (finding,) = [each for each in report.findings if each.severity == "error"]
    assert (finding.name, finding.parameters, finding.mended) == ("not-accumulated", (name,), True)
    assert finding.fix is not None
    assert check_program(apply_edits(program, finding.fix.edits)).verdict == "correct"


def test_a_value_that_is_another_multiple_each_time_is_a_state() -> None:
    """A baseline that becomes the last mean error is no parameter with a forgotten value."""
    text = PROGRAM.replace("rows = [0.2, -0.4, 0.1]", "rows = np.zeros(3)")
    update = "\n    ".join([*ALL[:2], "rows = 0.5 * rows + 0.01 * X[k % 26, :3]"])
    report = check_program(program_from_bytes(text.replace("UPDATE", update).encode(), "state.py"))
    assert report.verdict != "faulty"


@pytest.mark.parametrize("other", ["db", "0.1", "rows", "y[k % 26]"])
def test_a_step_that_is_taken_off_another_value_is_put_back(other: str) -> None:
    """What is taken off is the true gradient at the rate of the others, so the parameter belongs there."""
    update = f"{ALL[0]}\n    b = {other} - 0.1 * db"
    text = PROGRAM.replace(" + rows", "").replace("UPDATE", update)
    program = program_from_bytes(
        text.replace("rows = [", "rows = np.array([").replace(", 0.1]", ", 0.1])").encode(), "other.py"
    )
    report = check_program(program)
    assert report.verdict == "faulty"
    (finding,) = [each for each in report.findings if each.severity == "error"]
    assert (finding.name, finding.found, finding.expected, finding.mended) == (
        "wrong-operand",
        other,
        "b",
        True,
    )
    assert finding.fix is not None
    assert check_program(apply_edits(program, finding.fix.edits)).verdict == "correct"


@pytest.mark.parametrize(
    "update",
    [
        "b, slow = slow - 0.1 * db, 0.9 * slow + 0.1 * b",
        "b = np.sign(b) * np.maximum(np.abs(b) - 0.01, 0) - 0.1 * db",
    ],
)
def test_a_step_from_what_is_kept_of_the_parameter_is_no_such_mistake(update: str) -> None:
    """A mean of what it was, and what shrinks it, are meant."""
    text = PROGRAM.replace(" + rows", "").replace("rows = [0.2, -0.4, 0.1]", "slow = b * 0.9")
    text = text.replace("UPDATE", f"{ALL[0]}\n    {update}")
    assert check_program(program_from_bytes(text.encode(), "kept.py")).verdict != "faulty"


HANDED = """
import numpy as np

rng = np.random.default_rng(8)
X, y = rng.normal(size=(21, 4)), rng.normal(size=(21, 3))
V, a = rng.normal(size=(4, 5)) * 0.4, rng.normal(size=5) * 0.3
W, b = rng.normal(size=(5, 3)) * 0.4, rng.normal(size=3) * 0.3


def stepped(V, a, W, b, dV, da, dW, db, rate):
    V = V - rate * dV
    a = a - rate * da
    W = W - rate * dW
    b = b - rate * db
    return V, a, W, b


for k in range(400):
    h = np.tanh(X @ V + a)
    e = h @ W + b - y
    loss = 0.5 * np.sum(e ** 2) / 21
    dW, db = h.T @ e / 21, e.sum(axis=0) / 21
    dh = e @ W.T / 21 * (1 - h ** 2)
    V, a, W, b = stepped(V, a, W, b, X.T @ dh, dh.sum(axis=0), dW, db, 0.1)
"""


@pytest.mark.parametrize(("call", "name"), [("dW, b", "W"), ("W, db", "b")])
def test_another_value_that_is_handed_on_for_a_parameter(call: str, name: str) -> None:
    """A function takes the step off what it is given, so the argument is what is wrong."""
    program = program_from_bytes(
        HANDED.replace("= stepped(V, a, W, b,", f"= stepped(V, a, {call},").encode(), "a.py"
    )
    report = check_program(program)
    assert report.verdict == "faulty"
    (finding,) = [each for each in report.findings if each.severity == "error"]
    assert (finding.name, finding.found, finding.expected) == ("wrong-operand", f"d{name}", name)
    assert finding.fix is not None
    assert check_program(apply_edits(program, finding.fix.edits)).verdict == "correct"


STACKED = """
import numpy as np

rng = np.random.default_rng(8)
X, y = rng.normal(size=(21, 4)), rng.normal(size=(21, 3))
V, a = rng.normal(size=(4, 5)) * 0.4, rng.normal(size=5) * 0.3
W, b = rng.normal(size=(5, 3)) * 0.4, rng.normal(size=3) * 0.3
rate = 0.1

for k in range(400):
    h = np.tanh(X @ V + a)
    e = (h @ W + b - y) / 21
    loss = 10.5 * np.sum(e ** 2)
    dh = e @ W.T * (1 - h ** 2)
    W -= rate * h.T @ e
    b -= rate * e.sum(axis=0)
    V -= rate * X.T @ dh
    a -= rate * dh.sum(axis=0)
"""


def test_two_layers_forget_in_the_manner_of_the_others() -> None:
    """The next layer's weights are in the gradient of this one's: that is no memory of an optimizer."""
    text = STACKED.replace("    W -=", "    W =").replace("    V -=", "    V =")
    program = program_from_bytes(text.encode(), "stacked.py")
    report = check_program(program)
    errors = [each for each in report.findings if each.severity == "error"]
    assert [(f.name, f.parameters, f.expected, f.mended) for f in errors] == [
        ("not-accumulated", ("W",), "W -= rate * h.T @ e", True),
        ("not-accumulated", ("V",), "V -= rate * X.T @ dh", True),
    ]


def test_no_update_keeps_what_it_updates() -> None:
    """Then nothing looks like an update, and the program is right when all are one."""
    program = program_from_bytes(STACKED.replace(" -= ", " = ").encode(), "all.py")
    report = check_program(program)
    errors = [each for each in report.findings if each.severity == "error"]
    assert report.verdict == "faulty"
    assert [(f.name, f.parameters, f.mended) for f in errors] == [
        ("not-accumulated", (name,), True) for name in "WbVa"
    ]
    assert errors[0].expected == "W = W - rate * h.T @ e"


POWERS = """
import numpy as np

A = np.random.default_rng(3).normal(size=(7, 7))
A = A @ A.T
v = np.ones(7) / 7 ** 0.5
for k in range(60):
    ratio = v @ A @ v
    v = A @ v / np.linalg.norm(A @ v)
    print(ratio)
"""


def test_an_iteration_that_keeps_nothing_is_no_training() -> None:
    """A vector that is multiplied by a matrix again and again goes to an eigenvector of it."""
    assert check_program(program_from_bytes(POWERS.encode(), "powers.py")).verdict == "inconclusive"
