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
