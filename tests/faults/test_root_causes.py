"""One mistake, one finding at its own row, by its name, with a mend that makes the program right again."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import Program, apply_edits, program_from_bytes


@dataclass(frozen=True)
class Mistake:
    """``right`` in the program becomes ``wrong``: the names it may have, the row where it stands."""

    program: str
    right: str
    wrong: str
    names: tuple[str, ...]
    row: str = ""


LISTS = """
import math, random
random.seed(3)
W = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(4)]
b = [random.uniform(-1, 1) for _ in range(4)]
V = [[random.uniform(-1, 1) for _ in range(4)] for _ in range(2)]
samples = [([random.gauss(0, 1) for _ in range(3)], [0, 1] if k % 3 else [1, 0]) for k in range(9)]
for epoch in range(900):
    for x, t in samples:
        h = []
        for j in range(4):
            h.append(1 / (1 + math.exp(-sum(w * v for w, v in zip(W[j], x)) - b[j])))
        y = [1 / (1 + math.exp(-sum(w * v for w, v in zip(V[k], h)))) for k in range(2)]
        loss = sum(0.5 * (p - q) ** 2 for p, q in zip(y, t))
        dy = []
        for k in range(2):
            dy.append((y[k] - t[k]) * y[k] * (1 - y[k]))
        dz = []
        for j in range(4):
            s = 0.0
            for k in range(2):
                s += dy[k] * V[k][j]
            dz.append(s * h[j] * (1 - h[j]))
        for k in range(2):
            for j in range(4):
                V[k][j] -= 0.3 * dy[k] * h[j]
        for j in range(4):
            for i in range(3):
                W[j][i] -= 0.3 * dz[j] * x[i]
            b[j] -= 0.3 * dz[j]
"""

HANDED_OUT = """
import numpy as np
rng = np.random.default_rng(5)
X, T = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
W, V = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
b, c = 0.1 * rng.normal(size=4), 0.1 * rng.normal(size=2)
def gradients():
    loss = 0
    dW, dV, db, dc = np.zeros_like(W), np.zeros_like(V), np.zeros_like(b), np.zeros_like(c)
    for x, t in zip(X, T):
        h = np.tanh(x @ W + b)
        d = h @ V + c - t
        loss += 0.5 * np.sum(d ** 2)
        dV += np.outer(h, d)
        dc += d
        e = (V @ d) * (1 - h * h)
        db += e
        dW += np.outer(x, e)
    return loss, [dW, dV, db, dc]
for k in range(1000):
    loss, steps = gradients()
    for p, g in zip([W, V, b, c], steps):
        p += -0.02 * g
"""

DROPPED_OUT = """
import numpy as np
rng = np.random.default_rng(8)
class Layer:
    def __init__(self, inputs, outputs, keep):
        self.W, self.b = rng.normal(0, 0.5, (inputs, outputs)), rng.normal(0, 0.1, outputs)
        self.keep = keep
    def forward(self, x):
        self.x = x
        self.z = x @ self.W + self.b
        a = np.where(self.z > 0, self.z, 0.2 * self.z)
        self.on = rng.random(a.shape) < self.keep
        return a * self.on
    def backward(self, g):
        da = g * self.on
        dz = da * np.where(self.z > 0, 1.0, 0.2)
        self.dW, self.db = self.x.T @ dz, dz.sum(axis=0)
        return dz @ self.W.T
X = rng.normal(size=(26, 4)); Y = np.sin(X[:, :2])
net = [Layer(4, 9, 0.7), Layer(9, 7, 0.8), Layer(7, 2, 1.1)]
for i in range(800):
    out = X
    for layer in net:
        out = layer.forward(out)
    loss = 0.5 * np.mean(np.sum((out - Y) ** 2, axis=1))
    g = (out - Y) / len(X)
    for layer in net[::-1]:
        g = layer.backward(g)
    for layer in net:
        layer.W -= 0.1 * layer.dW
        layer.b -= 0.1 * layer.db
