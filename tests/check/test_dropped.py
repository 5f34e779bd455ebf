"""Gradients that are computed and never applied, and those that nobody wants."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

GLOBALS = """
import numpy as np
np.random.seed(1)
X = np.random.randn(30, 4); y = np.sin(X[:, :1]) + X[:, 1:2] ** 2
W1 = np.random.randn(4, 6) * .5; b1 = np.random.randn(6) * .1; W2 = np.random.randn(6, 1); b2 = np.zeros(1)
lr = 0.1
for i in range(1000):
    h = np.tanh(X @ W1 + b1)
    out = h @ W2 + b2
    loss = np.mean((out - y) ** 2)
    d_out = 2 * (out - y) / len(X)
    dW2 = h.T @ d_out
    db2 = d_out.sum(axis=0)
    d_h = d_out @ W2.T * (1 - h ** 2)
    dW1 = X.T @ d_h
    db1 = d_h.sum(axis=0)
    W1 -= lr * dW1
    W2 -= lr * dW2
    b2 -= lr * db2
"""

DICTIONARY = """
import numpy as np
rng = np.random.default_rng(1)
X = rng.normal(size=(30, 4)); y = np.sin(X[:, :1])
params = {"W1": rng.normal(size=(4, 6)), "b1": np.full(6, .1),
          "W2": rng.normal(size=(6, 1)), "b2": np.zeros(1)}
def forward(p, X):
    h = np.tanh(X @ p["W1"] + p["b1"])
    return h, h @ p["W2"] + p["b2"]
def backward(p, X, h, out, y):
    d = (out - y) / len(X)
    dh = d @ p["W2"].T * (1 - h * h)
    return {"W1": X.T @ dh, "b1": dh.sum(0), "W2": h.T @ d, "b2": d.sum(0)}
for i in range(1000):
    h, out = forward(params, X)
    loss = 0.5 * np.sum((out - y) ** 2) / len(X)
    grads = backward(params, X, h, out, y)
    params["W1"] -= 0.1 * grads["W1"]
    params["W2"] -= 0.1 * grads["W2"]
    params["b2"] -= 0.1 * grads["b2"]
"""

LAYERS = """
import numpy as np
np.random.seed(1)
class Dense:
    def __init__(self, n, m):
        self.W = np.random.randn(n, m) * .4
        self.b = np.random.randn(m) * .1
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, g):
        self.dW = self.x.T @ g
        self.db = g.sum(axis=0)
        return g @ self.W.T
    def update(self, lr):
        self.W = self.W - lr * self.dW
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x); return self.y
    def backward(self, g):
        return g * (1 - self.y ** 2)
X = np.random.randn(20, 3); t = X[:, :1] * X[:, 1:2]
net = [Dense(3, 5), Tanh(), Dense(5, 1)]
for i in range(1000):
    a = X
    for l in net: a = l.forward(a)
    loss = 0.5 * np.sum((a - t) ** 2)
    g = a - t
    for l in reversed(net): g = l.backward(g)
    for l in net:
        if hasattr(l, "update"):
            l.update(0.01)
"""

FROZEN = """
import numpy as np
np.random.seed(1)
class Dense:
    def __init__(self, n, m, trainable=True):
        self.W = np.random.randn(n, m) * .4
        self.b = np.random.randn(m) * .1
        self.trainable = trainable
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, g):
        self.dW = self.x.T @ g
        self.db = g.sum(axis=0)
        return g @ self.W.T
class Tanh:
    trainable = False
    def forward(self, x):
        self.y = np.tanh(x); return self.y
    def backward(self, g):
        return g * (1 - self.y ** 2)
X = np.random.randn(20, 3); t = X[:, :1] * X[:, 1:2]
net = [Dense(3, 5), Tanh(), Dense(5, 4, False), Tanh(), Dense(4, 1)]
for i in range(1000):
    a = X
    for l in net: a = l.forward(a)
    loss = 0.5 * np.sum((a - t) ** 2)
    g = a - t
    for l in reversed(net): g = l.backward(g)
    for l in net:
        if l.trainable:
            l.W -= 0.01 * l.dW
            l.b -= 0.01 * l.db
