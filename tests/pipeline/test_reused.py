"""Rounds that apply what older parameters have given, and updates of copies, are not certified."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

NETWORK = """
import numpy as np

rng = np.random.default_rng(15)
X, y = rng.normal(size=(27, 3)), rng.normal(size=(27, 2))
p = {
    "W": rng.normal(0, 0.5, (3, 5)), "b": rng.normal(0, 0.2, 5),
    "V": rng.normal(0, 0.5, (5, 2)), "c": rng.normal(0, 0.2, 2),
}
def forward():
    h = np.tanh(X @ p["W"] + p["b"])
    return h, h @ p["V"] + p["c"]
def gradients(h, o):
    d = (o - y) / 27
    e = d @ p["V"].T * (1 - h ** 2)
    return {"W": X.T @ e, "b": e.sum(0), "V": h.T @ d, "c": d.sum(0)}
for t in range(900):
    FORWARD
    loss = 0.5 * np.mean(np.sum((o - y) ** 2, axis=1))
    BACKWARD
    for name in p:
        UPDATE
    if t % 100 == 0: print(loss)
"""
RIGHT = {
    "FORWARD": "h, o = forward()",
    "BACKWARD": "g = gradients(h, o)",
    "UPDATE": "p[name] -= 0.1 * g[name]",
}
REUSED = {
    "the gradients of the first round": ({"BACKWARD": "if t == 0: g = gradients(h, o)"}, "p['W']"),
    "each gradient twice": ({"BACKWARD": "if t % 2 == 0: g = gradients(h, o)"}, "p['W']"),
    "the outputs of the first round": ({"FORWARD": "if t == 0: h, o = forward()"}, "p['c']"),
    "a cache that stays": (
        {"FORWARD": "h_now, o = forward(); h = h_now if t == 0 else h; o_first = o if t == 0 else o_first",
         "BACKWARD": "g = gradients(h, o_first)"},
        "p['c']",
    ),
    "a copy": ({"UPDATE": "w = p[name].copy() if name == 'V' else p[name]; w -= 0.1 * g[name]"}, "is lost"),
}  # fmt: skip


def _checked(**changed: str) -> FileReport:
    text = NETWORK
    for word, by in {**RIGHT, **changed}.items():
        text = text.replace(word, by)
    return check_program(program_from_bytes(text.encode(), "net.py"))


@pytest.mark.parametrize("what", REUSED)
def test_what_is_not_computed_anew_is_said(what: str) -> None:
    """In the rounds in which it is computed, every gradient is right."""
    changed, named = REUSED[what]
    report = _checked(**changed)
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert named in report.reason


def test_a_new_value_that_nobody_reads_is_said() -> None:
    """The update gives it a name of its own, and the parameter stays."""
    update = "if name != 'c': p[name] -= 0.1 * g[name]\n    c_new = p['c'] - 0.1 * g['c']"
    report = _checked(UPDATE=update)
    # X != 'c' else p['c']; c_new = p['c'] - 0.1 * g['c']")
    assert report.verdict != "correct"


ANEW: dict[str, dict[str, str]] = {
    "as it is": {},
    "momentum": {
        "BACKWARD": "g = gradients(h, o); v = {k: 0.9 * (v[k] if t else 0) + g[k] for k in g}",
        "UPDATE": "p[name] = p[name] - 0.1 * v[name]",
    },
    "as what a function returns": {
        "BACKWARD": "g = gradients(h, o); step = lambda value, slope: value - 0.1 * slope",
        "UPDATE": "pass\n    p.update({name: step(p[name], g[name]) for name in p})",
    },
    "one layer in turn": {"UPDATE": "if (name in 'WV') == (t % 2 == 0): p[name] -= 0.1 * g[name]"},
}


@pytest.mark.parametrize("what", ANEW)
def test_what_is_computed_anew_is_not_said(what: str) -> None:
    """A momentum has what older parameters have given, beside what the present ones do."""
    report = _checked(**ANEW[what])
    assert report.verdict != "faulty"
    assert "older parameters" not in (report.reason or "")


def test_what_is_computed_anew_is_certified() -> None:
    """The network as it is."""
    assert _checked().verdict == "correct"


AHEAD = """
import numpy as np
gen = np.random.default_rng(4)
X = gen.normal(size=(33, 4)); Y = np.sin(X[:, :2])
params = [gen.normal(0, .5, (4, 6)), np.full(6, .1), gen.normal(0, .5, (6, 2)), np.zeros(2)]
speeds = [np.zeros_like(q) for q in params]
def gradients():
    W, b, V, c = params
    h = np.tanh(X @ W + b)
    e = h @ V + c - Y
    dz = e @ V.T * (1 - h ** 2)
    return 0.5 * np.sum(e ** 2), [X.T @ dz, dz.sum(0), h.T @ e, e.sum(0)]
for turn in range(1000):
    for q, v in zip(params, speeds):
        q += 0.9 * v
    if WHEN:
        loss, grads = gradients()
    for q, v, g in zip(params, speeds, grads):
        q -= 0.9 * v
        v *= 0.9
        v -= 0.02 / 33 * g
        q += v
    if turn % 100 == 0:
        print(turn, loss)
"""


def test_a_step_ahead_that_is_taken_back_is_no_round_of_older_gradients() -> None:
    """The velocity is older than the gradient that is taken ahead by it; one that is never new is none."""
    verdicts = [
        check_program(program_from_bytes(AHEAD.replace("WHEN", when).encode(), "net.py")).verdict
        for when in ("turn >= 0", "turn < 2")
    ]
    assert verdicts == ["correct", "inconclusive"]
