"""The state that one round of a recurrent network hands to the next has a gradient, and nobody wants it."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

TIDE = """\
import numpy as np

rng = np.random.default_rng(4)
levels = rng.normal(size=(200, 3))


class Gauge:
    def __init__(self):
        self.weights = {
            "U": rng.normal(size=(8, 5)) * 0.4,
            "c": rng.normal(size=5) * 0.1,
            "W": rng.normal(size=(5, 3)) * 0.5,
        }

    def read(self, x, h_old):
        w = self.weights
        both = np.concatenate([h_old, x])
        rise = np.tanh(both @ w["U"] + w["c"])
        h = 0.7 * h_old + 0.3 * rise
        return h @ w["W"], h, (w["W"], h_old, both, rise, h)

    def back(self, d, dh_next, cache):
        W, h_old, both, rise, h = cache
        dh = d @ W.T + dh_next
        dz = 0.3 * dh * (1 - rise**2)
        slopes = {"U": np.outer(both, dz), "c": dz, "W": np.outer(h, d)}
        dh_next = 0.7 * dh + (self.weights["U"] @ dz)[:5]
        return slopes, dh_next

    def step(self, xs, ts, h):
        outs, caches = [], []
        loss = 0.0
        for x, t in zip(xs, ts):
            y, h, cache = self.read(x, h)
            loss += 0.5 * np.sum((y - t) ** 2)
            outs.append(y)
            caches.append(cache)
        total = {key: np.zeros_like(w) for key, w in self.weights.items()}
        dh_next = np.zeros(5)
        for y, t, cache in reversed(list(zip(outs, ts, caches))):
            slopes, dh_next = self.back(y - t, dh_next, cache)
            for key in total:
                total[key] += slopes[key]
        return total, loss, h


gauge = Gauge()
h = np.zeros(5)
for k in range(0, 190, 6):
    total, loss, h = gauge.step(levels[k : k + 6], levels[k + 1 : k + 7], h)
    for key in total:
        gauge.weights[key] -= 0.01 * total[key]
"""


def test_the_gradient_of_a_state_that_is_handed_on_is_not_missed() -> None:
    """It is computed for the first state of a round, and belongs to the round before."""
    report = check_program(program_from_bytes(TIDE.encode(), "tide.py"))
    assert report.verdict == "correct"
    assert {p.name for p in report.parameters} == {f"gauge.weights['{key}']" for key in "UcW"}


GATED = """\
import numpy as np

rng = np.random.default_rng(9)
X, Y = rng.normal(size=(11, 3)), rng.normal(size=(11, 2))
W, b, k = rng.normal(size=(3, 5)) * 0.6, rng.normal(size=5) * 0.2, rng.normal(size=5)
V = rng.normal(size=(5, 2)) * 0.6
for i in range(60):
    h = np.tanh(X @ W + b)
    o = (k * h) @ V
    loss = 0.5 * np.sum((o - Y) ** 2)
    d = o - Y
    g = d @ V.T
    e = g * k * (1 - h**2)
    W = W - 0.01 * X.T @ e
    b = b - 0.01 * e.sum(axis=0)
    V = V - 0.01 * (k * h).T @ d
    k = k - 0.01 * (g * h).sum(axis=0)
"""


def test_what_becomes_another_parameter_is_surely_no_state() -> None:
    """A bias that is given another parameter less its own gradient is no state, and wrong."""
    assert check_program(program_from_bytes(GATED.encode(), "gated.py")).verdict == "correct"
    report = check_program(program_from_bytes(GATED.replace("b = b -", "b = k -").encode(), "gated.py"))
    assert report.verdict == "faulty"
    assert [(f.name, f.found) for f in report.findings if f.severity == "error"] == [("wrong-operand", "k")]
