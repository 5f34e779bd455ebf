"""Two mistakes of which neither, mended alone, makes a gradient right: the search looks ahead."""

from __future__ import annotations

import pytest

from backproof.check.judge import judge
from backproof.check.trial import Bench
from backproof.mend import Repair, search
from backproof.mend import tried as tried_module
from backproof.mend.progress import Progress
from backproof.source import Program
from backproof.trace import trace_program

# all parameters in one array, so that no gradient is right before every part of it is
FLAT = """
import numpy as np
draw = np.random.default_rng(8)
tide, depth = draw.normal(size=(17, 3)), draw.normal(size=17)
theta = 0.6 * draw.normal(size=3 * 5 + 5 + 5)
def split(theta):
    return theta[:15].reshape(3, 5), theta[15:20], theta[20:]
for turn in range(10**6):
    W, b, v = split(theta)
    h = np.tanh(tide @ W + b)
    miss = h @ v - depth
    loss = np.mean(miss ** 2)
    d = 2 * miss / len(depth)
    dh = np.outer(d, v) * (1 - h ** 2)
    dW, db, dv = tide.T @ dh, dh.sum(axis=0), h.T @ d
    theta = theta - 0.05 * np.concatenate([dW.ravel(), db, dv])
"""
# one parameter, and both mistakes on the way to it
ONE = """
import numpy as np
draw = np.random.default_rng(9)
sky, sea, wind = draw.normal(size=(14, 4)), draw.normal(size=(14, 4)), draw.normal(size=(14, 2))
W = 0.5 * draw.normal(size=(4, 2))
for turn in range(10**6):
    out = np.tanh(sky @ W)
    loss = 0.5 * np.sum((out - wind) ** 2)
    d_out = out - wind
    d_z = d_out * (1 - out ** 2)
    dW = sky.T @ d_z
    W -= 0.02 * dW
"""
PAIRS = {
    "a slope and a sum, in one array": (FLAT, ("1 - h ** 2", "1 - h"), ("dh.sum(axis=0)", "dh[0]")),
    "an operand and a sign, in one array": (
        FLAT,
        ("np.outer(d, v)", "np.outer(d, b)"),
        ("h.T @ d", "-h.T @ d"),
    ),
    "an operand and a slope, in a row": (ONE, ("sky.T @ d_z", "sea.T @ d_z"), ("1 - out ** 2", "1 - out")),
    "an operand twice, in a row": (ONE, ("sky.T @ d_z", "sea.T @ d_z"), ("d_out *", "wind *")),
}


def _searched(text: str) -> Repair:
    judgement = judge(trace_program(Program("p.py", text)))
    assert judgement is not None
    assert not any(judgement.verdict.right)
    return search(Bench.of(judgement.step, judgement.verdict))


@pytest.mark.parametrize("name", PAIRS)
def test_two_mistakes_that_hide_each_other(name: str) -> None:
    """Both are found, and nothing beside them."""
    text, *mistakes = PAIRS[name]
    rows = set()
    for right, wrong in mistakes:
        assert text.count(right) == 1
        rows.add(text[: text.index(right)].count("\n") + 1)
        text = text.replace(right, wrong)
    repair = _searched(text)
    assert repair.complete
    assert {tried.correction.site.span.row for tried in repair.steps} == rows
    assert len(repair.steps) == 2


def test_each_alone_needs_no_look_ahead() -> None:
    """One of them is one correction."""
    for text, *mistakes in PAIRS.values():
        for right, wrong in mistakes:
            assert len(_searched(text.replace(right, wrong)).steps) == 1


def test_twice_as_far_up_the_loss() -> None:
    """A sign and a number on the way to one gradient: each of them brings it nearer to the others."""
    text = ONE.replace(
        "dW = sky.T @ d_z",
        "dW = np.zeros((4, 2))\n    for x, d in zip(sky, d_z):\n        dW -= np.outer(x, d)",
    )
    text = text.replace("@ W)", "@ W + b)").replace("W = 0.5", "b = 0.1 * draw.normal(size=2)\nW = 0.5")
    text = text.replace("W -= 0.02 * dW", "b -= 0.02 * d_z.sum(axis=0)\n    W -= 2 * 0.02 * dW")
    judgement = judge(trace_program(Program("p.py", text)))
    assert judgement is not None
    repair = search(Bench.of(judgement.step, judgement.verdict))
    found = {(tried.correction.rule, tried.correction.site.span.row) for tried in repair.steps}
    assert repair.complete
    assert found == {("sign-flipped", 14), ("wrong-scale", 16)}


def test_the_values_of_a_correction_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is tried, alone and beside others, as long as there is room for them."""
    text = FLAT.replace("1 - h ** 2", "1 - h").replace("dh.sum(axis=0)", "dh[0]")
    judgement = judge(trace_program(Program("p.py", text)))
    assert judgement is not None
    computed: list[object] = []
    built = tried_module.built
    monkeypatch.setattr(tried_module, "built", lambda c: computed.append(c) or built(c))
    bench = Bench.of(judgement.step, judgement.verdict)
    search(bench)
    assert len(computed) == len(set(computed)) > 50
    assert 0 < bench.room < Bench(bench.step, bench.verdict).room


def test_beyond_its_limit_no_way_is_looked_at() -> None:
    """The values of corrections are computed when they are tried: most of thousands are never reached."""
    judgement = judge(trace_program(Program("p.py", FLAT.replace("1 - h ** 2", "1 - h"))))
    assert judgement is not None
    bench, built = Bench.of(judgement.step, judgement.verdict), []
    ways = [lambda number=number: built.append(number) for number in range(900)]
    progress = Progress(bench)
    assert progress.nearest((), ways, bench.initial, bench.work) == []
    assert len(built) <= 3  # one for each of the measures
    assert progress.nearest((), ways, bench.initial, bench.work + 10**6) == []
    assert set(built) == set(range(900))