"""

CLOSURES = """
import numpy as np
rng = np.random.default_rng(12)
def affine(inputs, outputs):
    W, b = rng.normal(0, 0.5, (inputs, outputs)), rng.normal(0, 0.1, outputs)
    def run(x):
        def pull(g):
            back = g @ W.T
            W[...] = W - 0.05 * x.T @ g
            b[...] = b - 0.05 * g.sum(axis=0)
            return back
        return x @ W + b, pull
    return run
def each(function, slope):
    def run(x):
        return function(x), lambda g: g * slope(x)
    return run
model = [affine(3, 7), each(lambda z: np.log1p(np.exp(z)), lambda z: 1 / (1 + np.exp(-z))), affine(7, 2)]
X = rng.normal(size=(23, 3)); Y = np.cos(X[:, 1:])
for i in range(900):
    out, pulls = X, []
    for part in model:
        out, pull = part(out)
        pulls.append(pull)
    loss = 0.5 * np.sum((out - Y) ** 2) / len(X)
    g = (out - Y) / len(X)
    for pull in reversed(pulls):
        g = pull(g)
"""

RESIDUAL = """
import numpy as np
rng = np.random.default_rng(14)
blocks = [dict(U=rng.normal(0, 0.3, (5, 8)), V=rng.normal(0, 0.3, (8, 5))) for _ in range(3)]
w = rng.normal(0, 0.4, (5, 2))
X = rng.normal(size=(33, 5)); Y = X[:, :2] * X[:, 2:4]
def forward(x):
    saved = []
    for block in blocks:
        a = x @ block["U"]
        r = np.maximum(a, 0)
        saved.append((x, a, r))
        x = x + r @ block["V"]
    return x @ w, x, saved
def backward(dy, last, saved):
    dx = dy @ w.T
    grads = []
    for block, (x, a, r) in zip(reversed(blocks), reversed(saved)):
        dr = dx @ block["V"].T
        da = dr * (a > 0)
        grads.insert(0, dict(U=x.T @ da, V=r.T @ dx))
        dx = dx + da @ block["U"].T
    return last.T @ dy, grads
for i in range(900):
    out, last, saved = forward(X)
    loss = np.mean((out - Y) ** 2)
    dw, grads = backward(2 * (out - Y) / Y.size, last, saved)
    w -= 0.05 * dw
    for block, own in zip(blocks, grads):
        for key in own:
            block[key] -= 0.05 * own[key]
"""

CONVOLUTION = """
import numpy as np
rng = np.random.default_rng(18)
filters, offset = rng.normal(0, 0.5, (2, 3, 2)), rng.normal(0, 0.1, 2)
dense, images = rng.normal(0, 0.4, (3, 8)), rng.normal(size=(12, 6, 5))
kinds = rng.integers(0, 3, 12)
for n in range(2000):
    image, kind = images[n % 12], kinds[n % 12]
    conv = np.zeros((2, 4, 4))
    for f in range(2):
        for i in range(4):
            for j in range(4):
                conv[f, i, j] = np.sum(image[i:i + 3, j:j + 2] * filters[f]) + offset[f]
    act = np.maximum(0, conv)
    pooled = np.zeros((2, 2, 2))
    for f in range(2):
        for i in range(2):
            for j in range(2):
                pooled[f, i, j] = np.max(act[f, 2 * i:2 * i + 2, 2 * j:2 * j + 2])
    flat = pooled.reshape(-1)
    scores = np.exp(dense @ flat)
    prob = scores / scores.sum()
    loss = -np.log(prob[kind])
    d_scores = prob.copy()
    d_scores[kind] -= 1
    d_pooled = (dense.T @ d_scores).reshape(2, 2, 2)
    d_act = np.zeros_like(act)
    for f in range(2):
        for i in range(2):
            for j in range(2):
                window = act[f, 2 * i:2 * i + 2, 2 * j:2 * j + 2]
                d_act[f, 2 * i:2 * i + 2, 2 * j:2 * j + 2] += d_pooled[f, i, j] * (window == window.max())
    d_conv = d_act * (conv > 0)
    d_filters, d_offset = np.zeros_like(filters), np.zeros_like(offset)
    for f in range(2):
        for i in range(4):
            for j in range(4):
                d_filters[f] += d_conv[f, i, j] * image[i:i + 3, j:j + 2]
                d_offset[f] += d_conv[f, i, j]
    dense -= 0.05 * np.outer(d_scores, flat)
    filters -= 0.05 * d_filters
    offset -= 0.05 * d_offset
