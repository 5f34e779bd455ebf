"""Several mistakes at once, each found by what its own statement has to give."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.check.judge import judge
from backproof.check.trial import Bench
from backproof.mend import Repair, search
from backproof.mend.inwards import from_updates
from backproof.mend.inwards.evaluation import is_same
from backproof.source import Program
from backproof.trace import trace_program

# a state that leaks: it goes to the next step by three ways
LEAKY = """
import numpy as np
draw = np.random.default_rng(14)
rain, level = draw.normal(size=7), draw.normal(size=7)
p = {"U": 0.6 * draw.normal(size=(4, 4)), "g": 0.7 * draw.normal(size=4), "c": 0.3 * draw.normal(size=4),
     "K": 0.5 * draw.normal(size=(4, 4)), "v": 0.8 * draw.normal(size=4)}
for turn in range(10**6):
    h, tape, loss = 0.1 * np.ones(4), [], 0.0
    for x, t in zip(rain, level):
        k = 1 / (1 + np.exp(-(p["K"] @ h + p["c"])))
        m = np.tanh(p["U"] @ h + p["g"] * x)
        new = (1 - k) * h + k * m
        tape.append((x, h, k, m, new, p["v"] @ new - t))
        loss += 0.5 * (p["v"] @ new - t) ** 2
        h = new
    d, carry = {n: np.zeros_like(w) for n, w in p.items()}, np.zeros(4)
    for x, h, k, m, new, miss in tape[::-1]:
        d["v"] += miss * new
        dn = miss * p["v"] + carry
        dk = dn * (m - h) * k * (1 - k)
        dm = dn * k * (1 - m ** 2)
        d["K"] += np.outer(dk, h)
        d["c"] += dk
        d["U"] += np.outer(dm, h)
        d["g"] += dm * x
        carry = dn * (1 - k) + p["K"].T @ dk + p["U"].T @ dm
    for n in p:
        p[n] -= 0.02 * d[n]
"""
# a code with noise, whose loss has a term of its own for each of two branches
NOISY = """
import numpy as np
draw = np.random.default_rng(15)
x = draw.normal(size=(13, 6))
E, M, S, D = (0.4 * draw.normal(size=s) for s in ((6, 5), (5, 3), (5, 3), (3, 6)))
for turn in range(10**6):
    eps = draw.normal(size=(13, 3))
    h = np.tanh(x @ E)
    mu, lv = h @ M, h @ S
    std = np.exp(lv / 2)
    z = mu + std * eps
    r = z @ D
    loss = (0.5 * np.sum((r - x) ** 2) - 0.5 * np.sum(1 + lv - mu ** 2 - np.exp(lv))) / len(x)
    dr = (r - x) / len(x)
    dz = dr @ D.T
    dmu = dz + mu / len(x)
    dlv = dz * eps * std * 0.5 + 0.5 * (np.exp(lv) - 1) / len(x)
    dh = dmu @ M.T + dlv @ S.T
    dE = x.T @ (dh * (1 - h ** 2))
    D -= 0.02 * z.T @ dr
    M -= 0.02 * h.T @ dmu
    S -= 0.02 * h.T @ dlv
    E -= 0.02 * dE
"""
# blocks with a way around them; one slope serves two activations, and is called rightly in the one
BLOCKS = """
import numpy as np
draw = np.random.default_rng(16)
def slope(a):
    return 1 - a * a
ore, yield_ = draw.normal(size=(12, 5)), draw.normal(size=(12, 2))
blocks = [{"A": 0.5 * draw.normal(size=(5, 7)), "B": 0.5 * draw.normal(size=(7, 5))} for _ in range(3)]
H, out = 0.5 * draw.normal(size=(5, 4)), {"W": 0.5 * draw.normal(size=(4, 2))}
for turn in range(10**6):
    s, kept = ore, []
    for b in blocks:
        a = np.tanh(s @ b["A"])
        kept.append((s, a))
        s = s + a @ b["B"]
    u = s @ H
    q = np.tanh(u)
    miss = q @ out["W"] - yield_
    loss = np.sum(miss ** 2) / len(ore)
    top = 2 * miss / len(ore)
    dW = q.T @ top
    du = top @ out["W"].T * slope(q)
    dH = s.T @ du
    ds = du @ H.T
    first = ds
    grads = []
    for b, (s, a) in zip(blocks[::-1], kept[::-1]):
        da = ds @ b["B"].T * slope(a)
        grads.append((b, {"A": s.T @ da, "B": a.T @ ds}))
        ds = ds + da @ b["A"].T
    out["W"] -= 0.03 * dW
    H -= 0.03 * dH
    for b, g in grads:
        for name in b:
            b[name] -= 0.03 * g[name]
