"""Mistakes in what an update adds up, and which of two mends an update gets."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport, Finding
from backproof.pipeline import check_program
from backproof.source import Program, apply_edits, program_from_bytes

PROGRAM = """
import numpy as np
rng = np.random.default_rng(3)
x, t = rng.normal(size=(9, 4)), rng.normal(size=(9, 3))
W, b = rng.normal(size=(4, 3)) * 0.5, rng.normal(size=3) * 0.1
V, c = rng.normal(size=(3, 3)) * 0.5, rng.normal(size=3) * 0.1
dW = np.zeros_like(W)
velocity = np.zeros_like(W)
for epoch in range(1000):
    dW = np.zeros_like(W)
    h = np.tanh(x @ W + b)
    e = h @ V + c - t
    loss = 0.5 * np.sum(e ** 2)
    back = e @ V.T * (1 - h ** 2)
    for row, delta in zip(x, back):
        dW += np.outer(row, delta)
    W -= 0.01 * dW
    b -= 0.01 * back.sum(axis=0)
    V -= 0.01 * h.T @ e
    c -= 0.01 * e.sum(axis=0)
"""


def _check(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "net.py"))


def _only(report: FileReport) -> Finding:
    (finding,) = [f for f in report.findings if f.severity == "error"]
    return finding


def _mended(text: str, finding: Finding) -> str:
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"
    return apply_edits(Program("net.py", text), finding.fix.edits).text


def test_buffer_made_once() -> None:
    """A buffer that is made once, above the loop, is no momentum: it is set to zero before it is added to."""
    text = PROGRAM.replace("    dW = np.zeros_like(W)\n    h", "    h")
    finding = _only(_check(text))
    assert finding.name == "not-reset"
    assert finding.span is not None
    assert finding.span.row == PROGRAM.split("\n").index("        dW += np.outer(row, delta)")
    mended = _mended(text, finding)
    assert "    dW[...] = 0\n    for row, delta in zip(x, back):\n" in mended
    assert _check(mended).verdict == "correct"


def test_addition_once_a_step() -> None:
    """Where a step adds to a buffer only once, the addition becomes an assignment."""
    text = PROGRAM.replace("    dW = np.zeros_like(W)\n    h", "    h").replace(
        "    for row, delta in zip(x, back):\n        dW += np.outer(row, delta)\n", "    dW += x.T @ back\n"
    )
    finding = _only(_check(text))
    assert finding.name == "not-reset"
    assert "    dW = x.T @ back\n" in _mended(text, finding)


@pytest.mark.parametrize(
    "memory",
    [
        "0.9 * velocity + dW",
        "velocity - 0.1 * velocity + dW",
        "velocity + 0.1 * (10 * dW - velocity)",
        "0.5 * (velocity + 2 * dW)",
    ],
)
def test_momentum(memory: str) -> None:
    """A memory that loses a share of itself in every step is a momentum, and right, however it is written."""
    new = f"    velocity = {memory}\n    W -= 0.01 * velocity\n"
    assert _check(PROGRAM.replace("    W -= 0.01 * dW\n", new)).verdict == "correct"


def test_sign_of_one_update() -> None:
    """Of two ways to turn a sign the one is taken that makes the update like those beside it."""
    text = PROGRAM.replace("W -= 0.01 * dW", "W += 0.01 * dW")
    finding = _only(_check(text))
    assert finding.name == "sign-flipped"
    assert _mended(text, finding) == PROGRAM


def test_rate_of_one_update() -> None:
    """A rate that one update lacks is the one that the others have."""
    text = PROGRAM.replace("b -= 0.01 * back", "b -= back").replace("0.01", "rate")
    text = text.replace("dW = np.zeros_like(W)\nvelocity", "rate = 0.01\nvelocity")
    finding = _only(_check(text))
    assert "    b -= rate * back.sum(axis=0)\n" in _mended(text, finding)


def test_a_paragraph_moves_with_its_comments() -> None:
    """An update that comes too early is moved with the comments above it, and blank lines stay between."""
    text = PROGRAM.replace(
        "    back = e @ V.T * (1 - h ** 2)\n",
        "\n    # first the layer at the end\n    # (it is the nearer one)\n    V -= 0.01 * h.T @ e\n\n"
        "    # then back through it\n    back = e @ V.T * (1 - h ** 2)\n\n",
    ).replace(
        "    b -= 0.01 * back.sum(axis=0)\n    V -= 0.01 * h.T @ e\n", "    b -= 0.01 * back.sum(axis=0)\n"
    )
    finding = _only(_check(text))
    assert finding.name == "updated-weights"
    assert finding.fix is not None
    assert finding.fix.message == "move `V -= 0.01 * h.T @ e` below the last use"
    expected = (
        "\n    # then back through it\n    back = e @ V.T * (1 - h ** 2)\n\n"
        "    # first the layer at the end\n    # (it is the nearer one)\n    V -= 0.01 * h.T @ e\n\n"
    )
    assert expected in _mended(text, finding)


def test_an_update_that_goes_up() -> None:
    """What has to stand there is the whole update, though only its sign is written anew."""
    finding = _only(_check(PROGRAM.replace("    c -= 0.01", "    c += 0.01")))
    assert (finding.name, finding.expected) == ("sign-flipped", "c -= 0.01 * e.sum(axis=0)")
    assert finding.fix is not None
    assert [edit.content for edit in finding.fix.edits] == ["-="]


THROUGH_A_CALL = """
import numpy as np
rng = np.random.default_rng(5)
x, t = rng.normal(size=(11, 4)), rng.normal(size=(11, 2))
net = {"W": 0.5 * rng.normal(size=(4, 3)), "V": 0.5 * rng.normal(size=(3, 2))}


