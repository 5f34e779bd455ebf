"""Two mistakes at once, of which the one changes how the other looks, are each found where they are."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

LOGISTIC = """
import numpy as np

rng = np.random.default_rng(6)
reeds = rng.normal(size=(4, 19))
wet = (rng.random((1, 19)) > 0.4) * 1.0


def backward(p, reeds, wet):
    dz = p - wet
    return reeds @ dz.T / 19, dz.sum() / 19


w, b = 0.3 * rng.normal(size=(4, 1)), 0.2
for turn in range(10**6):
    p = 1 / (1 + np.exp(-(w.T @ reeds + b)))
    cost = -np.sum(wet * np.log(p) + (1 - wet) * np.log(1 - p)) / 19
    dw, db = backward(p, reeds, wet)
    w = w - 0.2 * dw
    b = b - 0.2 * db
    if turn % 100 == 0:
        print(turn, cost)
"""

LAYERS = """
import numpy as np

rng = np.random.default_rng(8)


class Layer:
    def __init__(self, n_in, n_out):
        self.W = rng.normal(0, 0.6, (n_in, n_out))
        self.b = rng.normal(0, 0.1, n_out)

    def __call__(self, x):
        self.x = x
        self.z = x @ self.W + self.b
        return self.f(self.z)

    def backward(self, g):
        g = g * self.df(self.z)
        self.dW, self.db = self.x.T @ g, g.sum(axis=0)
        return g @ self.W.T


class Linear(Layer):
    def f(self, z):
        return z

    def df(self, z):
        return np.ones_like(z)


class Swish(Layer):
    def f(self, z):
        return z / (1 + np.exp(-z))

    def df(self, z):
        s = 1 / (1 + np.exp(-z))
        return s + z * s * (1 - s)


net = [Swish(2, 6), Swish(6, 5), Linear(5, 3)]
tides, heights = rng.normal(size=(14, 2)), rng.normal(size=(14, 3))
for turn in range(10**6):
    value = tides
    for layer in net:
        value = layer(value)
    loss = 0.5 * np.sum((value - heights) ** 2)
    g = value - heights
    for layer in reversed(net):
        g = layer.backward(g)
    for layer in net:
        layer.W -= 0.01 * layer.dW
        layer.b -= 0.01 * layer.db
"""

UNSTATED = """
import numpy as np

rng = np.random.default_rng(19)
kelp, found = rng.normal(size=(22, 4)), (rng.random(22) > 0.5) * 1.0
M, m = 0.5 * rng.normal(size=(4, 5)), 0.1 * rng.normal(size=5)
k, k0 = 0.5 * rng.normal(size=5), 0.1
for turn in range(10**6):
    h = np.tanh(kelp @ M + m)
    guess = 1 / (1 + np.exp(-(h @ k + k0)))
    signal = (guess - found) / 22
    back = np.outer(signal, k) * (1 - h ** 2)
    k = k - 0.5 * h.T @ signal
    k0 = k0 - 0.5 * signal.sum()
    M = M - 0.5 * kelp.T @ back
    m = m - 0.5 * back.sum(axis=0)
"""

SINGLE = """
import numpy as np

rng = np.random.default_rng(3)
plums, weights = rng.normal(size=(15, 3)), rng.normal(size=15)
w, b = 0.4 * rng.normal(size=3), 0.3
for turn in range(10**6):
    r = plums @ w + b - weights
    small = np.abs(r) < 0.7
    huber = np.mean(np.where(small, 0.5 * r ** 2, 0.7 * (np.abs(r) - 0.35)))
    dr = np.where(small, r, 0.7 * np.sign(r)) / 15
    w = w - 0.1 * plums.T @ dr
    b = b - 0.1 * dr.sum()