"""
# a mean, of which the backward pass divides at the end: no value before is an adjoint without its factor
MEAN = """
import numpy as np
draw = np.random.default_rng(17)
x, y = draw.normal(size=(5, 23)), (draw.normal(size=(1, 23)) > 0) * 1.0
W, b = 0.5 * draw.normal(size=(4, 5)), 0.2 * draw.normal(size=(4, 1))
V, c = 0.5 * draw.normal(size=(1, 4)), 0.2 * draw.normal(size=(1, 1))
n = x.shape[1]
for turn in range(10**6):
    h = np.tanh(W @ x + b)
    p = 1 / (1 + np.exp(-(V @ h + c)))
    loss = -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) / n
    dz = p - y
    dV, dc = dz @ h.T / n, np.sum(dz, axis=1, keepdims=True) / n
    dh = V.T @ dz * (1 - h ** 2)
    dW, db = dh @ x.T / n, np.sum(dh, axis=1, keepdims=True) / n
    W = W - 0.3 * dW
    b = b - 0.3 * db
    V = V - 0.3 * dV
    c = c - 0.3 * dc
"""
# an error of the other sign, and a rate of which most of the backward pass shows half
RATED = """
import numpy as np
draw = np.random.default_rng(19)
votes = draw.normal(size=(15, 4))
wanted = np.tanh(votes[:, :2] - votes[:, 2:])
V, v = 0.5 * draw.normal(size=(6, 4)), 0.2 * draw.normal(size=6)
W, w = 0.5 * draw.normal(size=(2, 6)), 0.2 * draw.normal(size=2)
dV, dW, rate = np.zeros((6, 4)), np.zeros((2, 6)), 0.5
for turn in range(10**6):
    x, t = votes[turn % 15], wanted[turn % 15]
    h = np.tanh(V @ x + v)
    out = np.tanh(W @ h + w)
    err = t - out
    loss = 0.5 * np.sum(err ** 2)
    last = err * (1 - out * out)
    before = W.copy()
    dW = rate * np.outer(last, h) + 0.5 * dW
    W += dW
    w += rate * last
    inner = (1 - h * h) * (before.T @ last)
    dV = rate * np.outer(inner, x) + 0.5 * dV
    V += dV
    v += rate * inner
"""
# two blocks with a way around the second, whose means are taken off on the way back as well
AROUND = """
import numpy as np
draw = np.random.default_rng(16)
x, t = draw.normal(size=(11, 4)), draw.normal(size=(11, 2))
A, B, C = (0.5 * draw.normal(size=s) for s in ((4, 5), (5, 5), (5, 2)))
for turn in range(10**6):
    u = x @ A
    mid = u - u.mean(axis=1, keepdims=True)
    g = np.tanh(mid @ B)
    v = u + g
    out = v @ C
    loss = 0.5 * np.sum((out - t) ** 2) / len(x)
    dout = (out - t) / len(x)
    dv = dout @ C.T
    dg = dv * (1 - g ** 2)
    dmid = dg @ B.T
    du = dmid - dmid.mean(axis=1, keepdims=True)
    dC, dB = v.T @ dout, mid.T @ dg
    dA = x.T @ (du + dv)
    A -= 0.1 * dA
    B -= 0.1 * dB
    C -= 0.1 * dC
"""
# a velocity that takes a share of the gradient, held within bounds; every state has a bias of the same shape
SHARED = """
import numpy as np
draw = np.random.default_rng(21)
tide, level = draw.normal(size=(9, 3, 1)), draw.normal(size=(9, 1, 1))
p = {"R": 0.5 * draw.normal(size=(4, 7)), "r": 0.2 * draw.normal(size=(4, 1)), "v": draw.normal(size=(1, 4)),
     "N": 0.6 * draw.normal(size=(4, 7)), "n": 0.2 * draw.normal(size=(4, 1)), "c": np.zeros((1, 1))}
speed = {k: np.zeros_like(w) for k, w in p.items()}
for turn in range(10**6):
    h, tape, loss = np.zeros((4, 1)), [], 0.0
    for x, t in zip(tide, level):
        z = np.vstack((h, x))
        r = 1 / (1 + np.exp(-(p["R"] @ z + p["r"])))
        n = np.tanh(p["N"] @ z + p["n"])
        h = (1 - r) * h + r * n
        miss = p["v"] @ h + p["c"] - t
        tape.append((z, r, n, h, miss))
        loss += 0.5 * np.sum(miss ** 2)
    d, carry = {k: np.zeros_like(w) for k, w in p.items()}, np.zeros((4, 1))
    for z, r, n, h, miss in tape[::-1]:
        d["v"] += miss @ h.T
        d["c"] += miss
        dh = p["v"].T @ miss + carry
        dn = dh * r
        dn = (1 - n ** 2) * dn
        d["N"] += dn @ z.T
        d["n"] += dn
        dr = dh * (n - z[:4])
        dr = r * (1 - r) * dr
        d["R"] += dr @ z.T
        d["r"] += dr
        dz = p["R"].T @ dr + p["N"].T @ dn
        carry = dz[:4] + (1 - r) * dh
    for k in p:
        speed[k] = 0.9 * speed[k] + 0.1 * np.clip(d[k], -40, 40)
        p[k] -= 0.2 * speed[k]