"""

MODEL = """
import numpy as np
class Model:
    def __init__(self, X, y):
        rng = np.random.default_rng(2)
        self.X, self.y = X, y
        self.W1 = rng.normal(size=(3, 5)); self.W2 = rng.normal(size=(5, 1))
        self.shift = 0.3
    def step(self):
        self.h = np.tanh(self.X @ self.W1)
        self.out = self.h @ self.W2 + self.shift
        self.error = self.y - self.out
        loss = 0.5 * np.sum(self.error ** 2)
        d = self.out - self.y
        self.dout = d
        self.mean_error = d.sum()
        dW2 = self.h.T @ d
        dz = d @ self.W2.T * (1 - self.h ** 2)
        self.dX = dz @ self.W1.T
        self.W1 -= 0.01 * self.X.T @ dz
        self.W2 -= 0.01 * dW2
        return loss
rng = np.random.default_rng(3)
X = rng.normal(size=(15, 3))
m = Model(X, np.sin(X[:, :1]))
for i in range(500):
    m.step()
"""

STATE = """
import numpy as np
np.random.seed(3)
W = np.random.randn(4, 4) * .4; U = np.random.randn(4, 2) * .4; V = np.random.randn(1, 4)
xs = np.random.randn(6, 2); target = 0.7
h0 = np.zeros(4); c0 = np.zeros(4) + .1
for it in range(500):
    hs, cs = [h0], [c0]
    for x in xs:
        g = np.tanh(W @ hs[-1] + U @ x)
        cs.append(0.9 * cs[-1] + 0.1 * g)
        hs.append(np.tanh(cs[-1]))
    out = V @ hs[-1]
    loss = 0.5 * np.sum((out - target) ** 2)
    d = out - target
    dV = np.outer(d, hs[-1])
    dW, dU = np.zeros_like(W), np.zeros_like(U)
    dh, dc = V.T @ d, np.zeros(4)
    for t in range(5, -1, -1):
        dc = dc + dh * (1 - hs[t + 1] ** 2)
        g = (cs[t + 1] - 0.9 * cs[t]) / 0.1
        dz = 0.1 * dc * (1 - g ** 2)
        dW += np.outer(dz, hs[t]); dU += np.outer(dz, xs[t])
        dh = W.T @ dz
        dc = 0.9 * dc
    dh0, dc0 = dh, dc
    W -= .05 * dW; U -= .05 * dU; V -= .05 * dV
"""

WRITTEN_DOWN = """
import numpy as np
rng = np.random.default_rng(4)
X = rng.normal(size=(20, 3)); y = np.tanh(X[:, :1] - X[:, 2:])
shift = 0.2
U = rng.normal(size=(3, 4)); v = rng.normal(size=(4, 1))
for i in range(500):
    h = np.tanh(X @ U)
    e = h @ v + shift - y
    d_h = e @ v.T
    d_z = d_h * (1 - h * h)
    slope = e.sum()
    shift -= 0.01 * slope
    v -= 0.01 * h.T @ e
    U -= 0.01 * X.T @ d_z
"""

EMBEDDED = """
import numpy as np
rng = np.random.default_rng(5)
table = rng.normal(size=(9, 3))
W = rng.normal(size=(3, 2)) * .5
ids = rng.integers(0, 9, 12); t = rng.normal(size=(12, 2))
for i in range(500):
    out = table[ids] @ W
    loss = 0.5 * np.sum((out - t) ** 2)
    d = out - t
    W -= 0.01 * table[ids].T @ d