"""


def _checked(text: str, *mistakes: tuple[str, str]) -> FileReport:
    for right, wrong in mistakes:
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    return check_program(program_from_bytes(text.encode(), "reeds.py"))


def _lines(text: str, *mistakes: tuple[str, str]) -> set[str]:
    """The statements that are pointed at, as they are in the program with the mistakes."""
    report = _checked(text, *mistakes)
    for right, wrong in mistakes:
        text = text.replace(right, wrong)
    lines = text.splitlines()
    assert report.verdict == "faulty"
    return {lines[f.span.row - 1].strip() for f in report.findings if f.severity == "error" and f.span}


@pytest.mark.parametrize("text", [LOGISTIC, LAYERS, UNSTATED, SINGLE])
def test_right(text: str) -> None:
    """The programs without a mistake are certified."""
    assert _checked(text).verdict == "correct"


def test_target_of_a_cross_entropy() -> None:
    """The target is missing that a cross-entropy takes off nothing; the step of the bias goes up besides."""
    found = _lines(LOGISTIC, ("dz = p - wet", "dz = p"), ("b = b - 0.2 * db", "b = b + 0.2 * db"))
    assert found == {"dz = p", "b = b + 0.2 * db"}


def test_slope_that_is_returned_by_its_name() -> None:
    """A name that is returned is a place, for values of another shape in every layer."""
    assert _lines(LAYERS, ("return s + z * s * (1 - s)", "return s")) == {"return s"}


def test_mistake_in_what_another_ignores() -> None:
    """What the layer above hands down is computed by a wrong weight, and ignored besides."""
    found = _lines(
        LAYERS,
        ("g = g * self.df(self.z)", "g = self.df(self.z)"),
        ("return g @ self.W.T", "return g @ self.dW.T"),
    )
    assert found == {"g = self.df(self.z)", "return g @ self.dW.T"}


def test_scale_of_the_gradients_that_go_up() -> None:
    """One gradient is scaled and the other goes up: one correction each, at the scale of the latter."""
    found = _lines(
        SINGLE,
        ("w = w - 0.1 * plums.T @ dr", "w -= 2 * 0.1 * (plums.T @ dr)"),
        ("b = b - 0.1 * dr.sum()", "b += 0.1 * dr.sum()"),
    )
    assert found == {"w -= 2 * 0.1 * (plums.T @ dr)", "b += 0.1 * dr.sum()"}


def test_rate_that_no_gradient_has() -> None:
    """One update lacks the rate, and the other gradient is divided twice: both are to have the rate."""
    named = LOGISTIC.replace("for turn", "lr = 0.2\nfor turn").replace("- 0.2 *", "- lr *")
    named = named.replace("dz = p - wet", "dz, m = p - wet, wet.shape[1]")
    named = named.replace("/ 19, dz.sum() / 19", "/ m, dz.sum() / m")
    found = _lines(named, ("reeds @ dz.T / m", "reeds @ dz.T / m / m"), ("b = b - lr * db", "b = b - db"))
    assert found == {"return reeds @ dz.T / m / m, dz.sum() / m", "b = b - db"}


def test_constant_beside_a_mistake_of_all_gradients() -> None:
    """Which of two constants is the wrong one, where no gradient is right, the rate of a stated loss says."""
    named = LOGISTIC.replace("dz = p - wet", "dz, m = p - wet, wet.shape[1]")
    named = named.replace("/ 19, dz.sum() / 19", "/ m, dz.sum() / m")
    text = named.replace("return reeds @ dz.T / m, ", "dw = reeds @ dz.T / m / m\n    return dw, ")
    assert _lines(text, ("p - wet,", "p + wet,")) == {
        "dz, m = p + wet, wet.shape[1]",
        "dw = reeds @ dz.T / m / m",
    }


def test_sum_for_the_difference_that_implies_the_loss() -> None:
    """Where no loss is stated and no difference is left, a sum shows which it was."""
    found = _lines(UNSTATED, ("guess - found", "guess + found"), ("(1 - h ** 2)", "(1 - h)"))
    assert found == {"signal = (guess + found) / 22", "back = np.outer(signal, k) * (1 - h)"}


def test_sum_with_a_penalty() -> None:
    """A penalty that is added to a gradient is no output, and what it is added to no target."""
    text = """
import numpy as np

rng = np.random.default_rng(17)
rows, labels = rng.normal(size=(24, 3)), np.where(rng.random(24) > 0.5, 1.0, -1.0)
theta, lam = 0.5 * rng.normal(size=3), 0.01
for turn in range(10**6):
    grad = np.zeros(3)
    for row, label in zip(rows, labels):
        if label * (row @ theta) < 1:
            grad = grad - label * row / 24
    penalty = lam * theta.copy()
    penalty[0] = 0
    theta = theta - 0.05 * (grad + penalty)