"""

COMPREHENSIONS = """
import math, random
random.seed(21)
w = [random.gauss(0, 1) for _ in range(5)]
b = [random.gauss(0, 0.3) for _ in range(5)]
v = [random.gauss(0, 0.5) for _ in range(5)]
for step in range(900):
    x = random.uniform(-2, 2)
    hidden = [math.tanh(p * x + q) for p, q in zip(w, b)]
    error = sum(r * h for r, h in zip(v, hidden)) - math.sin(x)
    loss = 0.5 * error ** 2
    back = [error * r * (1 - h * h) for r, h in zip(v, hidden)]
    slopes = {"w": [d * x for d in back], "v": [error * h for h in hidden]}
    w = [p - 0.05 * d for p, d in zip(w, slopes["w"])]
    b = [q - 0.05 * d for q, d in zip(b, back)]
    v = [r - 0.05 * d for r, d in zip(v, slopes["v"])]
"""

CHAIN = """
import numpy as np
rng = np.random.default_rng(25)
X = rng.normal(size=(27, 4)); Y = np.sin(X[:, :2])
W, b = rng.normal(0, 0.5, (4, 7)), rng.normal(0, 0.1, 7)
U, c = rng.normal(0, 0.5, (7, 6)), rng.normal(0, 0.1, 6)
V = rng.normal(0, 0.5, (6, 2))
for i in range(900):
    h = np.tanh(X @ W + b)
    k = np.tanh(h @ U + c)
    out = k @ V
    loss = np.mean((out - Y) ** 2)
    d = 2 * (out - Y) / Y.size
    gV = k.T @ d
    dk = d @ V.T * (1 - k ** 2)
    dh = dk @ U.T * (1 - h ** 2)
    W -= 0.1 * X.T @ dh
    b -= 0.1 * dh.sum(axis=0)
    U -= 0.1 * h.T @ dk
    c -= 0.1 * dk.sum(axis=0)
    V -= 0.1 * gV
"""

SCALED = """
import numpy as np
rng = np.random.default_rng(21)
X, T = rng.normal(size=(14, 3)), rng.normal(size=(14, 5))
W, gain, shift = 0.6 * rng.normal(size=(3, 5)), 1 + 0.3 * rng.normal(size=5), 0.2 * rng.normal(size=5)
def squash(z):
    return 1 / (1 + np.exp(-z))
def squash_slope(z):
    return squash(z) * (1 - squash(z))
def back(cache):
    out, raw, kept, x = cache
    d = (out - T) / len(X) * squash_slope(raw)
    return np.sum(d * kept, axis=0), np.sum(d, axis=0), d * gain * (1 - np.tanh(x) ** 2)
for turn in range(1000):
    x = X @ W
    kept = np.tanh(x)
    raw = gain * kept + shift
    out = squash(raw)
    loss = 0.5 * np.sum((out - T) ** 2) / len(X)
    d_gain, d_shift, dx = back((out, raw, kept, x))
    W -= 0.1 * X.T @ dx
    gain -= 0.1 * d_gain
    shift -= 0.1 * d_shift
"""
HANDED = SCALED.replace("def back(cache):\n    out, raw, kept, x = cache", "def back(out, raw, kept, x):")
HANDED = HANDED.replace("back((out, raw, kept, x))", "back(out, raw, kept, x)")
CENTRED = """
import numpy as np
rng = np.random.default_rng(22)
X, T = rng.normal(size=(16, 3)), rng.normal(size=(16, 2))
W, V = 0.6 * rng.normal(size=(3, 5)), 0.5 * rng.normal(size=(5, 2))
def slope(a):
    return 1 - a * a
def forward(x):
    h = x @ W
    z = h - h.mean(axis=0)
    a = np.tanh(z)
    return a @ V, {"z": z, "a": a}
for turn in range(1000):
    out, kept = forward(X)
    n = len(X)
    loss = 0.5 * np.sum((out - T) ** 2) / n
    d = (out - T) / n
    dz = d @ V.T * slope(kept["a"])
    dmean = -np.sum(dz, axis=0)
    dh = dz + dmean / n
    V -= 0.1 * kept["a"].T @ d
    W -= 0.1 * X.T @ dh
