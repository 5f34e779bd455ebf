"""Losses that are evaluated behind the update, now and then, with the parameters of then."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(21)
X, y = rng.normal(size=(37, 3)), rng.integers(0, 2, size=(37, 1)) * 1.0
U, V = rng.normal(size=(11, 3)), rng.integers(0, 2, size=(11, 1)) * 1.0
W1, b1 = rng.normal(size=(3, 6)) * 0.6, rng.normal(size=6) * 0.2
W2, b2 = rng.normal(size=(6, 1)) * 0.6, rng.normal(size=1) * 0.2

def forward(x):
    h = np.tanh(x @ W1 + b1)
    return h, 1 / (1 + np.exp(-(h @ W2 + b2)))

def weighted(p, y):
    return -np.mean(4 * y * np.log(p) + (1 - y) * np.log(1 - p))

for k in range(1200):
    h, p = forward(X)
    d = ((1 - y + 4 * y) * p - 4 * y) / 37
    dh = d @ W2.T * SLOPE
    W2 = W2 - 0.3 * (h.T @ d)
    b2 = b2 - 0.3 * d.sum(axis=0)
    W1 = W1 - 0.3 * (X.T @ dh)
    b1 = b1 - 0.3 * dh.sum(axis=0)
    if k % 200 == 0:
        SHOWN
"""
OWN = "print(k, weighted(forward(X)[1], y))"


def _checked(slope: str = "(1 - h * h)", shown: str = OWN) -> FileReport:
    text = PROGRAM.replace("SLOPE", slope).replace("SHOWN", shown)
    return check_program(program_from_bytes(text.encode(), "behind.py"))


def test_a_loss_evaluated_behind_the_update_is_the_step_s_own() -> None:
    """It is computed as the forward pass of the step computes, from the same data."""
    report = _checked()
    assert report.verdict == "correct", report.reason
    assert report.loss is not None
    assert not report.loss.inferred


@pytest.mark.parametrize("slope", ["(1 - h)", "-(1 - h * h)"])
def test_a_mistake_is_held_against_it(slope: str) -> None:
    """The gradients of the last layer are its own, those of the first are not."""
    report = _checked(slope)
    assert report.verdict == "faulty"
    assert {p.name for p in report.parameters if p.verdict == "faulty"} == {"W1", "b1"}


@pytest.mark.parametrize(
    "shown",
    ["print(k, weighted(forward(U)[1], V))", "print(k, np.mean((forward(X)[1] > 0.5) == y))"],
)
def test_what_is_measured_elsewhere_is_no_loss_of_the_step(shown: str) -> None:
    """Neither what other data give nor how often a decision is right."""
    assert _checked(shown=shown).verdict == "inconclusive"