"""
    wrong = _checked(text.replace("grad - label", "grad - 2 * label"))
    assert _checked(text).verdict == "correct"
    assert wrong.loss is None or "penalty - grad" not in wrong.loss.formula


def test_gradient_of_another_loss_behind_a_sign() -> None:
    """Mended at the sign the gradients are those of a squared error, and another loss is stated."""
    found = _lines(SINGLE, ("np.where(small, r, 0.7 * np.sign(r)) / 15", "r / 15"), ("w = w - ", "w = w + "))
    assert found == {"dr = r / 15", "w = w + 0.1 * plums.T @ dr"}


def test_forward_pass_is_left_as_it_is() -> None:
    """What the loss is computed from as well is not edited where the backward pass alone can be."""
    text = LOGISTIC.replace("backward(p, reeds, wet)\n    w", "backward(p - wet, reeds)\n    w")
    text = text.replace("def backward(p, reeds, wet):\n    dz = p - wet", "def backward(dz, reeds):")
    assert _checked(text).verdict == "correct"
    assert _lines(text, ("backward(p - wet, reeds)", "backward(p, reeds)")) == {"dw, db = backward(p, reeds)"}


SYLLABLES = """
import numpy as np

rng = np.random.default_rng(16)
p = {"E": 0.5 * rng.normal(size=(5, 7)), "R": 0.5 * rng.normal(size=(5, 5)), "c": 0.2 * rng.normal(size=5),
     "w": 0.6 * rng.normal(size=5)}
names = [([0, 3, 5, 1], 0.4), ([2, 2, 6, 4, 2], -0.3), ([1, 6, 3, 0], 0.1)]
for turn in range(4000):
    name, stress = names[turn % 3]
    h = {-1: np.zeros(5)}
    for t, k in enumerate(name):
        h[t] = np.tanh(p["E"][:, k] + p["R"] @ h[t - 1] + p["c"])
    last = len(name) - 1
    miss = p["w"] @ h[last] - stress
    loss = 0.5 * miss ** 2
    g = {k: np.zeros_like(v) for k, v in p.items()}
    g["w"] += miss * h[last]
    dh = miss * p["w"]
    for t in range(last, -1, -1):
        d = dh * (1 - h[t] ** 2)
        g["E"][:, name[t]] += d
        g["R"] += np.outer(d, h[t - 1])
        g["c"] += d
        dh = p["R"].T @ d
    for k in p:
        p[k] -= 0.05 * g[k]
"""


def test_a_mistake_that_the_data_of_one_step_hide_is_found_with_another() -> None:
    """Only one of the names says a syllable more than once; all of them show the other mistake."""
    text = SYLLABLES.replace('g["E"][:, name[t]] += d', 'g["E"][:, name[t]] = d')
    text = text.replace("np.outer(d, h[t - 1])", "np.outer(d, h[t])")
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    errors = [f for f in report.findings if f.severity == "error"]
    assert {f.name for f in errors} == {"not-accumulated", "wrong-index"}
    assert all(f.mended for f in errors)
    assert check_program(program_from_bytes(SYLLABLES.encode(), "program.py")).verdict == "correct"


CARRIED = """
import numpy as np

rng = np.random.default_rng(17)
load, burnt = rng.uniform(-1, 1, (31, 3)), rng.normal(size=(31, 1))
P = {"in": rng.normal(0, 0.6, (3, 5)), "out": rng.normal(0, 0.5, (5, 1))}
for k in range(2):
    P[f"N{k}"], P[f"n{k}"] = rng.normal(0, 0.5, (5, 5)), rng.normal(0, 0.2, 5)
    P[f"S{k}"], P[f"s{k}"] = rng.normal(0, 0.5, (5, 5)), rng.normal(-1, 0.2, 5)

def forward(x):
    x, tape = x @ P["in"], []
    for k in range(2):
        new = np.tanh(x @ P[f"N{k}"] + P[f"n{k}"])
        share = 1 / (1 + np.exp(-(x @ P[f"S{k}"] + P[f"s{k}"])))
        tape.append((x, new, share))
        x = share * new + (1 - share) * x
    return tape, x, x @ P["out"]

def cost(y):
    return np.sum((y - burnt) ** 2) / len(burnt)