def move(key, gradient):
    net[key] = net[key] - 0.01 * gradient


for epoch in range(1000):
    h = np.tanh(x @ net["W"])
    e = h @ net["V"] - t
    loss = 0.5 * np.sum(e ** 2)
    move("V", h.T @ e)
    back = e @ net["V"].T * (1 - h ** 2)
    move("W", x.T @ back)
"""


def test_an_update_in_a_function_is_moved_where_it_is_called() -> None:
    """The weight is read after the call that updates it: so the call goes behind the read."""
    finding = _only(_check(THROUGH_A_CALL))
    assert finding.name == "updated-weights"
    mended = _mended(THROUGH_A_CALL, finding)
    read, call = "back = e @ net", 'move("V"'
    assert mended.index(read) < mended.index(call)
    assert _check(mended).verdict == "correct"


PUT_TOGETHER = """
import numpy as np
rng = np.random.default_rng(7)
X, y = rng.normal(size=(13, 3)), rng.normal(size=13)
w = rng.normal(size=3)
for turn in range(2000):
    grad = np.zeros(3)
    loss = np.mean((X @ w - y) ** 2)
    for j in range(3):
        for i in range(13):
            grad[j] += 2 * (X[i] @ w - y[i]) * X[i, j]
        grad[j] *= 1 + 0.1 * w[j]
    w -= 0.01 * grad / 13
"""


def test_a_gradient_that_is_put_together_is_no_parameter() -> None:
    """Its elements are added up, and multiplied, in loops of their own: the step is what takes it off."""
    finding = _only(_check(PUT_TOGETHER))
    assert finding.parameters == ("w",)
    assert finding.span is not None
    assert finding.span.row == 12


BY_HAND = """
import numpy as np
rng = np.random.default_rng(9)
x, t = rng.normal(size=(11, 4)), rng.normal(size=(11, 1))
W, b = 0.5 * rng.normal(size=(4, 3)), 0.1 * rng.normal(size=3)
v, c = 0.5 * rng.normal(size=(3, 1)), 0.2
for epoch in range(1000):
    h = np.tanh(x @ W + b)
    e = h @ v + c - t
    loss = 0.5 * np.sum(e ** 2)
    back = e @ v.T * (1 - h ** 2)
    W -= 0.01 * x.T @ back
    b -= 0.01 * back.sum(axis=0)
    v -= 0.01 * h.T @ e
    c -= 0.01 * np.sum(back)