BATCHES = """
import numpy as np

rng = np.random.default_rng(22)
X, labels = rng.normal(size=(41, 3)), rng.integers(0, 4, 41)
soft = np.abs(rng.normal(size=(41, 4))) + 0.1
soft = soft / soft.sum(axis=1, keepdims=True)
W1, b1 = rng.normal(size=(3, 6)) * 0.6, rng.normal(size=6) * 0.2
W2, b2 = rng.normal(size=(6, 4)) * 0.6, rng.normal(size=4) * 0.2

def forward(x):
    h = np.tanh(x @ W1 + b1)
    z = h @ W2 + b2
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return h, e / e.sum(axis=1, keepdims=True)

def mixed(p, labels, soft):
    hard = -np.log(p[np.arange(len(p)), labels])
    return np.mean(0.3 * hard + 0.7 * np.sum(soft * (np.log(soft) - np.log(p)), axis=1))

for k in range(1200):
    rows = rng.permutation(41)[:17]
    x = X[rows]
    h, p = forward(x)
    d = 0.7 * (p - soft[rows]) + 0.3 * p
    d[np.arange(17), labels[rows]] -= 0.3
    d = d / 17
    dh = d @ W2.T * (1 - h * h)
    W2 -= 0.3 * h.T @ d
    b2 -= 0.3 * d.sum(axis=0)
    W1 -= 0.3 * x.T @ dh
    b1 -= 0.3 * dh.sum(axis=0)
    if k % 200 == 0:
        print(k, mixed(forward(X)[1], labels, soft))
"""
SAMPLES = """
import numpy as np

rng = np.random.default_rng(23)
X, y = rng.normal(size=(29, 5)), rng.choice([-1.0, 1.0], 29)

class Pairs:
    def __init__(self):
        self.w, self.v = np.zeros(5), 0.4 * rng.normal(size=(5, 3))
    def score(self, x):
        return self.w @ x + 0.5 * np.sum((x @ self.v) ** 2)
    def loss(self, x, y):
        return (2 + y) * np.log1p(np.exp(-y * self.score(x)))
    def step(self, x, y, rate):
        d = -y * (2 + y) / (1 + np.exp(y * self.score(x)))
        dv = d * np.outer(x, x @ self.v)
        self.w -= rate * d * x
        self.v -= rate * dv

pairs = Pairs()
for k in range(3000):
    n = rng.integers(29)
    pairs.step(X[n], y[n], 0.1)
    if k % 500 == 0:
        print(k, np.mean([pairs.loss(a, b) for a, b in zip(X, y)]))
"""
# the targets are rows of a table, the cost is of all data, and counts the weights
COUNTED = """
import numpy as np

np.random.seed(31)
kinds = np.random.randint(0, 3, 63)
seen = np.random.randn(3, 5)[kinds] + 0.6 * np.random.randn(63, 5)
told = np.eye(3)[kinds]
p = {"W1": np.random.randn(5, 4) * 0.5, "c1": np.zeros((1, 4)), "W2": np.random.randn(4, 4) * 0.5,
     "c2": np.zeros((1, 4)), "W3": np.random.randn(4, 3) * 0.5, "c3": np.zeros((1, 3))}

def slope(z):
    return 1 - np.tanh(z) ** 2

def run(x):
    hs, zs = [x], []
    for i in (1, 2):
        zs.append(hs[-1] @ p["W%d" % i] + p["c%d" % i])
        hs.append(np.tanh(zs[-1]))
    return hs, zs, 1 / (1 + np.exp(-(hs[-1] @ p["W3"] + p["c3"])))

def cost(x, t, shrink):
    q = run(x)[-1]
    fit = -np.sum(t * np.log(q) + (1 - t) * np.log(1 - q)) / len(x)
    return fit + shrink / (2 * len(x)) * sum(np.sum(p["W%d" % i] ** 2) for i in (1, 2, 3))

def gradients(x, t, shrink):
    n = len(x)
    hs, zs, q = run(x)
    d = q - t
    g = {"W3": hs[2].T @ d / n + shrink / n * p["W3"], "c3": d.mean(axis=0, keepdims=True)}
    for i in (2, 1):
        d = d @ p["W%d" % (i + 1)].T * slope(zs[i - 1])
        g["W%d" % i] = hs[i - 1].T @ d / n + shrink / n * p["W%d" % i]
        g["c%d" % i] = d.mean(axis=0, keepdims=True)
    return g

for epoch in range(900):
    order = np.random.permutation(63)
    for k in range(0, 63, 21):
        rows = order[k:k + 21]
        g = gradients(seen[rows], told[rows], 0.4)
        for name in g:
            p[name] -= 0.3 * g[name]
    if epoch % 90 == 0:
        print(epoch, cost(seen, told, 0.4))
"""


def _report(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "behind.py"))


@pytest.mark.parametrize("text", [BATCHES, SAMPLES])
def test_a_loss_of_all_data_is_that_of_each_batch(text: str) -> None:
    """A step takes some of the data, and the loss is evaluated with all of them."""
    report = _report(text)
    assert report.verdict == "correct", report.reason
    assert report.loss is not None
    assert not report.loss.inferred


@pytest.mark.parametrize(
    ("text", "right", "wrong", "names"),
    [
        (BATCHES, "(1 - h * h)", "(1 - h)", {"W1", "b1"}),
        (SAMPLES, "np.outer(x, x @ self.v)", "np.outer(x, 1 + x @ self.v)", {"pairs.v"}),
    ],
)
def test_mistakes_are_held_against_the_loss_of_all_data(
    text: str, right: str, wrong: str, names: set[str]
) -> None:
    """The gradients of the last layer are right."""
    report = _report(text.replace(right, wrong))
    assert report.verdict == "faulty"
    assert {p.name for p in report.parameters if p.verdict == "faulty"} == names


@pytest.mark.parametrize(
    "shown",
    ["np.mean((forward(X)[1] - soft) ** 2)", "np.mean(forward(X)[1].argmax(axis=1) == labels)"],
)
def test_a_measure_of_all_data_is_no_loss(shown: str) -> None:
    """What is trained is another loss, that the program does not say."""
    assert _report(BATCHES.replace("mixed(forward(X)[1], labels, soft)", shown)).verdict == "inconclusive"