"""


@pytest.mark.parametrize(
    ("text", "update"),
    [
        (GLOBALS, "b1 -= lr * db1"),
        (DICTIONARY, 'params["b1"] -= 0.1 * grads["b1"]'),
        (LAYERS, "self.b = self.b - lr * self.db"),
    ],
)
def test_dropped(text: str, update: str) -> None:
    """A gradient that is not applied is found, and its update written like the one beside it."""
    program = program_from_bytes(text.encode(), "program.py")
    report = check_program(program)
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (report.verdict, finding.name, finding.expected) == ("faulty", "never-updated", update)
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"
    mended = apply_edits(program, finding.fix.edits)
    assert update in mended.text
    assert check_program(mended).verdict == "correct"


@pytest.mark.parametrize("text", [FROZEN, MODEL, STATE, WRITTEN_DOWN, EMBEDDED])
def test_not_wanted(text: str) -> None:
    """Gradients of data, of targets, of first states and of frozen layers are no fault."""
    assert check_program(program_from_bytes(text.encode(), "program.py")).verdict == "correct"


@pytest.mark.parametrize("update", ["U -= 0.01 * X.T @ d_z", "shift -= 0.01 * slope"])
def test_written_down(update: str) -> None:
    """No certificate is given where a name holds a gradient of what is not updated, and nothing reads it."""
    text = WRITTEN_DOWN.replace(f"    {update}\n", "")
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "never read" in report.reason


def test_written_down_and_called_alike() -> None:
    """A gradient that is called after what it is that of, and that nothing reads, was to be applied."""
    text = WRITTEN_DOWN.replace("v -= 0.01 * h.T @ e", "d_v = h.T @ e")
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.parameters) == ("never-updated", ("v",))


BOILER = """
import numpy as np
class Boiler:
    def __init__(self, n_in, n_hid, n_out):
        r = np.random.RandomState(5)
        self.U = r.randn(n_hid, n_in) * 0.5
        self.V = r.randn(n_hid, n_hid) * 0.4
        self.w = r.randn(n_out, n_hid) * 0.5
        self.a = np.zeros(n_hid)
        self.b = np.zeros(n_out)
    def forward(self, x):
        T = len(x)
        h = {-1: np.zeros(len(self.a))}
        out = {}
        for t in range(T):
            h[t] = np.tanh(self.U.dot(x[t]) + self.V.dot(h[t - 1]) + self.a)
            out[t] = self.w.dot(h[t]) + self.b
        return h, out
    def loss(self, out, y):
        return sum(0.5 * np.sum((out[t] - y[t]) ** 2) for t in out)
    def backward(self, x, y, h, out, lr=0.01):
        T = len(x)
        sum_U, sum_V, sum_w = np.zeros_like(self.U), np.zeros_like(self.V), np.zeros_like(self.w)
        sum_a, sum_b = np.zeros_like(self.a), np.zeros_like(self.b)
        back = np.zeros_like(self.a)
        for t in range(T - 1, -1, -1):
            dq = out[t] - y[t]
            sum_w += np.outer(dq, h[t])
            sum_b += dq
            dh = self.w.T.dot(dq) + back
            dz = (1 - h[t] * h[t]) * dh
            sum_U += np.outer(dz, x[t])
            sum_V += np.outer(dz, h[t - 1])
            sum_a += dz
            back = self.V.T.dot(dz)
        for d in (sum_U, sum_V, sum_w, sum_a, sum_b):
            np.clip(d, -50, 50, out=d)
        self.U -= lr * sum_U
        self.V -= lr * sum_V
        self.w -= lr * sum_w
        self.a -= lr * sum_a
        self.b -= lr * sum_b
hours = np.arange(48)
heat = np.sin((hours - 9) * np.pi / 12) + 0.1 * np.cos(hours * 1.7)
day = np.stack([np.sin(hours * np.pi / 12), heat], axis=1)
boiler = Boiler(2, 5, 1)
for step in range(2000):
    start = step % 30
    x = day[start:start + 8]
    y = heat[start + 1:start + 9].reshape(-1, 1)
    h, out = boiler.forward(x)
    boiler.backward(x, y, h, out)
"""


def test_a_sum_of_errors_is_no_parameter() -> None:
    """Though the bias of the output is in each of them, as it is in a parameter that an update changes."""
    report = check_program(program_from_bytes(BOILER.encode(), "boiler.py"))
    assert report.verdict == "correct"


LAYERED = """
import numpy as np