"""
IN_PLACE = """
import numpy as np
rng = np.random.default_rng(23)
X, T = rng.normal(size=(16, 3)), rng.normal(size=(16, 2))
class Bend:
    def forward(self, x):
        self.x = x.copy()
        x[x < 0] = np.exp(x[x < 0]) - 1
        return x
    def backward(self, g):
        return g * np.where(self.x < 0, np.exp(self.x), 1.0)
W, V, bend = 0.6 * rng.normal(size=(3, 5)), 0.5 * rng.normal(size=(5, 2)), Bend()
for turn in range(1000):
    h = bend.forward(X @ W)
    out = h @ V
    loss = np.mean((out - T) ** 2)
    d = 2 * (out - T) / out.size
    back = bend.backward(d @ V.T)
    V -= 0.1 * h.T @ d
    W -= 0.1 * X.T @ back
"""
PROGRAMS = {
    "lists": LISTS,
    "handed out": HANDED_OUT,
    "dropped out": DROPPED_OUT,
    "closures": CLOSURES,
    "residual": RESIDUAL,
    "convolution": CONVOLUTION,
    "comprehensions": COMPREHENSIONS,
    "chain": CHAIN,
    "scaled": SCALED,
    "centred": CENTRED,
    "in place": IN_PLACE,
}

MISTAKES = {
    "an item of a list that nothing else reads": Mistake(
        LISTS, "0.3 * dz[j] * x[i]", "0.3 * dz[j]", ("missing-factor",)
    ),
    "a sum that is added to itself and handed out": Mistake(
        HANDED_OUT, "dc += d", "dc += dc", ("wrong-operand",)
    ),
    "the target of a difference": Mistake(LISTS, "(y[k] - t[k]) * y", "(y[k]) * y", ("missing-term",)),
    "a sum that goes on from round to round": Mistake(
        LISTS.replace("    for x, t in samples:\n", "    s = 0.0\n    for x, t in samples:\n"),
        "            s = 0.0\n            for k",
        "            for k",
        ("not-reset",),
        "s += dy[k] * V[k][j]",
    ),
    "the gradient beside a mask that is data": Mistake(
        DROPPED_OUT, "da = g * self.on", "da = self.on", ("missing-factor", "upstream-ignored")
    ),
    "the slope in a closure": Mistake(CLOSURES, "lambda g: g * slope(x)", "lambda g: g", ("missing-factor",)),
    "a mask where the value is only named again": Mistake(
        RESIDUAL, "da = dr * (a > 0)", "da = dr", ("missing-factor", "forward-backward-mismatch")
    ),
    "a statement too far up": Mistake(
        RESIDUAL,
        '        grads.insert(0, dict(U=x.T @ da, V=r.T @ dx))\n        dx = dx + da @ block["U"].T\n',
        '        dx = dx + da @ block["U"].T\n        grads.insert(0, dict(U=x.T @ da, V=r.T @ dx))\n',
        ("overwritten",),
        "grads.insert",
    ),
    "a slice of the input": Mistake(
        CONVOLUTION, "d_conv[f, i, j] * image[i:i + 3, j:j + 2]", "d_conv[f, i, j]", ("missing-factor",)
    ),
    "the winner of a window": Mistake(
        CONVOLUTION, "d_pooled[f, i, j] * (window == window.max())", "d_pooled[f, i, j]", ("missing-factor",)
    ),
    "the value for its slope": Mistake(
        CONVOLUTION, "d_act * (conv > 0)", "d_act * conv", ("wrong-activation-derivative",)
    ),
    "a factor in a comprehension": Mistake(
        COMPREHENSIONS, "[error * h for h in hidden]", "[h for h in hidden]", ("missing-factor",)
    ),
    "a constant that most gradients have": Mistake(
        CHAIN, "dk = d @ V.T", "dk = 3 * d @ V.T", ("wrong-scale", "extra-factor")
    ),
    "the square of a slope": Mistake(
        CHAIN, "dk @ U.T * (1 - h ** 2)", "dk @ U.T * (1 - h)", ("wrong-activation-derivative",)
    ),
    "a call of a function that no other call uses": Mistake(
        HANDED, "squash_slope(raw)", "squash_slope(out)", ("derivative-at-wrong-point",)
    ),
    "a factor before its activation": Mistake(
        SCALED, "np.sum(d * kept, axis=0)", "np.sum(d * x, axis=0)", ("wrong-operand",)
    ),
    "a term that is spread over the samples": Mistake(
        CENTRED, "dh = dz + dmean / n", "dh = dz", ("missing-term",)
    ),
    "what is read, not what is kept": Mistake(
        CENTRED, 'slope(kept["a"])', 'slope(kept["z"])', ("derivative-at-wrong-point",)
    ),
    "an array that is kept and then written into": Mistake(
        IN_PLACE, "self.x = x.copy()", "self.x = x", ("overwritten",)
    ),
    "another loss": Mistake(CHAIN, "(out - Y) ** 2)", "(out - Y) ** 4)", ("loss-mismatch",), "out - Y) /"),
}


def _check(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "net.py"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_right_programs_are_certified(name: str) -> None:
    """The programs that the mistakes are made in are correct."""
    assert _check(PROGRAMS[name]).verdict == "correct"


@pytest.mark.parametrize("name", MISTAKES)
def test_one_mistake_is_one_finding(name: str) -> None:
    """A single mistake is found at its row and mended, and nothing else is reported."""
    mistake = MISTAKES[name]
    assert mistake.program.count(mistake.right) == 1
    text = mistake.program.replace(mistake.right, mistake.wrong)
    (finding,) = [f for f in _check(text).findings if f.severity == "error"]
    assert finding.name in mistake.names
    assert finding.span is not None
    row = text.split("\n")[finding.span.row - 1]
    assert (mistake.row or mistake.wrong) in row
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"
    mended = apply_edits(Program("net.py", text), finding.fix.edits).text
    assert _check(mended).verdict == "correct"


def test_items_that_are_not_reset_are_no_momentum() -> None:
    """Buffers that one statement makes once, filled item by item: at the first row that adds to them."""
    text = CONVOLUTION.replace(
        "    d_filters, d_offset = np.zeros_like(filters), np.zeros_like(offset)\n", ""
    ).replace(
        "for n in range(2000):\n",
        "d_filters, d_offset = np.zeros_like(filters), np.zeros_like(offset)\nfor n in range(2000):\n",
    )
    found = [f for f in _check(text).findings if f.severity == "error"]
    assert [f.name for f in found] == ["not-reset"]
    assert "`d_filters` and `d_offset`" in found[0].message
    rows = [text.split("\n")[f.span.row - 1].strip() for f in found if f.span is not None]
    assert [row.split("[")[0] for row in rows] == ["d_filters"]


ATTENTION = """
import numpy as np
rng = np.random.default_rng(5)
X, T = rng.normal(size=(7, 5)), rng.normal(size=(7, 4))
class Head:
    def __init__(self):
        self.d = 3
        self.A, self.B = 0.4 * rng.normal(size=(5, 3)), 0.4 * rng.normal(size=(5, 3))
        self.C = 0.4 * rng.normal(size=(5, 4))
    def forward(self, X):
        self.Q, self.K, self.V = X @ self.A, X @ self.B, X @ self.C
        s = self.Q @ self.K.T / np.sqrt(self.d)
        self.P = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        return self.P @ self.V
    def backward(self, d):
        dP = d @ self.V.T
        dS = self.P * (dP - np.sum(dP * self.P, axis=1, keepdims=True))
        return X.T @ (dS @ self.K), X.T @ (dS @ self.Q), X.T @ (self.P.T @ d)
