"""An optimizer whose means go a share of the way to what they follow: they are no parameters."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

ADAM = """
import numpy as np
draw = np.random.default_rng(61)
malt, beer = draw.normal(size=(23, 3)), draw.normal(size=(23, 2))
p = {"A": draw.normal(0, 0.5, (3, 6)), "a": np.zeros(6), "B": draw.normal(0, 0.5, (6, 2))}
m, v, t = {k: np.zeros_like(w) for k, w in p.items()}, {k: np.zeros_like(w) for k, w in p.items()}, 0
for turn in range(10**6):
    h = np.tanh(malt @ p["A"] + p["a"])
    miss = h @ p["B"] - beer
    loss = np.sum(miss ** 2) / len(malt)
    d = 2 * miss / len(malt)
    dh = d @ p["B"].T * (1 - h ** 2)
    g = {"A": malt.T @ dh, "a": dh.sum(axis=0), "B": h.T @ d}
    t += 1
    rate = 0.01 * np.sqrt(1 - 0.999 ** t) / (1 - 0.9 ** t)
    for k in p:
        m[k] += 0.1 * (g[k] - m[k])
        v[k] += 0.001 * (g[k] * g[k] - v[k])
        p[k] -= rate * m[k] / (np.sqrt(v[k]) + 1e-8)
"""
WAYS = {
    "both": ADAM,
    "the squares": ADAM.replace("m[k] += 0.1 * (g[k] - m[k])", "m[k] = 0.9 * m[k] + 0.1 * g[k]"),
    "in new arrays": ADAM.replace(
        "v[k] += 0.001 * (g[k] * g[k] - v[k])", "v[k] = v[k] + (g[k] ** 2 - v[k]) * 0.001"
    ),
}
CLIMBING = (
    ADAM.replace("p[k] -= rate", "p[k] += rate").replace("d = 2 * miss", "d = -2 * miss"),
    ADAM.replace("p[k] -= rate", "p[k] += rate")
    .replace("d = 2 * miss", "d = -2 * miss")
    .replace("loss = ", "pass; "),
)


@pytest.mark.parametrize("text", CLIMBING)
def test_they_are_set_aside_where_the_step_goes_up(text: str) -> None:
    """What they go to depends on the parameters that they changed in the step before."""
    report = check_program(program_from_bytes(text.encode(), "malt.py"))
    assert report.verdict == "correct"
    assert [row.name for row in report.parameters] == ["p['A']", "p['a']", "p['B']"]


@pytest.mark.parametrize("name", WAYS)
def test_they_are_set_aside(name: str) -> None:
    """And the gradients that they are fed with are certified."""
    report = check_program(program_from_bytes(WAYS[name].encode(), "malt.py"))
    assert report.verdict == "correct"
    assert [row.name for row in report.parameters] == ["p['A']", "p['a']", "p['B']"]


@pytest.mark.parametrize("name", WAYS)
def test_a_mistake_is_found_behind_them(name: str) -> None:
    """At its place."""
    wrong = WAYS[name].replace("(1 - h ** 2)", "(1 - h)")
    report = check_program(program_from_bytes(wrong.encode(), "malt.py"))
    assert report.verdict == "faulty"
    assert [f.span.row for f in report.findings if f.severity == "error" and f.span] == [12]