draw = np.random.default_rng(61)
X, labels = draw.normal(size=(21, 3)), draw.integers(0, 4, 21)
Y = np.eye(4)[labels]
sizes = [3, 7, 5, 4]
weights = [draw.normal(0, 0.5, pair) for pair in zip(sizes, sizes[1:])]
shifts = [draw.normal(0, 0.1, size) for size in sizes[1:]]
for turn in range(1000):
    seen = [X]
    for W, b in zip(weights[:-1], shifts[:-1]):
        seen.append(np.tanh(seen[-1] @ W + b))
    e = np.exp(seen[-1] @ weights[-1] + shifts[-1])
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(21), labels]))
    slopes, moves, d = [None] * 3, [None] * 3, (p - Y) / 21
    for k in range(2, -1, -1):
        slopes[k], moves[k] = seen[k].T @ d, d.sum(axis=0)
        d = d @ weights[k].T * (1 - seen[k] ** 2)
    for k in range(len(weights)):
        weights[k] -= 0.2 * slopes[k]
        shifts[k] -= 0.2 * moves[k]
"""


@pytest.mark.parametrize(
    ("loop", "left"), [("range(len(weights) - 1)", 2), ("range(2)", 2), ("range(1, len(weights))", 0)]
)
def test_a_loop_that_leaves_out_a_layer(loop: str, left: int) -> None:
    """It is said once, where the loop is, and not of each gradient."""
    text = LAYERED.replace("range(len(weights))", loop)
    report = check_program(program_from_bytes(text.encode(), "layered.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.found) == ("never-updated", loop)
    assert set(finding.parameters) == {f"weights[{left}]", f"shifts[{left}]"}
    assert finding.mended


def test_a_loop_over_all_layers() -> None:
    """Nothing is said of it."""
    assert check_program(program_from_bytes(LAYERED.encode(), "layered.py")).verdict == "correct"


LOOKED_UP = """
import numpy as np

rng = np.random.default_rng(14)
E = rng.normal(0, 0.4, (13, 4))
W, b = rng.normal(0, 0.4, (8, 3)), rng.normal(0, 0.1, 3)
for k in range(2000):
    rows = rng.integers(0, 13, (7, 2))
    t = np.stack([np.sin(rows[:, 0]), np.cos(rows[:, 1]), rows.sum(1) / 9.0], axis=1)
    e = E[rows].reshape(7, 8)
    d = e @ W + b - t
    loss = np.sum(d ** 2) / 14
    d = d / 7
    dW, db = e.T @ d, d.sum(axis=0)
    dE = np.zeros_like(E)
    np.add.at(dE, rows, (d @ W.T).reshape(7, 2, 4))
    E -= 0.5 * dE
    W -= 0.5 * dW
    b -= 0.5 * db
"""
NUMBER = """
import numpy as np

rng = np.random.default_rng(15)
X, y = rng.normal(size=(21, 4)), rng.normal(size=21)
slope, level = rng.normal(size=4), 0.3
for k in range(500):
    e = X @ slope + level - y
    loss = np.mean(e ** 2)
    grad = 2 * X.T @ e / 21
    grad0 = 2 * e.mean()
    slope = slope - 0.1 * grad
    level = level - 0.1 * grad0
"""
TABLE = """
import numpy as np

rng = np.random.default_rng(16)
U, V = rng.normal(0, 0.5, (9, 5)), rng.normal(0, 0.5, (8, 5))
for k in range(3000):
    i, j, others = rng.integers(9), rng.integers(4), rng.choice(4, 2, replace=False) + 4
    u = U[i]
    good, bad = 1 / (1 + np.exp(-u @ V[j])), 1 / (1 + np.exp(-V[others] @ u))
    loss = -np.log(good) - np.sum(np.log(1 - bad))
    du = (good - 1) * V[j] + bad @ V[others]
    d_good = (good - 1) * u
    d_bad = np.outer(bad, u)
    V[j] -= 0.1 * d_good
    V[others] -= 0.1 * d_bad
    U[i] -= 0.1 * du
