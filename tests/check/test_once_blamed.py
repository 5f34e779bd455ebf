"""Right programs of kinds that were once called wrong."""

from __future__ import annotations

from backproof.check.judge import judge
from backproof.diagnosis.reasons import of_one_step
from backproof.pipeline import check_program
from backproof.source import program_from_bytes
from backproof.trace import trace_program

TOTAL = """
import numpy as np

rng = np.random.default_rng(4)
X, T = rng.normal(size=(5, 3)), np.array([0, 1, 1, 0, 0])
w = rng.normal(size=3)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def cross_entropy(wanted, found):
    E = 0
    for k in range(len(wanted)):
        if wanted[k] == 1:
            E -= np.log(found[k])
        else:
            E -= np.log(1 - found[k])
    return E


Y = sigmoid(X @ w)
errors = []
for epoch in range(400):
    errors.append(cross_entropy(T, Y))
    w += 0.05 * X.T @ (T - Y)
    Y = sigmoid(X @ w)
"""
UNIT = """
class Unit:
    def __init__(self, size, step):
        self.step = step
        self.weights, self.bias = [0.0] * size, 0.0

    def fires(self, row):
        return self.step(sum(list(map(lambda p: p[0] * p[1], zip(row, self.weights)))) + self.bias)

    def learn(self, row, want, rate):
        miss = want - self.fires(row)
        self.weights = list(map(lambda p: rate * miss * p[0] + p[1], zip(row, self.weights)))
        self.bias += rate * miss


unit = Unit(2, lambda x: 1 if x > 0 else 0)
for epoch in range(40):
    for row, want in list(zip([[1, 1], [0, 0], [1, 0], [0, 1]], [1, 0, 0, 0])):
        unit.learn(row, want, 0.1)
"""
LISTS = """
import random
from math import sin, tanh


def products(rows, xs):
    return [sum(w * x for w, x in zip(row, xs)) for row in rows]


def train(rng):
    first, second = ([[rng.gauss(0, 0.3) for _ in range(3)] for _ in range(n)] for n in (3, 1))
    bias = [0.0] * 3
    for step in range(2000):
        xs = [rng.gauss(0, 1) for _ in range(3)]
        hidden = [tanh(z + b) for z, b in zip(products(first, xs), bias)]
        d = 2 * (products(second, hidden)[0] - sin(xs[0]))
        back = [d * second[0][i] * (1 - hidden[i] ** 2) for i in range(3)]
        for i in range(3):
            second[0][i] -= 0.01 * d * hidden[i]
            bias[i] -= 0.01 * back[i]
            for j in range(3):
                first[i][j] -= 0.01 * back[i] * xs[j]


train(random.Random(3))
"""
FAR = """
import numpy as np

rng = np.random.default_rng(2)
rows, wanted = np.array([[-2, -1], [25, 6], [17, 4], [-15, -6]]), np.array([1, 0, 0, 1])
a, b, c, d, e, f, g, h, k = rng.normal(size=9)


def squash(z):
    return 1 / (1 + np.exp(-z))


def slope(z):
    s = squash(z)
    return s * (1 - s)


for epoch in range(900):
    for (x, y), want in zip(rows, wanted):
        left, right = a * x + b * y + c, d * x + e * y + f
        above = g * squash(left) + h * squash(right) + k
        miss = 2 * (squash(above) - want) * slope(above)
        to_left, to_right = miss * g * slope(left), miss * h * slope(right)
        g -= 0.1 * miss * squash(left)
        h -= 0.1 * miss * squash(right)
        k -= 0.1 * miss
        a, b, c = a - 0.1 * to_left * x, b - 0.1 * to_left * y, c - 0.1 * to_left
        d, e, f = d - 0.1 * to_right * x, e - 0.1 * to_right * y, f - 0.1 * to_right
"""


