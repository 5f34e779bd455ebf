"""What a search costs, counted in evaluated nodes: the same on every machine, little for a common fault."""

from __future__ import annotations

import pytest

from backproof.check.judge import judge
from backproof.check.trial import Bench
from backproof.mend import search
from backproof.source import Program
from backproof.trace import trace_program

NETWORK = """
import numpy as np
draw = np.random.default_rng(3)
wind, power = draw.normal(size=(20, 3)), draw.normal(size=(20, 1))
U, V = draw.normal(size=(3, 4)), draw.normal(size=(4, 1))
for turn in range(50):
    h = np.tanh(wind @ U)
    miss = h @ V - power
    loss = 0.5 * np.sum(miss ** 2)
    dV = h.T @ miss
    dU = wind.T @ (miss @ V.T * (1 - h ** 2))
    U -= 0.01 * dU
    V -= 0.01 * dV
"""
LISTS = """
import math
rows, hit = [[.3, -.7], [1.1, .4], [-.2, .9]], [.2, .8, .5]
w, v = [[.4, -.3], [.2, .6], [-.5, .1]], [.3, -.8, .5]
for turn in range(50):
    for x, t in zip(rows, hit):
        h = [1 / (1 + math.exp(-sum(a * b for a, b in zip(r, x)))) for r in w]
        out = sum(a * b for a, b in zip(v, h))
        loss = (out - t) ** 2 / 2
        for k in range(3):
            d = (out - t) * v[k] * h[k] * (1 - h[k])
            v[k] -= 0.1 * (out - t) * h[k]
            for i in range(2):
                w[k][i] -= 0.1 * d * x[i]
"""
FAULTS = {
    "a slope at the wrong point": (NETWORK.replace("1 - h ** 2", "1 - np.tanh(h) ** 2"), 8_000),
    "a sign": (NETWORK.replace("dV = h.T @ miss", "dV = h.T @ -miss"), 3_000),
    "a factor, in lists": (LISTS.replace(" * (1 - h[k])", ""), 60_000),
}


def _searched(text: str, most: int | None = None) -> tuple[int, bool]:
    judgement = judge(trace_program(Program("p.py", text)))
    assert judgement is not None
    bench = Bench.of(judgement.step, judgement.verdict)
    repair = search(bench) if most is None else search(bench, most)
    return bench.work, repair.complete


@pytest.mark.parametrize("name", FAULTS)
def test_a_common_fault_is_found_with_little_work(name: str) -> None:
    """The budget of a search is for programs that nothing helps."""
    text, most = FAULTS[name]
    work, complete = _searched(text)
    assert complete
    assert 0 < work < most


def test_the_same_program_takes_the_same_work() -> None:
    """However busy the machine is, so that the report is the same."""
    text = FAULTS["a slope at the wrong point"][0]
    assert _searched(text) == _searched(text)


def test_a_search_ends_with_its_budget() -> None:
    """Then it says that it is not complete; the trial during which the budget ran out is the last."""
    text = FAULTS["a factor, in lists"][0]
    enough, complete = _searched(text)
    assert complete
    work, complete = _searched(text, enough // 40)
    assert not complete
    assert work < enough // 2


KNOTS = """
import math
draws = [math.sin(7.3 * k) for k in range(29)]
v, mid, wide = [0.4, -0.8, 0.5, 0.7], [-0.9, -0.2, 0.3, 0.8], [0.5, 0.7, 0.4, 0.6]
for turn in range(50):
    loss, gv, gm, gw = 0.0, [0.0] * 4, [0.0] * 4, [0.0] * 4
    for x in draws:
        phi = [math.exp(-(x - m) ** 2 / (2 * s * s)) for m, s in zip(mid, wide)]
        err = sum(a * b for a, b in zip(v, phi)) - x * x
        loss += 0.5 * err * err
        for j in range(4):
            gv[j] += err * phi[j]
            gm[j] += err * v[j] * phi[j] * (x - mid[j]) / wide[j] ** 2
            gw[j] += err * v[j] * phi[j] * (x - mid[j]) ** 2 / wide[j] ** 2
    for j in range(4):
        v[j] -= 0.01 * gv[j]
        mid[j] -= 0.01 * gm[j]
        wide[j] -= 0.01 * gw[j]
"""


def test_one_mistake_in_a_long_step_is_looked_for_first() -> None:
    """A correction that reaches one gradient of thousands of numbers is found at once."""
    judgement = judge(trace_program(Program("p.py", KNOTS)))
    assert judgement is not None
    bench = Bench.of(judgement.step, judgement.verdict)
    assert len(bench.main) > 2000
    repair = search(bench)
    assert repair.complete
    assert [tried.correction.expected for tried in repair.steps] == ["wide[j] ** 3"]
    assert bench.work < 300_000