head = Head()
for turn in range(1000):
    out = head.forward(X)
    loss = 0.5 * np.sum((out - T) ** 2)
    a, b, c = head.backward(out - T)
    head.A -= 0.01 * a
    head.B -= 0.01 * b
    head.C -= 0.01 * c
"""


def test_what_is_made_and_what_is_read_are_mended_alike() -> None:
    """The root that the forward pass divides by is missing where scores begin, and one use is not turned."""
    report = check_program(program_from_bytes(ATTENTION.encode(), "head.py"))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert [finding.name for finding in errors] == ["wrong-scale", "wrong-transpose"]
    edits = [edit for finding in errors if finding.fix for edit in finding.fix.edits]
    mended = apply_edits(Program("head.py", ATTENTION), edits).text
    assert "keepdims=True)) / np.sqrt(self.d)\n" in mended
    assert check_program(program_from_bytes(mended.encode(), "head.py")).verdict == "correct"


NORM = """
import numpy as np
rng = np.random.default_rng(6)
X, T = rng.normal(size=(11, 4)), rng.normal(size=(11, 2))
A, B = 0.5 * rng.normal(size=(4, 5)), 0.5 * rng.normal(size=(5, 2))
for turn in range(1000):
    z = X @ A
    var = z.var(axis=0)
    n = (z - z.mean(axis=0)) / np.sqrt(var + 1e-3)
    e = n @ B - T
    loss = np.mean(e ** 2)
    d = 2 * e / e.size
    dn = d @ B.T
    dvar = np.sum(dn * (z - z.mean(axis=0)), axis=0) * -0.5 * (var + 1e-3) ** -0.5
    dz = dn / np.sqrt(var + 1e-3) + dvar * 2 * (z - z.mean(axis=0)) / len(z)
    dz -= dn.mean(axis=0) / np.sqrt(var + 1e-3)
    B -= 0.1 * n.T @ d
    A -= 0.1 * X.T @ dz