SHOWN = """
import numpy as np

rng = np.random.default_rng(6)
X, Y = rng.normal(size=(11, 4)), rng.normal(size=(11, 3))
sizes = [4, 6, 5, 7, 5, 3]
p = {}
for n in range(5):
    p[f"W{n}"], p[f"b{n}"] = rng.normal(size=(sizes[n], sizes[n + 1])) * 0.4, rng.normal(size=sizes[n + 1])
memory = {}


def adam(w, g, seen=None):
    seen = dict(seen or {})
    seen.setdefault("m", np.zeros_like(w))
    seen.setdefault("v", np.zeros_like(w))
    seen.setdefault("t", 0)
    m, v, t = seen["m"], seen["v"], seen["t"] + 1
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    seen["m"], seen["v"], seen["t"] = m, v, t
    return w - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), seen


def step():
    acts = [X]
    for n in range(5):
        z = acts[-1] @ p[f"W{n}"] + p[f"b{n}"]
        acts.append(np.tanh(z) if n < 4 else z)
    loss = 0.5 * np.sum((acts[-1] - Y) ** 2)
    d, grads = acts[-1] - Y, {}
    for n in range(4, -1, -1):
        grads[f"W{n}"], grads[f"b{n}"] = acts[n].T @ d, d.sum(axis=0)
        d = (d @ p[f"W{n}"].T) * (1 - acts[n] ** 2)
    for name, w in p.items():
        p[name], memory[name] = adam(w, grads[name], memory.get(name))
    return loss


def shown():
    total = 0.0
    for row, y in zip(X, Y):
        a = row
        for n in range(5):
            z = a @ p[f"W{n}"] + p[f"b{n}"]
            a = np.tanh(z) if n < 4 else z
        total += np.sum((a - y) ** 2)
    return total


for epoch in range(600):
    step()
    print(shown(), shown(), shown(), shown())
"""
SATURATED = """
import numpy as np

rng = np.random.default_rng(3)
X, T = rng.normal(size=(24, 60)), np.eye(5)[rng.integers(0, 5, 24)]
V, W = rng.normal(size=(60, 30)) * 9, rng.normal(size=(30, 5))
for step in range(3000):
    h = np.maximum(0, X @ V)
    z = h @ W
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.mean(np.sum(T * np.log(p + 1e-15), axis=1))
    d = (p - T) / 24
    dW, dV = h.T @ d, X.T @ ((d @ W.T) * (h > 0))
    W -= 0.02 * dW
    V -= 0.02 * dV
"""


TWO_SETS = """
import numpy as np

rng = np.random.default_rng(2)
X, V = rng.normal(size=(30, 4)), rng.normal(size=(9, 4))
T, U = np.eye(3)[rng.integers(0, 3, 30)], np.eye(3)[rng.integers(0, 3, 9)]
W1, b1, W2, b2 = rng.normal(size=(4, 5)), np.zeros(5), rng.normal(size=(5, 3)), np.zeros(3)


def forward(X, W1, b1, W2, b2):
    Z = np.tanh(X @ W1 + b1)
    e = np.exp(Z @ W2 + b2)
    return e / e.sum(axis=1, keepdims=True), Z


def cross_entropy(Y, p):
    return -np.sum(Y * np.log(p)) / len(Y)


seen, held = [], []
for i in range(900):
    p, Z = forward(X, W1, b1, W2, b2)
    q, _ = forward(V, W1, b1, W2, b2)
    one, other = cross_entropy(T, p), cross_entropy(U, q)
    seen.append(one)
    held.append(other)
    gW2, gb2 = Z.T @ (p - T), (p - T).sum(axis=0)
    d = (p - T) @ W2.T * (1 - Z * Z)
    gW1, gb1 = X.T @ d, d.sum(axis=0)
    W2 -= 0.001 * gW2
    b2 -= 0.001 * gb2
    W1 -= 0.001 * gW1
    b1 -= 0.001 * gb1
"""