@pytest.mark.parametrize(
    ("right", "wrong", "names"),
    [
        ('shrink / n * p["W%d" % i]', 'shrink * p["W%d" % i]', ["wrong-scale"]),
        ("slope(zs[i - 1])", "slope(hs[i])", ["derivative-at-wrong-point"]),
    ],
)
def test_a_penalty_of_all_data_is_held_against_each_gradient(
    right: str, wrong: str, names: list[str]
) -> None:
    """What decays one layer as the cost says is no decay that the program chose for the others."""
    report = _report(COUNTED.replace(right, wrong))
    assert [f.name for f in report.findings if f.severity == "error"] == names
    assert all(f.mended for f in report.findings if f.severity == "error")
    assert report.loss is not None
    assert report.loss.name == "cost"


def test_mistakes_in_deltas_and_in_a_penalty_behind_them() -> None:
    """The deltas are sums over the samples, the gradients means: right values are at two scales."""
    text = COUNTED.replace("slope(zs[i - 1])", "slope(hs[i])")
    report = _report(text.replace('shrink / n * p["W%d" % i]', 'shrink * p["W%d" % i]'))
    errors = [f for f in report.findings if f.severity == "error"]
    assert {f.name for f in errors} == {"derivative-at-wrong-point", "wrong-scale"}
    assert all(f.mended for f in errors)


@pytest.mark.parametrize("wrong", ['- shrink * p["W%d" % i]', '+ 0.3 * shrink * p["W%d" % i]'])
def test_samples_are_counted_as_the_step_takes_them(wrong: str) -> None:
    """A cost divides by the number of all data, but not its penalty; a step by that of its batch."""
    text = COUNTED.replace("shrink / (2 * len(x))", "shrink / 2").replace(
        "cost(seen, told, 0.4)", "cost(seen, told, 0.02)"
    )
    text = text.replace('shrink / n * p["W', 'shrink * p["W').replace("told[rows], 0.4", "told[rows], 0.02")
    assert _report(text).verdict == "correct"
    report = _report(text.replace('/ n + shrink * p["W%d" % i]', f"/ n {wrong}"))
    errors = [f for f in report.findings if f.severity == "error"]
    assert all(f.mended for f in errors)
    assert [f.name for f in errors] == ["sign-flipped" if wrong[0] == "-" else "wrong-scale"]


def test_a_penalty_of_all_data_is_no_fault() -> None:
    """All layers decay as the cost says."""
    assert _report(COUNTED).verdict == "correct"


SPREAD = """
import numpy as np

rng = np.random.default_rng(44)
U, V = 0.5 * rng.normal(size=(5, 4)), 0.5 * rng.normal(size=(4, 3))
gain = rng.normal(size=(5, 3))

def chances(s):
    h = np.tanh(s @ U)
    e = np.exp(h @ V)
    return h, e / e.sum(axis=1, keepdims=True)

def objective(s, done, share):
    p = chances(s)[1]
    return np.mean(-share * np.log(p[np.arange(len(done)), done]) + 0.2 * (p * np.log(p)).sum(axis=1))

for turn in range(2000):
    s = rng.normal(size=(17, 5))
    h, p = chances(s)
    done = (p.cumsum(axis=1) > rng.random((17, 1))).argmax(axis=1)
    share = (s @ gain)[np.arange(17), done]
    mean = (p * np.log(p)).sum(axis=1, keepdims=True)
    g = p.copy()
    g[np.arange(17), done] -= 1
    g = (g * share[:, None] + 0.2 * p * (TERM)) / 17
    gU = s.T @ ((g @ V.T) * (1 - h ** 2))
    V -= 0.1 * h.T @ g
    U -= 0.1 * gU
    if turn % 400 == 0:
        print(turn, objective(s, done, share))
"""


@pytest.mark.parametrize("term", ["np.log(p) - mean", "np.log(p)"])
def test_the_loss_of_the_step_before_is_none_of_the_next(term: str) -> None:
    """It is shown of the data of its own step; a mean that nothing reads is the term that is left out."""
    text = SPREAD.replace("TERM", term)
    report = check_program(program_from_bytes(text.encode(), "spread.py"))
    found = [(f.name, f.span.row) for f in report.findings if f.severity == "error" and f.span is not None]
    if "mean" in term:
        assert (report.verdict, found) == ("correct", [])
    else:
        assert found == [("missing-term", 25)]
        assert all(f.mended for f in report.findings)