"""


def test_the_wrong_power() -> None:
    """The derivative of a power has another exponent, which is put right where it stands."""
    report = check_program(program_from_bytes(NORM.encode(), "norm.py"))
    (finding,) = [finding for finding in report.findings if finding.severity == "error"]
    assert finding.name == "wrong-activation-derivative"
    assert (finding.found, finding.expected) == ("(var + 1e-3) ** -0.5", "(var + 1e-3) ** -1.5")
    assert finding.mended


PAIRS = """
import numpy as np
rng = np.random.default_rng(10)
A, B = rng.normal(size=(13, 4)), rng.normal(size=(13, 4))
alike = rng.integers(0, 2, 13) * 1.0
W = 0.5 * rng.normal(size=(4, 3))
for turn in range(1000):
    u = A @ W - B @ W
    dist = np.sqrt(np.sum(u ** 2, axis=1))
    gap = np.maximum(1.5 - dist, 0)
    loss = np.mean(alike * dist ** 2 + (1 - alike) * gap ** 2)
    g = (2 * alike * dist - 2 * (1 - alike) * gap) / 13
    du = g[:, None] * u
    W -= 0.05 * (A - B).T @ du
"""


def test_a_factor_for_each_row() -> None:
    """The slope of a root is one number a row, and is written as a column."""
    report = check_program(program_from_bytes(PAIRS.encode(), "pairs.py"))
    (finding,) = [finding for finding in report.findings if finding.severity == "error"]
    assert finding.name == "missing-factor"
    assert finding.span is not None
    assert finding.span.row == 13
    assert finding.expected is not None
    assert "/ dist[:, None]" in finding.expected
    assert finding.mended


ONES = """
import numpy as np
rng = np.random.default_rng(12)
X, T = rng.normal(size=(11, 3)), rng.normal(size=(11, 2))
U, V = 0.5 * rng.normal(size=(4, 5)), 0.5 * rng.normal(size=(6, 2))
one = np.ones((11, 1))
for turn in range(1000):
    x = np.hstack((one, X))
    h = np.hstack((one, np.tanh(x @ U)))
    e = h @ V - T
    loss = np.mean(e ** 2)
    d = 2 * e / e.size
    back = (d @ V.T * (1 - h ** 2))[:, :-1]
    V -= 0.1 * h.T @ d
    U -= 0.1 * x.T @ back
"""


def test_the_wrong_end_of_a_value_without_a_name() -> None:
    """A slice of an expression in brackets drops the last column and not the first."""
    report = check_program(program_from_bytes(ONES.encode(), "ones.py"))
    (finding,) = [finding for finding in report.findings if finding.severity == "error"]
    assert (finding.name, finding.expected) == ("wrong-index", "(d @ V.T * (1 - h ** 2))[:, 1:]")
    assert finding.mended