"""


def test_the_wrong_array_is_summed() -> None:
    """A whole sum takes an array of any shape, so that of another layer is found there."""
    finding = _only(_check(BY_HAND))
    assert (finding.name, finding.found, finding.expected) == ("wrong-operand", "back", "e")
    assert _check(_mended(BY_HAND, finding)).verdict == "correct"


VELOCITIES = """
import numpy as np
t = np.linspace(0.1, 1.9, 23)
y = -4.2 * t ** 2 + 7.5 * t + 1.3
a, b, c = 0.3, -0.2, 0.5
va = vb = vc = 0.0
for k in range(5000):
    e = a * t ** 2 + b * t + c - y
    loss = np.mean(e ** 2)
    va = 0.5 * va - 0.01 * np.mean(2 * (a * t ** 2 + b * t + c - y) * t ** 2)
    vb = 0.5 * vb - 0.01 * np.mean(2 * (a * t ** 2 + b * t + c - y) * t)
    vc = 0.5 * vc - 0.01 * np.mean(2 * (a * t ** 2 + b * t + c - y))
    a = a + va
    b = b - vb
    c = c + vc
"""


def test_the_one_update_that_differs_from_its_siblings() -> None:
    """Its sign is wrong, and not that of the difference that it could be traced to as well."""
    finding = _only(_check(VELOCITIES))
    assert finding.name == "sign-flipped"
    assert "    b = b + vb\n" in _mended(VELOCITIES, finding)


FILMS = """
import numpy as np
rng = np.random.RandomState(5)
ratings = [(u, f, 1 + (u * 2 + f * 3) % 5) for u in range(6) for f in range(5) if (u + f) % 3]
users, films = rng.normal(0, 0.3, (6, 3)), rng.normal(0, 0.3, (5, 3))
ub, fb = rng.normal(0, 0.1, 6), rng.normal(0, 0.1, 5)
for epoch in range(1000):
    sse = 0
    for u, f, r in ratings:
        e = r - (3 + ub[u] + fb[f] + users[u] @ films[f])
        sse += e ** 2
        ub[u] += 0.02 * e
        fb[f] -= 0.02 * e
        users[u] += 0.02 * (e * films[f] - 0.02 * users[u])
        films[f] += 0.02 * (e * users[u] - 0.02 * films[f])
"""


def test_rows_that_are_read_in_the_backward_pass_only() -> None:
    """A sign and a row that is read after its update: both are found, though no point holds that row."""
    names = [finding.name for finding in _check(FILMS).findings if finding.severity == "error"]
    assert names == ["sign-flipped", "updated-weights"]


PAIRS = """
import numpy as np
rng = np.random.default_rng(9)
near, far = 0.5 * rng.normal(size=(8, 5)), 0.5 * rng.normal(size=(8, 5))
def learn(center, others, rate):
    hidden = near[center]
    back = np.zeros(5)
    for k, other in enumerate(others):
        row = far[other]
        wanted = 1.0 if k == 0 else 0.0
        e = rate * (wanted - 1 / (1 + np.exp(-(hidden @ row))))
        back += e * row
        row += e * hidden
    near[center] += back
for turn in range(4000):
    center, *others = rng.permutation(8)[:4]
    learn(center, others, 0.1)
