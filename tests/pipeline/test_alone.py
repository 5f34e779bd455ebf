"""Of several findings the one whose edits alone mend the program is kept."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(21)
P = {"U": rng.normal(0, 0.4, (6, 3)), "u": rng.normal(0, 0.2, (6, 1)),
     "V": rng.normal(0, 0.4, (2, 6)), "v": rng.normal(0, 0.2, (2, 1))}
X = rng.normal(size=(3, 29))
Y = np.vstack([np.sin(X[0]), X[1] * X[2]])
m = {k: np.zeros_like(p) for k, p in P.items()}
s = {k: np.zeros_like(p) for k, p in P.items()}
for t in range(1, 3000):
    h = np.tanh(P["U"] @ X + P["u"])
    out = P["V"] @ h + P["v"]
    loss = 0.5 * np.mean(np.sum((out - Y) ** 2, axis=0))
    d = (out - Y) / 29
    e = P["V"].T @ d * (1 - h * h)
    G = {"U": e @ X.T, "u": e.sum(axis=1, keepdims=True), "V": d @ h.T, "v": d.sum(axis=1, keepdims=True)}
    for k in P:
        m[k] = 0.9 * m[k] + 0.1 * G[k]
        s[k] = 0.999 * s[k] + 0.001 * G[k] ** 2
        m_hat, s_hat = m[k] / (1 - 0.9 ** t), s[k] / (1 - 0.999 ** t)
        P[k] = P[k] - 0.01 * m_hat / (np.sqrt(s_hat) + 1e-8)
"""


def test_what_a_moment_has_of_a_mistake_is_no_mistake_of_its_own() -> None:
    """Squares of a gradient of the wrong shape have that shape: the sum over the right axis mends both."""
    right = '"v": d.sum(axis=1, keepdims=True)'
    assert check_program(program_from_bytes(PROGRAM.encode(), "moments.py")).verdict == "correct"
    text = PROGRAM.replace(right, right.replace("1", "0"))
    report = check_program(program_from_bytes(text.encode(), "moments.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.expected, finding.mended) == (
        "wrong-axis",
        "d.sum(axis=1, keepdims=True)",
        True,
    )


ONE_SAMPLE = """
import numpy as np

rng = np.random.default_rng(5)
W1, b1 = rng.normal(size=(3, 2)), rng.normal(size=(3, 1))
W2, b2 = rng.normal(size=(1, 3)), rng.normal(size=(1, 1))
data, wanted = rng.normal(size=(4, 2)), rng.uniform(size=(4, 1))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))


for k in range(40):
    x, y = data[k % 4].reshape(2, 1), wanted[k % 4].reshape(1, 1)
    z1 = np.dot(W1, x) + b1
    hidden = sigmoid(z1)
    z2 = np.dot(W2, hidden) + b2
    out = sigmoid(z2)
    err = y - out
    E = err[0, 0] ** 2
    s2 = -2 * sigmoid(out) * (1 - sigmoid(out)) * err
    s1 = np.dot(W2.T, s2) * slope(hidden)
    W2 = W2 - 0.1 * s2 * hidden.T
    b2 = b2 - 0.1 * s2
    W1 = W1 - 0.1 * np.dot(s1, x.T)
    b1 = b1 - 0.1 * s1
    if k % 10 == 0:
        print(E)
"""


def test_a_mend_that_leaves_a_factor_that_changes_is_not_enough():
    """In a step of one sample, what is left wrong of its error is a factor of every gradient."""
    report = check_program(program_from_bytes(ONE_SAMPLE.encode(), "one.py"))
    assert [f.expected for f in report.findings] == ["-2 * out * (1 - out)", "slope(z1)"]
    assert all(f.mended for f in report.findings)