def backward(tape, top, y):
    dy = 2 * (y - burnt) / len(burnt)
    g, dx = {"out": top.T @ dy}, dy @ P["out"].T
    for k in (1, 0):
        x, new, share = tape[k]
        d_new = dx * share * (1 - new ** 2)
        d_share = dx * (new - x) * share * (1 - share)
        g[f"N{k}"], g[f"n{k}"] = x.T @ d_new, d_new.sum(axis=0)
        g[f"S{k}"], g[f"s{k}"] = x.T @ d_share, d_share.sum(axis=0)
        dx = dx * (1 - share) + d_new @ P[f"N{k}"].T + d_share @ P[f"S{k}"].T
    g["in"] = load.T @ dx
    return g

for turn in range(3000):
    tape, top, y = forward(load)
    g = backward(tape, top, y)
    for name in g:
        P[name] -= 0.05 * g[name]
    if turn % 300 == 0:
        print(turn, cost(y))
"""


def test_mistakes_are_not_placed_where_all_gradients_are_applied() -> None:
    """There the true ones would mend anything."""
    text = CARRIED.replace("dx * (new - x) * share", "dx * new * share").replace(
        "d_share.sum(axis=0)", "d_new.sum(axis=0)"
    )
    report = check_program(program_from_bytes(text.encode(), "program.py"))
    errors = [f for f in report.findings if f.severity == "error"]
    assert [f.span.row for f in errors] == [29, 31]
    assert all(f.mended for f in errors)


DEEP = """
import numpy as np

rng = np.random.default_rng(95)
X, Y = rng.normal(size=(3, 23)), (rng.random((1, 23)) > 0.5) * 1.0
p = {"W1": 0.6 * rng.normal(size=(5, 3)), "b1": 0.1 * rng.normal(size=(5, 1)),
     "W2": 0.6 * rng.normal(size=(5, 5)), "b2": 0.1 * rng.normal(size=(5, 1)),
     "W3": 0.6 * rng.normal(size=(1, 5)), "b3": 0.1 * rng.normal(size=(1, 1))}
for turn in range(2000):
    m = X.shape[1]
    A1 = np.maximum(0, p["W1"] @ X + p["b1"])
    A2 = np.maximum(0, p["W2"] @ A1 + p["b2"])
    A3 = 1 / (1 + np.exp(-(p["W3"] @ A2 + p["b3"])))
    size = sum(np.sum(p[key] ** 2) for key in ("W1", "W2", "W3"))
    cost = -np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3)) / m + 0.4 / (2 * m) * size
    g = {}
    dZ3 = A3 - Y
    g["W3"] = 1.0 / m * (dZ3 @ A2.T) + 0.4 / m * p["W3"]
    g["b3"] = 1.0 / m * dZ3.sum(axis=1, keepdims=True)
    dZ2 = (p["W3"].T @ dZ3) * (A2 > 0)
    g["W2"] = 1.0 / m * (dZ2 @ A1.T) + 0.4 / m * p["W2"]
    g["b2"] = 1.0 / m * dZ2.sum(axis=1, keepdims=True)
    dA1 = p["W2"].T @ dZ2
    dZ1 = dA1 * (A1 > 0)
    g["W1"] = 1.0 / m * (dZ1 @ X.T) + 0.4 / m * p["W1"]
    g["b1"] = 1.0 / m * dZ1.sum(axis=1, keepdims=True)
    for key in p:
        p[key] = p[key] - 0.1 * g[key]
"""


def test_a_constant_is_not_split_between_two_statements() -> None:
    """Three mistakes take three corrections: none is undone by another."""
    text = DEEP.replace("dA1 * (A1 > 0)", "dA1 * (A2 > 0)").replace('+ 0.4 / m * p["W2"]', '+ 0.4 * p["W2"]')
    text = text.replace("1.0 / m * dZ1.sum(axis=1, keepdims=True)", "dZ1.sum(axis=1, keepdims=True)")
    report = check_program(program_from_bytes(text.encode(), "deep.py"))
    errors = [f for f in report.findings if f.severity == "error"]
    assert sorted(f.span.row for f in errors if f.span) == [21, 24, 26]
    assert all(f.mended for f in errors)


GATES = """
import numpy as np

rng = np.random.default_rng(52)
H, tide = 4, np.sin(0.3 * np.arange(300)) + 0.2 * rng.normal(size=300)
W, b = rng.normal(size=(4 * H, H + 1)) / 2, 0.1 * rng.normal(size=4 * H)
V, c0 = rng.normal(size=(1, H)) / 2, 0.1 * rng.normal(size=1)


