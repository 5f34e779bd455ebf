"""A value that the step hands to the next is no parameter: a filter's state, a running mean, a baseline."""

from __future__ import annotations

from pathlib import Path

import pytest

from backproof.pipeline import check_program
from backproof.runner import Runner
from backproof.source import read_program

HEAD = """
import numpy as np
rng = np.random.default_rng(0)
"""

# name: (text, verdict, what to replace to make it wrong)
PROGRAMS = {
    "kalman": (
        """
A, k = 0.9, 0.3; x = 0.0
Y = rng.normal(size=200)
for t in range(199):
    pred = A * x
    e = Y[t] - pred
    loss = 0.5 * e ** 2
    A = A + 0.01 * e * x
    x = pred + k * e
""",
        "correct",
        ('e * x', 'e * pred'),
    ),
    "kalman_vec": (
        """
A = rng.normal(size=(3, 3)) * 0.4; C = rng.normal(size=(2, 3)); K = rng.normal(size=(3, 2)) * 0.1
x = rng.normal(size=3)
Y = rng.normal(size=(200, 2))
for t in range(199):
    xp = A @ x
    e = C @ xp - Y[t]
    loss = 0.5 * np.sum(e ** 2)
    dC = np.outer(e, xp)
    dA = np.outer(C.T @ e, x)
    C -= 0.01 * dC
    A -= 0.01 * dA
    x = xp - K @ e
""",
        "correct",
        ('np.outer(C.T @ e, x)', 'np.outer(C.T @ e, xp)'),
    ),
    "observer": (
        """
a, k = 0.7, 0.25
x = 0.3
Y = rng.normal(size=300)
for t in range(299):
    e = Y[t] - a * x
    loss = 0.5 * e ** 2
    a = a + 0.01 * e * x
    x = 0.9 * x + k * e
""",
        "inconclusive",
        ('a + 0.01', 'a - 0.01'),
    ),
    "baseline": (
        """
n = 4
W = rng.normal(size=(3, n)) * 0.3
b = np.zeros(n)
baseline = 0.0
for t in range(400):
    s = rng.normal(size=3)
    z = s @ W + b
    p = np.exp(z - z.max()); p /= p.sum()
    a = rng.choice(n, p=p)
    r = 1.0 if a == int(s[0] > 0) else -0.3
    adv = r - baseline
    loss = -adv * np.log(p[a])
    dz = p.copy(); dz[a] -= 1
    dz *= adv
    W -= 0.05 * np.outer(s, dz)
    b -= 0.05 * dz
    baseline += 0.1 * (r - baseline)
""",
        "correct",
        ('dz[a] -= 1', 'dz[a] += 1'),
    ),
    "baseline2": (
        """
W = rng.normal(size=(3, 2)) * 0.3
mean = np.zeros(2)
for t in range(400):
    x = rng.normal(size=(8, 3)); y = x[:, :2] * 2 + 1
    o = x @ W + mean
    e = o - y
    loss = np.mean(np.sum(e ** 2, axis=1))
    W -= 0.05 * 2 * x.T @ e / 8
    mean = 0.9 * mean + 0.1 * y.mean(axis=0)
""",
        "correct",
        ('2 * x.T @ e / 8', '-2 * x.T @ e / 8'),
    ),
    "normalizer": (
        """
W = rng.normal(size=(3, 2)) * 0.3; b = np.zeros(2)
mu = np.zeros(3); var = np.ones(3)
for t in range(400):
    x = rng.normal(size=(8, 3)) * 2 + 1; y = x[:, :2] * 2 + 1
    xn = (x - mu) / np.sqrt(var + 1e-5)
    e = xn @ W + b - y
    loss = np.mean(np.sum(e ** 2, axis=1))
    W -= 0.05 * 2 * xn.T @ e / 8
    b -= 0.05 * 2 * e.sum(0) / 8
    mu += 0.1 * (x.mean(0) - mu)
    var += 0.1 * (x.var(0) - var)
""",
        "correct",
        ('2 * xn.T @ e / 8', '2 * x.T @ e / 8'),
    ),
    "leaky": (
        """
W = rng.normal(size=(4, 4)) * 0.3; U = rng.normal(size=(4, 2)) * 0.3; V = rng.normal(size=(1, 4)) * 0.3
h = np.zeros(4); a = 0.3
for t in range(400):
    x = rng.normal(size=2); y = x[:1] - x[1:]
    hp = h
    s = np.tanh(W @ hp + U @ x)
    h = (1 - a) * hp + a * s
    e = V @ h - y
    loss = 0.5 * np.sum(e ** 2)
    dh = V.T @ e
    dz = a * dh * (1 - s ** 2)
    V -= 0.05 * np.outer(e, h)
    W -= 0.05 * np.outer(dz, hp)
    U -= 0.05 * np.outer(dz, x)
""",
        "correct",
        ('np.outer(dz, hp)', 'np.outer(dz, h)'),
    ),
    "leaky_after": (
        """
W = rng.normal(size=(4, 4)) * 0.3; U = rng.normal(size=(4, 2)) * 0.3; V = rng.normal(size=(1, 4)) * 0.3
h = rng.normal(size=4) * 0.1; a = 0.3
for t in range(400):
    x = rng.normal(size=2); y = x[:1] - x[1:]
    s = np.tanh(W @ h + U @ x)
    e = V @ s - y
    loss = 0.5 * np.sum(e ** 2)
    dz = V.T @ e * (1 - s ** 2)
    V -= 0.05 * np.outer(e, s)
    W -= 0.05 * np.outer(dz, h)
    U -= 0.05 * np.outer(dz, x)
    h = h + a * (s - h)
""",
        "inconclusive",
        ('np.outer(dz, h)', 'np.outer(dz, s)'),
    ),
    "resid_state": (
        """
W = rng.normal(size=(4, 4)) * 0.3; V = rng.normal(size=(1, 4)) * 0.3
h = rng.normal(size=4) * 0.5; dt = 0.1
for t in range(400):
    y = np.sin([t * 0.1])
    f = np.tanh(W @ h)
    e = V @ f - y
    loss = 0.5 * np.sum(e ** 2)
    dz = V.T @ e * (1 - f ** 2)
    V -= 0.05 * np.outer(e, f)
    W -= 0.05 * np.outer(dz, h)
    h = h + dt * f
""",
        "inconclusive",
        ('np.outer(dz, h)', 'np.outer(dz, f)'),
    ),
    "target_net": (
        """
W = rng.normal(size=(3, 2)) * 0.4; b = np.zeros(2)
Wt, bt = W.copy(), b.copy()
for t in range(300):
    s = rng.normal(size=(6, 3)); s2 = rng.normal(size=(6, 3)); r = s[:, 0]
    a = rng.integers(0, 2, 6)
    target = r + 0.9 * (s2 @ Wt + bt).max(axis=1)
    q = s @ W + b
    e = q[np.arange(6), a] - target
    loss = 0.5 * np.mean(e ** 2)
    dq = np.zeros_like(q); dq[np.arange(6), a] = e / 6
    W -= 0.05 * s.T @ dq
    b -= 0.05 * dq.sum(0)
    Wt += 0.1 * (W - Wt)
    bt = 0.9 * bt + 0.1 * b
""",
        "correct",
        ('s.T @ dq', 's2.T @ dq'),
    ),
    "replay": (
        """
W = rng.normal(size=(3, 2)) * 0.4
buf = []
s = rng.normal(size=3)
for t in range(300):
    q = s @ W
    a = int(np.argmax(q)) if rng.random() > 0.2 else int(rng.integers(2))
    s2 = 0.5 * s + rng.normal(size=3) * 0.3 + a * 0.1
    buf.append((s, a, s[0] - 0.1 * a, s2))
    s = s2
    if len(buf) > 8:
        loss = 0.0
        dW = np.zeros_like(W)
        for k in rng.integers(0, len(buf), 4):
            x, a_, r, x2 = buf[k]
            target = r + 0.9 * np.max(x2 @ W)
            e = (x @ W)[a_] - target
            loss += 0.5 * e ** 2
            dW[:, a_] += e * x
        W -= 0.02 * dW
""",
        "correct",
        ('e * x\n', 'e * x2\n'),
    ),
    "esn": (
        """
n = 6
Wr = rng.normal(size=(n, n)) * 0.2; Wi = rng.normal(size=(n, 1))
Wo = rng.normal(size=(1, n)) * 0.1
fb = rng.normal(size=(n, 1)) * 0.2
x = np.zeros((n, 1)); y = np.zeros((1, 1))
for t in range(300):
    u = np.array([[np.sin(t * 0.2)]]); d = np.array([[np.sin(t * 0.2 + 0.4)]])
    x = 0.7 * x + 0.3 * np.tanh(Wr @ x + Wi @ u + fb @ y)
    y = Wo @ x
    err = y - d
    loss = float(0.5 * err[0, 0] ** 2)
    Wo -= 0.05 * err @ x.T
""",
        "correct",
        ('Wo -= 0.05', 'Wo += 0.05'),
    ),
    "bias_var2": (
        """
w = rng.normal(size=4) * 0.1; sigma = 1.0
for t in range(300):
    x = rng.normal(size=4); d = x[0]
    e = d - w @ x
    loss = 0.5 * e ** 2 / sigma
    w = w + 0.05 * e * x / sigma
    sigma += 0.1 * (e ** 2 - sigma)
""",
        "inconclusive",
        ('w = w + 0.05', 'w = w - 0.05'),
    ),
    "policy_state": (
        """
# a controller learns by back-propagating through a known plant, one step at a time
k1, k2 = 0.1, 0.2
x = 1.0
for t in range(300):
    u = k1 * x + k2
    xn = 0.8 * x + 0.5 * u
    loss = 0.5 * xn ** 2
    k1 -= 0.05 * xn * 0.5 * x
    k2 -= 0.05 * xn * 0.5
    x = xn + 0.1 * rng.normal()
""",
        "correct",
        ('xn * 0.5 * x', 'xn * 0.5 * u'),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def runner():
    """One process that runs all programs of this module."""
    with Runner() as started:
        yield started


def checked(text: str, folder: Path, runner: Runner):
    """What is said of a program."""
    path = folder / "program.py"
    path.write_text(text)
    return check_program(read_program(str(path)), runner=runner)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_state_is_no_parameter_with_a_wrong_gradient(name: str, tmp_path: Path, runner: Runner) -> None:
    """A correct program with a state is certified, or it is said that the state may be a parameter."""
    text, verdict, _ = PROGRAMS[name]
    report = checked(HEAD + text, tmp_path, runner)
    assert (report.verdict, report.reason) == (verdict, report.reason)
    assert not [finding for finding in report.findings if finding.severity == "error"]
    if verdict == "inconclusive":
        assert report.reason is not None
        assert "state that is carried" in report.reason


@pytest.mark.parametrize("name", PROGRAMS)
def test_beside_a_state_a_wrong_gradient_is_found(name: str, tmp_path: Path, runner: Runner) -> None:
    """A mistake in the gradient of a parameter is found, and nothing is said of the state."""
    text, _, (old, new) = PROGRAMS[name]
    assert text.count(old) == 1
    report = checked(HEAD + text.replace(old, new), tmp_path, runner)
    assert report.verdict == "faulty"
    wrong = [finding for finding in report.findings if finding.severity == "error"]
    assert len(wrong) == 1


@pytest.mark.parametrize("change", ["rate * rate", "rate * X.mean()", "0.05 * w[1]"])
def test_a_bias_that_moves_on_without_a_gradient_is_not_certified(
    change: str, tmp_path: Path, runner: Runner
) -> None:
    """All of the old value is kept, as no running mean keeps it: the update may well be wrong."""
    text = """
X = rng.normal(size=(20, 2)) + 0.5
target = X @ np.array([1.0, -2.0]) + 0.3
w = rng.normal(size=2); b = 0.1; rate = 0.05
for t in range(300):
    error = X @ w + b - target
    loss = np.mean(error ** 2)
    w -= rate * X.T @ error / 20
    b -= CHANGE
"""
    right = checked(HEAD + text.replace("CHANGE", "rate * np.mean(error)"), tmp_path, runner)
    assert right.verdict == "correct"
    assert checked(HEAD + text.replace("CHANGE", change), tmp_path, runner).verdict != "correct"


def test_what_is_updated_as_parameters_are_is_one(tmp_path: Path, runner: Runner) -> None:
    """What a wrong update takes off does not vanish with the error; its statement shows it."""
    text = """
X = rng.normal(size=(20, 2)) + 0.5
target = X @ np.array([1.0, -2.0]) + 0.3
net = {"w": rng.normal(size=2), "b": rng.normal(size=1)}
for t in range(300):
    error = X @ net["w"] + net["b"] - target
    loss = 0.5 * np.sum(error ** 2)
    slopes = {"w": X.T @ error, "b": np.array([np.sum(error)])}
    for key in net:
        net[key] = net[key] - 0.01 * slopes[key]
"""
    assert checked(HEAD + text, tmp_path, runner).verdict == "correct"
    wrong = text.replace("np.sum(error)])", "np.sum(net['b'] + 1)])")
    assert checked(HEAD + wrong, tmp_path, runner).verdict == "faulty"


def test_a_running_mean_may_have_the_rate_of_the_parameters(tmp_path: Path, runner: Runner) -> None:
    """What takes a share off itself at the rate of the parameters is no wrong gradient."""
    text = """
X = rng.normal(size=(200, 2)); w = rng.normal(size=2); rate = 0.05; mean = 0.1
for x in X:
    error = x @ w - mean - np.tanh(x[0])
    loss = 0.5 * error ** 2
    mean = mean + rate * (x[1] - mean)
    w = w - rate * error * x
"""
    assert checked(HEAD + text, tmp_path, runner).verdict == "correct"
