"""Of corrections that help alike, the one is chosen that leaves what is right as it is."""

from __future__ import annotations

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

POOLED = """
import numpy as np

rng = np.random.default_rng(7)
signals, lengths = rng.normal(size=(6, 8)), rng.uniform(0.5, 1.5, 6)
taps, out = rng.normal(size=3), rng.normal(size=3)
for turn in range(2000):
    signal = signals[turn % 6]
    a = np.tanh(np.array([taps @ signal[i : i + 3] for i in range(6)]))
    pool = np.array([(a[2 * k] + a[2 * k + 1]) / 2 for k in range(3)])
    guess = pool @ out
    err = 0.5 * (guess - lengths[turn % 6]) ** 2
    d = guess - lengths[turn % 6]
    d_pool = d * out
    d_a = np.zeros(6)
    for k in range(3):
        d_a[2 * k : 2 * k + 2] = d_pool[k] / 2
    d_z = d_a * (1 - a**2)
    d_taps = np.zeros(3)
    for q in range(3):
        for i in range(6):
            d_taps[q] += d_z[i] * signal[i + q]
    taps -= 0.02 * d_taps
    out -= 0.02 * (d * pool)
    if turn % 500 == 0:
        print(err)
"""

PENALISED = """
import numpy as np

rng = np.random.default_rng(3)
X, t = rng.normal(size=(12, 3)), rng.integers(0, 2, 12)
w = np.zeros(3)
lam, m = 1.0, 12
for turn in range(2000):
    p = 1 / (1 + np.exp(-(X @ w)))
    cost = -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)) + lam / (2 * m) * np.sum(w[1:] ** 2)
    grad = X.T @ (p - t) / m
    grad[1:] += lam / m * w[1:]
    w -= 0.3 * grad
    if turn % 500 == 0:
        print(cost)
"""


def _found(text: str, old: str = "", new: str = "") -> tuple[str, list[tuple[str, int]]]:
    assert old in text
    report: FileReport = check_program(program_from_bytes(text.replace(old, new).encode(), "p.py"))
    errors = [f for f in report.findings if f.severity == "error"]
    assert all(f.fix is not None for f in errors)
    return report.verdict, [(f.name, f.span.row) for f in errors if f.span]


def test_a_constant_is_put_where_it_is_missing() -> None:
    """Not before it, where the gradient is right as yet."""
    assert _found(POOLED) == ("correct", [])
    assert _found(POOLED, "d_pool[k] / 2", "d_pool[k]") == ("faulty", [("wrong-scale", 17)])


def test_a_penalty_is_brought_to_the_scale_of_the_loss() -> None:
    """Not the gradient of the data to that of the penalty."""
    assert _found(PENALISED) == ("correct", [])
    assert _found(PENALISED, "lam / m * w", "lam * w") == ("faulty", [("wrong-scale", 12)])


LEVELLED = """
import numpy as np

rng = np.random.default_rng(28)
X, t = rng.normal(size=(19, 4)) * [1.0, 3.0, 0.4, 2.0], rng.normal(size=(19, 2))
W, stretch, V = 0.5 * rng.normal(size=(4, 5)), 1 + 0.1 * rng.normal(size=5), 0.5 * rng.normal(size=(5, 2))


def levelled(z, stretch):
    off = z - z.sum(axis=0) / len(z)
    wide = np.sqrt((off ** 2).sum(axis=0) / len(z) + 1e-5)
    over = 1.0 / wide
    unit = off * over
    return stretch * unit, (unit, stretch, off, over, wide)


def back(d, kept):
    unit, stretch, off, over, wide = kept
    d_unit = d * stretch
    d_over = (d_unit * off).sum(axis=0)
    d_off = d_unit * over
    d_wide = -d_over / wide ** 2
    d_square = 0.5 * over * d_wide
    d_off = d_off + 2 * off * d_square / len(d)
    return d_off - d_off.sum(axis=0) / len(d), (d * unit).sum(axis=0)


for turn in range(2000):
    y, kept = levelled(X @ W, stretch)
    h = np.tanh(y)
    loss = 0.5 * np.sum((h @ V - t) ** 2) / 19
    d = (h @ V - t) / 19
    dz, d_stretch = back((d @ V.T) * (1 - h ** 2), kept)
    V -= 0.1 * h.T @ d
    stretch -= 0.1 * d_stretch
    W -= 0.1 * X.T @ dz
"""


def test_a_factor_is_put_behind_the_name_of_what_is_right() -> None:
    """`d_over` is the gradient by `over`: what is made of it lacks the factor, and not it."""
    assert _found(LEVELLED) == ("correct", [])
    verdict, found = _found(LEVELLED, "wide ** 2", "wide")
    assert (verdict, [row for _, row in found]) == ("faulty", [22])


SCORED = """
import numpy as np

rng = np.random.default_rng(45)
X, y, width = rng.normal(size=(9, 6, 3)), rng.normal(size=(9, 2)), 5
p = {k: 0.6 * rng.normal(size=s) for k, s in (("Q", (3, 5)), ("K", (3, 5)), ("V", (3, 4)), ("O", (4, 2)))}
mean, square = ({k: np.zeros_like(w) for k, w in p.items()} for _ in range(2))
for turn in range(1, 3000):
    q, k, v = X @ p["Q"], X @ p["K"], X @ p["V"]
    e = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(width))
    a = e / e.sum(axis=-1, keepdims=True)
    pooled = (a @ v).mean(axis=1)
    miss = pooled @ p["O"] - y
    loss = 0.5 * np.sum(miss ** 2) / len(y)
    miss = miss / len(y)
    g = {"O": pooled.T @ miss}
    back = np.repeat((miss @ p["O"].T)[:, None, :], 6, axis=1) / 6
    da = back @ v.transpose(0, 2, 1)
    dv = a.transpose(0, 2, 1) @ back
    ds = a * (da - np.sum(da * a, axis=-1, keepdims=True))
    dq, dk = ds @ k, ds.transpose(0, 2, 1) @ q
    g |= {n: np.einsum("bti,btj->ij", X, d) for n, d in (("Q", dq), ("K", dk), ("V", dv))}
    for n in p:
        mean[n] = 0.9 * mean[n] + 0.1 * g[n]
        square[n] = 0.99 * square[n] + 0.01 * g[n] ** 2
        step = mean[n] / (1 - 0.9 ** turn) / (np.sqrt(square[n] / (1 - 0.99 ** turn)) + 1e-8)
        p[n] = p[n] - 0.01 * step
"""


def test_a_constant_is_put_where_it_is_missing_behind_an_optimizer_too() -> None:
    """What that makes of the gradients has scales of its own; of equal numbers the forward pass has one."""
    report = check_program(program_from_bytes(SCORED.encode(), "p.py"))
    (error,) = (finding for finding in report.findings if finding.severity == "error")
    assert error.span is not None
    assert error.span.row == 20
    assert (error.expected or "").endswith(" / np.sqrt(width)")