"""
SETS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "a sign and a way that is left out, over time": (
        LEAKY,
        (("dn * (m - h)", "dn * (h - m)"), ("carry = dn * (1 - k) + ", "carry = ")),
    ),
    "a slope and a state, over time": (
        LEAKY,
        (("(1 - m ** 2)", "(1 - m)"), ('d["K"] += np.outer(dk, h)', 'd["K"] += np.outer(dk, new)')),
    ),
    "a sign and a factor, over time": (
        LEAKY,
        (("dn * (m - h)", "dn * (h - m)"), ("dm = dn * k *", "dm = dn *")),
    ),
    "a sign and a slope, over time": (LEAKY, (("dn * (m - h)", "dn * (h - m)"), ("(1 - m ** 2)", "(1 - m)"))),
    "a term of the loss and a constant": (
        NOISY,
        (("dmu = dz + mu / len(x)", "dmu = dz"), ("std * 0.5 +", "std +")),
    ),
    "the wrong end of a way around, and a helper called with the wrong value": (
        BLOCKS,
        (("da = ds @", "da = first @"), ("* slope(q)", "* slope(u)")),
    ),
    "three in a row": (
        NOISY,
        (("dmu @ M.T +", "dmu @ M.T -"), ("(1 - h ** 2)", "(1 - h)"), ("std * 0.5 +", "std +")),
    ),
    "an operand and the sign of an update": (
        MEAN,
        (("dz = p - y", "dz = p - p"), ("c = c - 0.3 * dc", "c = c + 0.3 * dc")),
    ),
    "two names, behind a rate that is a factor from the start": (
        RATED,
        (("(before.T @ last)", "(W.T @ last)"), ("v += rate * inner", "v += rate * (W.T @ last)")),
    ),
    "a way around, and a term of the way itself": (
        AROUND,
        (("du = dmid - dmid.mean", "du = dmid + dmid.mean"), ("(du + dv)", "du")),
    ),
    "two slopes over time, behind a velocity": (
        SHARED,
        (
            ("dn = (1 - n ** 2) * dn", "dn = (1 - np.tanh(n) ** 2) * dn"),
            ("r * (1 - r) * dr", "r * (1 + r) * dr"),
        ),
    ),
    "an axis and a slope": (
        MEAN,
        (
            ("db = dh @ x.T / n, np.sum(dh, axis=1, keepdims=True) / n", "db = dh @ x.T / n, np.sum(dh) / n"),
            ("(1 - h ** 2)", "(1 + h ** 2)"),
        ),
    ),
}


def _bench(text: str) -> Bench:
    judgement = judge(trace_program(Program("p.py", text)))
    assert judgement is not None
    return Bench.of(judgement.step, judgement.verdict)


def _with(name: str) -> tuple[str, set[int]]:
    """A program with its mistakes, and their rows."""
    text, mistakes = SETS[name]
    rows = set[int]()
    for right, wrong in mistakes:
        assert text.count(right) == 1
        rows.add(text[: text.index(right)].count("\n") + 1)
        text = text.replace(right, wrong)
    return text, rows


def _rows(repair: Repair) -> set[int]:
    return {tried.correction.site.span.row for tried in repair.steps}


@pytest.mark.parametrize("name", SETS)
def test_each_mistake_is_found_in_its_own_statement(name: str) -> None:
    """And nothing beside them is changed."""
    text, rows = _with(name)
    repair = search(_bench(text))
    assert repair.complete
    assert _rows(repair) == rows
    assert len(repair.steps) == len(SETS[name][1])


@pytest.mark.parametrize("text", [LEAKY, NOISY, BLOCKS, MEAN, RATED, AROUND, SHARED])
def test_right_statements_are_left_alone(text: str) -> None:
    """Without a mistake nothing is looked for."""
    bench = _bench(text)
    assert from_updates(bench, [], [], 10**6) == ((), ())


def test_what_is_found_takes_little_work() -> None:
    """Two mistakes over seven steps cost less than to try each correction on the whole."""
    for name in ("a sign and a way that is left out, over time", "two slopes over time, behind a velocity"):
        bench = _bench(_with(name)[0])
        assert search(bench).complete
        assert bench.work < 1_500_000


def test_numbers_are_compared_as_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of numbers is compared hundreds of thousands of times: no array is made of any of them."""
    monkeypatch.setattr(np.linalg, "norm", None)
    assert is_same(np.float64(0.3), 0.1 + 0.2)
    assert not is_same(0.3, 0.3001)
    assert not is_same(float("nan"), float("nan"))
    assert not is_same(float("inf"), float("inf"))
