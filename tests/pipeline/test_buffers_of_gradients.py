"""Buffers that hold a gradient, of which an optimizer makes means and sizes: they are no memory of sizes."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

SHARED = """
import numpy as np

rng = np.random.default_rng(53)
words, said = rng.integers(0, 6, (23, 2)), rng.integers(0, 6, 23)
params = [0.5 * rng.normal(size=(6, 4)), 0.5 * rng.normal(size=(4, 6))]
grads = [np.zeros_like(p) for p in params]
m, v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
for k in range(1, 900):
    left, right = np.eye(6)[words[:, 0]], np.eye(6)[words[:, 1]]
    h = 0.5 * (left @ params[0] + right @ params[0])
    s = h @ params[1]
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(23), said]))
    d = p.copy()
    d[np.arange(23), said] -= 1
    d = d / 23
    grads[1][...] = h.T @ d
    dh = 0.5 * d @ params[1].T
    grads[0][...] = left.T @ dh
    grads[0] += right.T @ dh
    rate = 0.05 * np.sqrt(1 - 0.99 ** k) / (1 - 0.9 ** k)
    for i in range(2):
        m[i] += 0.1 * (grads[i] - m[i])
        v[i] += 0.01 * (grads[i] ** 2 - v[i])
        params[i] -= rate * m[i] / (np.sqrt(v[i]) + 1e-7)
"""


def test_what_is_applied_is_a_gradient() -> None:
    """What the size is made of may be kept in an array, and is not itself under the root."""
    report = check_program(program_from_bytes(SHARED.encode(), "p.py"))
    assert report.verdict == "correct", report.reason