DRAWN_TWICE = """
import numpy as np

rng = np.random.default_rng(5)
inner, outer = rng.normal(size=(9, 4)) * 0.1, rng.normal(size=(9, 4)) * 0.1
pairs = [(int(a), int(b)) for a, b in rng.integers(0, 9, (40, 2)) if a != b]


def squash(z):
    return 1 / (1 + np.exp(-z))


def learn(a, b):
    v = inner[a]
    u = outer[b]
    p = squash(v @ u)
    loss = -np.log(p)
    toward = (p - 1.0) * u.copy()
    outer[b] -= 0.05 * (p - 1.0) * v
    for k in others(b):
        u = outer[k]
        q = squash(v @ u)
        loss += -np.log(1.0 - q)
        toward += q * u.copy()
        outer[k] -= 0.05 * q * v
    inner[a] -= 0.05 * toward
    return loss


def others(b):
    found = []
    while len(found) < 3:
        k = rng.integers(0, 9)
        if k != b:
            found.append(k)
    return found


for epoch in range(90):
    total = 0.0
    for a, b in pairs:
        total += learn(a, b)
    print(total)
"""


DUAL = """
import numpy as np

rng = np.random.default_rng(3)
X = rng.normal(size=(17, 3))
y = np.sign(X[:, 0] - X[:, 1] + 0.1)
Q = (X @ X.T + np.eye(17)) * np.outer(y, y)
alphas = rng.uniform(0.1, 0.9, 17)
losses = []
for step in range(700):
    loss = alphas.sum() - 0.5 * alphas @ Q @ alphas
    losses.append(loss)
    alphas += 0.0001 * (np.ones(17) - Q @ alphas)
print(losses[-1])
"""


def _verdict(text: str) -> str:
    return check_program(program_from_bytes(text.encode(), "program.py"), timeout=8.0).verdict


def test_a_total_that_a_call_adds_up_between_two_updates() -> None:
    """A loss that is summed in a call from outputs of the round before is all of it the loss."""
    assert _verdict(TOTAL) == "correct"
    assert _verdict(TOTAL.replace("(T - Y)", "(Y - T)")) == "faulty"


def test_several_decisions_of_a_perceptron() -> None:
    """Samples that each decide by what the one before has updated are no step under one sum of hinges."""
    assert _verdict(UNIT) == "inconclusive"


def test_a_first_step_alone() -> None:
    """What is not known yet in a first step of numbers in lists keeps that step from being judged."""
    program = program_from_bytes(LISTS.encode(), "program.py")
    reasons = []
    for nodes in (120, 400):
        judgement = judge(trace_program(program, steps=4, seconds=8.0, nodes=nodes))
        assert judgement is not None
        reasons.append(of_one_step(judgement) is not None)
    assert reasons == [True, False]
    assert _verdict(LISTS) == "correct"


def test_a_slope_of_which_no_digits_are_left() -> None:
    """A unit so far out that one less its value is rounding is called no fault, whatever the first values."""
    for seed in (2, 3):
        assert _verdict(FAR.replace("rng(2)", f"rng({seed})")) == "inconclusive"


def test_adam_of_which_a_first_look_saw_one_step() -> None:
    """What is shown between two steps at length keeps the memories of an optimizer from no look at them."""
    assert _verdict(SHOWN) == "correct"


def test_a_probability_that_is_zero_but_for_an_epsilon() -> None:
    """A softmax that is saturated wherever weights so large are moved to is judged with smaller ones."""
    assert _verdict(SATURATED) == "correct"
    assert _verdict(SATURATED.replace("(h > 0)", "(h > 1)")) == "faulty"


def test_the_same_loss_of_other_data() -> None:
    """What one function makes of two sets, with the parameters as its arguments, is descended for one."""
    assert _verdict(TWO_SETS) == "correct"
    assert _verdict(TWO_SETS.replace("X.T @ d", "X.T @ -d")) == "faulty"


def test_a_sample_that_draws_one_word_twice() -> None:
    """Words of which each is updated in turn are judged by the samples that draw none of them again."""
    assert _verdict(DRAWN_TWICE) == "correct"


def test_what_falls_without_bound_is_gone_up() -> None:
    """What goes to minus infinity wherever the parameters go has a greatest value, and no least one."""
    assert _verdict(DUAL) == "correct"
    assert _verdict(DUAL.replace("- Q @ alphas)", "- 0.5 * Q @ alphas)")) == "faulty"