"""


@pytest.mark.parametrize(
    ("text", "update", "name"),
    [
        (LOOKED_UP, "W -= 0.5 * dW", "W"),
        (NUMBER, "level = level - 0.1 * grad0", "level"),
        (TABLE, "V[j] -= 0.1 * d_good", "V"),
        (TABLE, "V[others] -= 0.1 * d_bad", "V"),
    ],
)
def test_what_a_name_says_that_nothing_reads(text: str, update: str, name: str) -> None:
    """A matrix behind a table, a number, the rows of one of two look-ups have a gradient and no update."""
    assert check_program(program_from_bytes(text.encode(), "program.py")).verdict == "correct"
    report = check_program(program_from_bytes(text.replace(f"    {update}\n", "").encode(), "program.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.parameters) == ("never-updated", (name,))


def test_what_is_written_back_as_it_is() -> None:
    """Nobody writes into an array what it holds already, but who left the gradient out."""
    text = NUMBER.replace("level = level - 0.1 * grad0", "slope[...] = slope").replace(
        "slope = slope - 0.1 * grad\n", "level = level - 0.1 * grad0\n"
    )
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.found, finding.parameters) == (
        "never-updated",
        "slope",
        ("slope",),
    )


MEMORY = """
import numpy as np

rng = np.random.default_rng(83)
x, t = rng.normal(size=(11, 3)), rng.normal(size=(11, 2))
W, b = 0.4 * rng.normal(size=(3, 2)), 0.1 * rng.normal(size=2)
m = {"W": np.zeros((3, 2)), "b": np.zeros(2)}
for turn in range(800):
    error = x @ W + b - t
    loss = np.mean(error ** 2)
    grads = {"W": GRADIENT, "b": error.mean(0)}
    for key in m:
        m[key] = MEMORY
    W -= 0.05 * grads["W"] / (np.sqrt(m["W"]) + 1e-3)
    b -= 0.05 * grads["b"] / (np.sqrt(m["b"]) + 1e-3)
"""


@pytest.mark.parametrize("gradient", ["x.T @ error / 11", "-x.T @ error / 11"])
@pytest.mark.parametrize("memory", ["0.9 * m[key] + 0.1 * grads[key] ** 2", "0.9 * m[key]"])
def test_a_memory_that_nothing_is_added_to(gradient: str, memory: str) -> None:
    """It stays zero, and is found also where a gradient is wrong as well."""
    text = MEMORY.replace("GRADIENT", gradient).replace("MEMORY", memory)
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    names = {f.name for f in report.findings if f.severity == "error"}
    wrong = {"sign-flipped"} if gradient.startswith("-") else set()
    assert names == wrong | ({"missing-term"} if "+" not in memory else set())


GAUGE = """
import numpy as np
draw = np.random.default_rng(61)
tide, H = np.sin(0.4 * np.arange(60)) + 0.2 * draw.normal(size=60), 4
net = {"U": 0.5 * draw.normal(size=(H, H + 1)), "a": 0.1 * draw.normal(size=(H, 1)),
       "v": 0.5 * draw.normal(size=(1, H)), "b": np.zeros((1, 1))}
def forward(xs):
    h, tape = np.zeros((H, 1)), []
    for x in xs:
        z = np.vstack([h, [[x]]])
        h = np.tanh(net["U"] @ z + net["a"])
        tape.append((z, h, net["v"] @ h + net["b"]))
    return tape
def error(tape, want):
    return 0.5 * sum((each[-1].item() - w) ** 2 for each, w in zip(tape, want))
for turn in range(1000):
    s = turn % 50
    want = tide[s + 1:s + 6]
    tape = forward(tide[s:s + 5])
    grad = {name: np.zeros_like(value) for name, value in net.items()}
    carry = np.zeros((H, 1))
    for (z, h, out), w in zip(tape[::-1], want[::-1]):
        miss = out - w
        grad["v"] += miss @ h.T
        grad["b"] += miss
        d = (net["v"].T @ miss + carry) * (1 - h * h)
        grad["U"] += d @ z.T
        grad["a"] += d
        carry = net["U"][:, :H].T @ d
    for name in net:
        net[name] = net[name] - 0.02 * grad[name]
    if turn % 100 == 0:
        print(turn, error(tape, want))
