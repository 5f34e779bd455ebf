"""Steps of many values: fewer of them are looked at."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

from backproof.check.gradient_names import called_alike, shortened_alike
from backproof.graph import ancestors, apply, leaf
from backproof.pipeline import check_program
from backproof.source import program_from_bytes
from backproof.step import behind, memory, shrinking
from backproof.step.neutral import under_roots
from backproof.step.update import any_reaches
from backproof.trace import Trace, trace_program
from backproof.trace.run import how_it_ended

LONGEST = 12.0  # seconds of the processor: a few are needed, and it would take a minute by the square
PROGRAM = """
import numpy as np

rng = np.random.default_rng(5)
x = rng.normal(size=({samples}, 6))
y = (x.sum(axis=1) > 0.3).astype(float)
w1, b1 = 0.3 * rng.normal(size=(6, 5)), 0.1 * rng.normal(size=5)
w2, b2 = 0.3 * rng.normal(size=5), 0.1
for epoch in range(200):
    g1, h1, g2, h2, loss = np.zeros_like(w1), np.zeros_like(b1), np.zeros_like(w2), 0.0, 0.0
    for row, t in zip(x, y):
        a = np.tanh(row @ w1 + b1)
        p = 1 / (1 + np.exp(-(a @ w2 + b2)))
        loss -= t * np.log(p) + (1 - t) * np.log(1 - p)
        d = p - t
        g2 += d * a
        h2 += d
        da = d * w2 * (1 - a ** 2)
        g1 += np.outer(row, da)
        h1 += da
    w1 -= 0.01 * g1
    b1 -= 0.01 * h1
    w2 -= 0.01 * g2
    b2 -= 0.01 * h2
"""


@pytest.mark.parametrize(("samples", "rounds"), [(20, 4), (300, 3), (700, 2)])
def test_fewer_rounds_of_a_large_step_are_enough(samples: int, rounds: int) -> None:
    """Four rounds are run of a small step, and two of one of more than twelve thousand values."""
    trace = trace_program(program_from_bytes(PROGRAM.format(samples=samples).encode(), "net.py"))
    whole = [a for a in trace.activities if a.kind == "round" and a.depth == 0]
    assert len([a for a in whole if a.start < a.end]) == rounds


def test_a_step_that_is_too_large_is_called_so() -> None:
    """A run that was stopped for the many values it made is not said to train nothing."""
    program = program_from_bytes(b"x = 1.5\nprint(x)\n", "net.py")
    node = leaf(1.5)
    said = {
        count: how_it_ended(Trace(ended="stopped", nodes=[node] * count), program, 9) for count in (9, 60_001)
    }
    assert "more than 60,000 numbers one by one" in said[60_001]
    assert "one by one" not in said[9]


NUMBERS = """
import math, random
random.seed(6)
def neurons(size, inputs):
    return [{"w": [random.uniform(-0.3, 0.3) for _ in range(inputs)], "b": random.uniform(-0.2, 0.2)}
            for _ in range(size)]
net = [neurons(33, 45), neurons(6, 33)]
def run(x):
    outs = [x]
    for layer in net:
        out = []
        for n in layer:
            z = n["b"]
            for w, v in zip(n["w"], outs[-1]):
                z += w * v
            out.append(1 / (1 + math.exp(-z)))
        outs.append(out)
    return outs
def learn(x, t):
    a, h, o = run(x)
    loss = 0.0
    for k in range(6):
        loss += 0.5 * (o[k] - t[k]) ** 2
    do = [(o[k] - t[k]) * o[k] * (1 - o[k]) for k in range(6)]
    dh = []
    for i in range(33):
        e = 0.0
        for k in range(6):
            e += net[1][k]["w"][i] * do[k]
        dh.append(e * h[i] * (1 - h[i]))
    for layer, ds, before in ((net[0], dh, a), (net[1], do, h)):
        for n, d in zip(layer, ds):
            for i in range(len(before)):
                n["w"][i] -= 0.5 * d * before[i]
            n["b"] -= 0.5 * d
    return loss
data = [([random.random() for _ in range(45)], random.randrange(6)) for _ in range(9)]
for sweep in range(100):
    total = 0.0
    for x, c in data:
        total += learn(x, [float(k == c) for k in range(6)])
    print(sweep, total)
