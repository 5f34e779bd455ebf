"""What the rules stand on: layers and their functions, units, the data of other samples, and trials."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.check.judge import judge
from backproof.graph import Node, apply, leaf
from backproof.health.examination import Examination
from backproof.health.layers import Activation
from backproof.health.units import unit_axis
from backproof.source import program_from_bytes
from backproof.trace import trace_program

PROGRAM = """\
import numpy as np

rng = np.random.default_rng(5)
xs, ys = rng.standard_normal((30, 4)), rng.standard_normal((30, 2))
W, c, V = rng.standard_normal((6, 4)), rng.standard_normal((6, 1)), rng.standard_normal((2, 6))
for k in range(200):
    pick = rng.integers(0, 30, {size})
    x, y = xs[pick].T, ys[pick].T
    h = 1 / (1 + np.exp(-(W @ x + c)))
    o = V @ h
    loss = 0.5 * np.sum((o - y) ** 2)
    d = o - y
    dz = V.T @ d * h * (1 - h)
    V -= {rate} * d @ h.T
    W -= {rate} * dz @ x.T
    c -= {rate} * dz.sum(axis=1, keepdims=True)
"""


GATHERED = """\
import math
import random

random.seed(52)


class Unit:
    def __init__(self, below):
        self.below, self.out, self.owed = below, 1.0, 0.0
        self.w = [random.uniform(-0.8, 0.8) for _ in below]

    def run(self):
        self.out = math.tanh(sum(w * u.out for w, u in zip(self.w, self.below)))

    def learn(self):
        d = self.owed * (1 - self.out ** 2)
        for k, unit in enumerate(self.below):
            unit.owed += self.w[k] * d
            self.w[k] += 0.05 * d * unit.out
        self.owed = 0.0


inputs = [Unit([]) for _ in range(3)]
hidden = [Unit(inputs) for _ in range(4)]
outputs = [Unit(hidden) for _ in range(2)]
for turn in range(3000):
    for x, t in (([0, 0], [0, 0]), ([0, 1], [1, 0]), ([1, 0], [1, 0]), ([1, 1], [0, 1])):
        inputs[0].out, inputs[1].out = x
        for unit in hidden + outputs:
            unit.run()
        for unit, want in zip(outputs, t):
            unit.owed += want - unit.out
        for unit in outputs + hidden + inputs:
            unit.learn()
"""


def examined(size: int = 6, rate: float = 0.05) -> Examination:
    """Examine the program's step; with 6 samples a step the weights of a unit could be taken for a sample."""
    text = PROGRAM.format(size=size, rate=rate)
    judgement = judge(trace_program(program_from_bytes(text.encode(), "p.py"), steps=4, seconds=20.0))
    assert judgement is not None
    assert judgement.verdict.correct
    return Examination(judgement)


def _sigmoid(z: Node) -> Node:
    return apply("divide", 1.0, apply("add", 1.0, apply("exp", apply("negative", z))))


def _leaky(z: Node) -> Node:
    return apply("where", apply("greater", z, 0.0), z, apply("multiply", 0.1, z))


@pytest.mark.parametrize(
    ("function", "saturates", "rectifies", "limits"),
    [
        (_sigmoid, True, False, (0.0, 1.0)),
        (lambda z: apply("tanh", z), True, False, (-1.0, 1.0)),
        (lambda z: apply("maximum", z, 0.0), False, True, (0.0, np.inf)),
        (lambda z: apply("subtract", 1.0, apply("maximum", z, 0.0)), False, True, (-np.inf, 1.0)),
        (_leaky, False, False, (-np.inf, np.inf)),
        (lambda z: apply("exp", z), False, False, (0.0, np.inf)),
        (lambda z: apply("sin", z), False, False, (-np.inf, np.inf)),
        (lambda z: apply("square", z), False, False, (-np.inf, np.inf)),
    ],
)
def test_what_a_function_is_shows_in_its_values(function, saturates, rectifies, limits) -> None:
    """Limits and flat sides are found by trying, however the function is written."""
    z = leaf(np.zeros(3))
    activation = Activation(z, function(z))
    assert (activation.saturates, activation.rectifies) == (saturates, rectifies)
    np.testing.assert_allclose(activation.limits, limits)


def test_the_layer_is_found_with_its_weights_first() -> None:
    """One hidden layer, entered by W and c; the bias is a column and comes after."""
    (layer,) = [layer for layer in examined().layers if layer.hidden]
    assert [p.name for p in layer.parameters] == ["W", "c"]
    assert layer.function.after.name == "h"


def test_units_are_told_from_samples_by_moving_their_weights() -> None:
    """In an array of 6 units by 6 samples the first axis counts the units."""
    examination = examined()
    (layer,) = [layer for layer in examination.layers if layer.hidden]
    assert unit_axis(layer) == 0
    values = examination.inputs(layer, examination.start)
    assert values.shape == (6, 6 * len(examination.samples))


@pytest.mark.parametrize("size", [1, 6])
def test_other_samples_are_taken_out_of_the_same_arrays(size: int) -> None:
    """Inputs and targets of one sample stay together, and no row is another program's."""
    examination = examined(size)
    step = examination.step
    names = {node.name: copy for node, copy in step.copies.items() if copy.operation == "leaf" and node.name}
    rng = np.random.default_rng(5)
    xs, ys = rng.standard_normal((30, 4)), rng.standard_normal((30, 2))
    assert len(examination.samples) > 3
    for sample in examination.samples[1:]:
        for x, y in zip(np.asarray(sample[names["x"]]).T, np.asarray(sample[names["y"]]).T, strict=True):
            (row,) = np.flatnonzero((xs == x).all(axis=1))
            np.testing.assert_array_equal(ys[row], y)


def test_the_start_is_what_the_program_started_with() -> None:
    """The parameters of the first step, though the recorded one is the fourth."""
    examination = examined()
    rng = np.random.default_rng(5)
    rng.standard_normal((30, 4)), rng.standard_normal((30, 2))
    (weights,) = [p.leaves[0] for p in examination.step.parameters if p.name == "W"]
    np.testing.assert_array_equal(examination.start[weights], rng.standard_normal((6, 4)))
    assert not np.array_equal(examination.recorded[weights], examination.start[weights])


def test_a_trial_goes_as_the_program_would() -> None:
    """At the program's own rate the loss falls; at a hundred times that it rises, and is said to."""
    trial = examined().trial
    assert trial is not None
    assert trial.run().falls
    assert trial.run(100.0).rises
    assert not trial.run(100.0).falls


def test_what_the_program_sets_to_zero_itself_is_not_gathered_from_step_to_step():
    """As the errors that a unit is owed by those above it: a trial of the training then learns as it does."""
    trace = trace_program(program_from_bytes(GATHERED.encode(), "p.py"), steps=4, seconds=20.0)
    judgement = judge(trace)
    assert judgement is not None
    assert judgement.verdict.correct
    trial = Examination(judgement).trial
    assert trial is not None
    assert trial.run().falls