"""


def test_a_sum_of_errors_in_a_dictionary_is_no_parameter() -> None:
    """Its item is written for the first time when a first error is added, of which the bias is a part."""
    report = check_program(program_from_bytes(GAUGE.encode(), "program.py"))
    assert report.verdict == "correct"
    assert "net['b']" in {p.name for p in report.parameters}


NUMBERS = """
import random
random.seed(3)
xs = [[random.gauss(0, 1) for _ in range(3)] for _ in range(17)]
ts = [0.5 * x[0] - x[1] + 2.0 for x in xs]
weights = [0.1, -0.2, 0.3]
shift = 0.4
for epoch in range(2000):
    g_w, g_s, loss = [0.0, 0.0, 0.0], 0.0, 0.0
    for x, t in zip(xs, ts):
        e = sum(a * b for a, b in zip(weights, x)) + shift - t
        loss += e * e
        for i in range(3):
            g_w[i] += 2 * e * x[i]
        g_s += 2 * e
    for i in range(3):
        weights[i] -= 0.01 * g_w[i] / 17
    for i in range(2):
        pass
"""


def test_a_number_beside_lists_has_its_update_behind_their_loop() -> None:
    """It is told by the beginning of its name, and is no target though the first sum is one's gradient."""
    report = check_program(program_from_bytes(NUMBERS.encode(), "net.py"))
    (found,) = report.findings
    assert (found.name, found.parameters, found.span.row) == ("never-updated", ("shift",), 17)
    assert found.expected == "shift -= 0.01 * g_s / 17"
    mended = apply_edits(program_from_bytes(NUMBERS.encode(), "net.py"), found.fix.edits)
    assert mended.text.split("\n")[17] == "    shift -= 0.01 * g_s / 17"
    assert check_program(mended).verdict == "correct"


def test_samples_in_lists_do_not_hide_it() -> None:
    """With more numbers that could be parameters than anybody has, those that have a name are looked at."""
    many = NUMBERS.replace("range(17)", "range(61)").replace("/ 17", "/ 61")
    (found,) = check_program(program_from_bytes(many.encode(), "net.py")).findings
    assert found.parameters == ("shift",)


def test_a_sequence_that_is_gone_through_is_no_parameter() -> None:
    """Its gradient is called as the others are, and nobody applies it, as that of a matrix of inputs."""
    text = """
import numpy as np
rng = np.random.default_rng(2)
x, y = rng.normal(size=(5, 4, 3)), rng.normal(size=(5, 4, 2))
h0, A, B, V = (rng.normal(size=shape) for shape in [(5, 6), (3, 6), (6, 6), (6, 2)])
def forward(x, h0, A, B):
    hs, h = [h0], h0
    for t in range(4):
        h = np.tanh(x[:, t, :] @ A + h @ B)
        hs.append(h)
    return hs
def backward(g, x, hs, A, B):
    dx, dA, dB, d = np.zeros(x.shape), 0 * A, 0 * B, 0
    for t in (3, 2, 1, 0):
        d = (d + g[:, t]) * (1 - hs[t + 1] ** 2)
        dx[:, t, :] = d @ A.T
        dA += x[:, t, :].T @ d
        dB += hs[t].T @ d
        d = d @ B.T
    return dx, d, dA, dB
for turn in range(1000):
    hs = forward(x, h0, A, B)
    states = np.stack(hs[1:], axis=1)
    g = states @ V - y
    loss = 0.5 * np.sum(g ** 2)
    dx, dh0, dA, dB = backward(g @ V.T, x, hs, A, B)
    dV = states.reshape(20, 6).T @ g.reshape(20, 2)
    for p, dp in ((h0, dh0), (A, dA), (B, dB), (V, dV)):
        p -= 0.01 * dp
"""
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "correct"