"""


def test_a_row_that_is_read_by_its_own_name() -> None:
    """A view of a row is read where its name stands, and not where that was given to it, above the update."""
    assert _check(PAIRS).verdict == "correct"
    first, second = "        back += e * row\n", "        row += e * hidden\n"
    text = PAIRS.replace(first + second, second + first)
    finding = _only(_check(text))
    assert (finding.name, finding.found) == ("updated-weights", "row")
    assert _mended(text, finding) == PAIRS


LAYER = """
import numpy as np

class Dense:
    def __init__(self, inputs, outputs, rng):
        self.W, self.b = 0.6 * rng.normal(size=(inputs, outputs)), 0.2 * rng.normal(size=outputs)
        self.clear()
    def clear(self):
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, g):
        self.dW += self.x.T @ g
        self.db += g.sum(axis=0)
        return g @ self.W.T
    def step(self, rate):
        self.W -= rate * self.dW
        self.b -= rate * self.db

rng = np.random.default_rng(12)
near, far = rng.normal(size=(9, 3)), rng.normal(1.0, 1.5, size=(7, 3))
one, two = Dense(3, 5, rng), Dense(5, 1, rng)
for turn in range(2000):
    loss = 0.0
    for batch, label in ((near, 1.0), (far, 0.0)):
        h = np.tanh(one.forward(batch))
        p = 1 / (1 + np.exp(-two.forward(h)))
        loss += -np.mean(label * np.log(p) + (1 - label) * np.log(1 - p))
        g = two.backward((p - label) / len(batch))
        one.backward(g * (1 - h ** 2))
    one.step(0.1)
    two.step(0.1)
    one.clear()
    two.clear()
"""


def test_a_buffer_that_several_calls_add_to_is_emptied_behind_the_update() -> None:
    """Where it is added to, what the first call has given would be lost."""
    assert _check(LAYER).verdict == "correct"
    text = LAYER.replace("    one.clear()\n    two.clear()\n", "")
    finding = _only(_check(text))
    assert finding.name == "not-reset"
    mended = _mended(text, finding)
    assert "        self.W -= rate * self.dW\n        self.dW[...] = 0\n" in mended
    assert _check(mended).verdict == "correct"


def test_what_an_earlier_call_has_given_is_not_certified_as_lost() -> None:
    """A buffer that is set to zero in every call keeps the gradient of the last batch only."""
    text = LAYER.replace("        self.dW +=", "        self.dW[...] = 0\n        self.dW +=")
    report = _check(text.replace("        self.db +=", "        self.db[...] = 0\n        self.db +="))
    assert report.verdict == "faulty"
    assert {f.name for f in report.findings if f.severity == "error"} == {"not-accumulated"}


def test_gradients_that_are_never_reset_are_no_memory_of_a_parameter_that_is_read_by_its_element() -> None:
    """What `b[0]` was made of in the step before is nothing that the buffer feeds in this one."""
    text = """
import numpy as np

rng = np.random.default_rng(44)
reed, lake = rng.normal(size=(7, 3)), rng.normal(size=7)
w, b = 0.4 * rng.normal(size=3), 0.1 * rng.normal(size=1)
gw, gb = np.zeros_like(w), np.zeros_like(b)
for turn in range(3000):
    loss = 0.0
    for x, y in zip(reed, lake):
        miss = x @ w + b[0] - y
        loss += 0.5 * miss ** 2
        gw += miss * x
        gb += miss
    w -= 0.02 * gw
    b -= 0.02 * gb
"""
    for each, rows in (
        (text.replace("loss = 0.0", "loss, gw, gb = 0.0, np.zeros_like(w), np.zeros_like(b)"), []),
        (text.replace("loss = 0.0", "loss, gw = 0.0, np.zeros_like(w)"), [14]),
        (text, [13]),  # one statement begins both: one mistake
    ):
        errors = [f for f in check_program(Program("reed.py", each)).findings if f.severity == "error"]
        assert [(f.name, f.span.row, f.mended) for f in errors] == [("not-reset", row, True) for row in rows]
    assert "`gw` and `gb`" in errors[0].message