"""


def test_thousands_of_single_numbers() -> None:
    """A step of a network that is written neuron by neuron is judged in a time that goes with its length."""
    start = time.process_time()
    report = check_program(program_from_bytes(NUMBERS.encode(), "net.py"), timeout=60)
    assert (report.verdict, len(report.parameters)) == ("correct", 39 * 2)
    assert time.process_time() - start < LONGEST


def test_what_many_terms_share_is_looked_at_once():
    """A run without a step has thousands of terms, each made of the one before."""
    node = leaf(0.5)
    terms = [node := apply("add", node, 0.1) for _ in range(300)]
    asked = []
    assert not any_reaches(terms, leaf(0.5), lambda each: asked.append(each) is None)
    assert len(asked) == len(set(asked))


def test_a_gradient_is_not_walked_for_what_is_done_behind_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """What pulls a weight to zero is made of it by products alone: `lr * g` is seen to be none at once."""
    weight, looked = leaf(1.5), []
    monkeypatch.setattr(behind, "time_of", lambda node: looked.append(node) or int(node is not weight))
    gradient = weight
    for _ in range(2000):
        gradient = apply("tanh", gradient)
    after = apply("subtract", weight, apply("multiply", leaf(0.1), gradient))
    assert behind.brought_back(after, weight) is None
    assert len(looked) < 100
    pulled = apply("subtract", after, apply("multiply", leaf(0.01), apply("sign", after)))
    assert behind.brought_back(pulled, weight) is after


def test_what_is_under_a_root_is_looked_for_once() -> None:
    """Of all parameters, one walk tells which values reach the update through a square root only."""
    squares, momentum, gradient = leaf(np.array([4.0, 9.0])), leaf(0.5), leaf(np.array([1.0, -2.0]))
    root = apply("power", apply("add", squares, 1e-8), 0.5)
    update = apply("divide", apply("add", momentum, gradient), root)
    other = apply("power", momentum, 2.0)
    copies = {node: node for node in ancestors([update, other])}
    found = under_roots(copies)
    assert squares in found
    assert found.isdisjoint({momentum, gradient, update})
    assert squares in under_roots({node: node for node in ancestors([apply("sqrt", squares)])})


def test_a_velocity_is_not_looked_for_in_what_is_older(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers one by one are products of numbers all over: only those made since are gone through."""
    weight, gradient, speed = leaf(0.7), leaf(1.3), leaf(0.2)
    for _ in range(2000):
        gradient = apply("multiply", gradient, leaf(0.999))
    faster = apply("add", apply("multiply", speed, leaf(0.9)), gradient)
    after = apply("subtract", weight, apply("multiply", leaf(0.1), faster))
    without = apply("subtract", weight, gradient)
    order = {node: time for time, node in enumerate(ancestors([after, without]))}
    looked = []
    monkeypatch.setattr(memory, "time_of", order.get)
    monkeypatch.setattr(memory.np, "size", lambda value: looked.append(value) or 1)
    velocity = SimpleNamespace(before=speed, after=faster)
    assert memory.is_momentum(velocity, [SimpleNamespace(before=weight, after=after)])
    assert not memory.is_momentum(velocity, [SimpleNamespace(before=weight, after=without)])
    assert len(looked) < 100


def test_no_graph_is_walked_for_names_that_do_not_belong_together() -> None:
    """Where the name of a gradient has nothing of its owner's, no other gradient is asked for."""
    step = SimpleNamespace(parameters=(SimpleNamespace(name="w"),))  # a graph to walk it has not
    assert not called_alike(step, {}, "delta", "weights")
    assert not shortened_alike(step, {}, "delta", "weights")


def test_what_is_made_of_the_loss_is_seen_at_once_to_be_no_schedule() -> None:
    """A number times a parameter is walked through until something in it moves with the loss."""

    class Moving(set):
        asked = 0

        def __contains__(self, node: object) -> bool:
            self.asked += 1
            return super().__contains__(node)

    rate = gradient = leaf(0.3)
    for _ in range(2000):
        gradient = apply("tanh", gradient)
    moving = Moving([gradient])
    assert not shrinking._is_scheduled(apply("multiply", leaf(0.1), gradient), moving)
    assert moving.asked < 10
    assert shrinking._is_scheduled(apply("multiply", rate, leaf(0.9)), moving)