def squash(z):
    return 1 / (1 + np.exp(-z))


def forward(xs):
    h, c, tape, out = np.zeros(H), np.zeros(H), [], []
    for x in xs:
        both = np.concatenate([[x], h])
        z = W @ both + b
        i, f, o, g = squash(z[:H]), squash(z[H : 2 * H]), squash(z[2 * H : 3 * H]), np.tanh(z[3 * H :])
        old, c = c, f * c + i * g
        h = o * np.tanh(c)
        tape.append((both, i, f, o, g, old, c, h))
        out.append(V @ h + c0)
    return np.array(out), tape


def backward(tape, d):
    dW, db, dV, dc0 = np.zeros_like(W), np.zeros_like(b), np.zeros_like(V), np.zeros_like(c0)
    later_h, later_c = np.zeros(H), np.zeros(H)
    for t in reversed(range(len(tape))):
        both, i, f, o, g, old, c, h = tape[t]
        dV += np.outer(d[t], h)
        dc0 += d[t]
        dh = V.T @ d[t] + later_h
        dc = later_c + dh * o * (1 - np.tanh(c) ** 2)
        di, df, do, dg = dc * g, dc * old, dh * np.tanh(c), dc * i
        dz = np.concatenate([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g ** 2)])
        dW += np.outer(dz, both)
        db += dz
        later_h = (W.T @ dz)[1:]
        later_c = dc * f
    return dW, db, dV, dc0


for turn in range(2000):
    s = turn % 280
    out, tape = forward(tide[s : s + 7])
    loss = 0.5 * np.sum((out - tide[s + 1 : s + 8, None]) ** 2)
    for p, grad in zip((W, b, V, c0), backward(tape, out - tide[s + 1 : s + 8, None])):
        p -= 0.02 * grad
"""


@pytest.mark.parametrize(
    ("edits", "rows"),
    [
        ((), []),
        ((("later_c = dc * f", "later_c = dc"),), [41]),
        ((("later_c = dc * f", "later_c = dc"), ("1 - np.tanh(c) ** 2", "1 - c ** 2")), [35, 41]),
    ],
)
def test_gates_that_are_joined(edits: tuple[tuple[str, str], ...], rows: list[int]) -> None:
    """What is to be given of each gate is known by itself, and what the last moment wants leads on."""
    text = GATES
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    report = check_program(program_from_bytes(text.encode(), "gates.py"))
    errors = [f for f in report.findings if f.severity == "error"]
    assert sorted(f.span.row for f in errors if f.span) == rows
    assert all(f.mended for f in errors)


CURVE = """
import math
import random

random.seed(31)
heat = [-2.4 + 0.45 * k for k in range(11)]
growth = [0.2 + 1.7 / (1 + math.exp(-1.4 * (t - 0.3))) + random.gauss(0, 0.05) for t in heat]
floor, top, steep, mid = 0.4, 1.4, 1.1, -0.1
for turn in range(4000):
    total = 0.0
    g_floor = g_top = g_steep = g_mid = 0.0
    for t, y in zip(heat, growth):
        s = 1 / (1 + math.exp(-steep * (t - mid)))
        off = floor + (top - floor) * s - y
        total += off * off / 2
        ds = off * (top - floor)
        g_floor += off * (1 - s)
        g_top += off * s
        g_steep += ds * s * (1 - s) * (t - mid)
        g_mid -= ds * s * (1 - s) * steep
    floor -= 0.05 * g_floor / 11
    top -= 0.05 * g_top / 11
    steep -= 0.05 * g_steep / 11
    mid -= 0.05 * g_mid / 11
    if turn % 500 == 0:
        print(total)
"""


def test_the_repair_with_fewer_corrections_is_taken() -> None:
    """Though another is met first, which turns a sign at one place to turn it back at others."""
    text = CURVE.replace("off * (1 - s)", "off").replace("ds * s * (1 - s) * (t", "off * s * (1 - s) * (t")
    text = text.replace("g_mid -= ds", "g_mid += ds")
    assert check_program(program_from_bytes(CURVE.encode(), "curve.py")).verdict == "correct"
    report = check_program(program_from_bytes(text.encode(), "curve.py"))
    errors = [f for f in report.findings if f.severity == "error"]
    assert sorted(f.span.row for f in errors if f.span) == [17, 19, 20]
    assert all(f.mended for f in errors)
