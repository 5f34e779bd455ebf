"""The graph of a step: derivatives as a textbook has them, by the rules of the graph alone."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.graph import ancestors, evaluate
from backproof.training.network import LOSSES, Network, forward, training_step
from tests.training.runs import random_step


@pytest.mark.parametrize(
    ("loss", "output"), [("cross-entropy", "softmax"), ("binary-cross-entropy", "sigmoid")]
)
@pytest.mark.parametrize("batch", [None, 7])
def test_cross_entropy_is_p_minus_y(loss, output, batch):
    """The adjoint of the output layer's sums is p − y: no logarithm and no quotient by p is left in it."""
    step, _ = random_step(Network((2, 5, 3), "tanh", output, loss=loss), batch, np.random.default_rng(1))
    nodes = ancestors(step.updated)
    operations = {node.operation for node in nodes}
    assert operations.isdisjoint({"log", "log1p", "softplus", "logsumexp", "divide", "reciprocal"})
    assert sum(node.operation == output for node in nodes) == 1
    differences = [n for n in nodes if n.operation == "subtract" and step.y in n.operands]
    assert [node.operands[0].operation for node in differences] == [output]


@pytest.mark.parametrize("loss", ["cross-entropy", "binary-cross-entropy"])
def test_cross_entropy_of_certain_outputs(loss):
    """Sums of ±1,000 give a finite loss and finite gradients: the distance of the sums."""
    network = Network((1, 2) if loss == "cross-entropy" else (1, 1), bias=False, loss=loss)
    weights = np.array([[1000.0, -1000.0]]) if loss == "cross-entropy" else np.array([[1000.0]])
    target = np.array([0.0, 1.0]) if loss == "cross-entropy" else np.array([0.0])
    step = training_step(network, [weights])
    values = {step.x: np.ones(1), step.y: target, step.rate: 1.0}
    found = evaluate([*step.updated, step.loss], values)
    assert float(found[step.loss]) == (2000.0 if loss == "cross-entropy" else 1000.0)
    moved = weights - np.asarray(found[step.updated[0]])
    np.testing.assert_allclose(moved, [[1.0, -1.0]] if loss == "cross-entropy" else [[1.0]])


@pytest.mark.parametrize("loss", LOSSES)
def test_a_batch_has_the_mean_of_its_samples(loss):
    """The loss of a batch is the mean of the losses of its samples, whatever the number of outputs."""
    random = np.random.default_rng(4)
    network = Network((2, 4, 3), output_activation=LOSSES[loss].output, loss=loss)
    parameters = [random.normal(size=shape) for shape in network.shapes()]
    x, y = random.normal(size=(7, 2)), random.dirichlet([1, 1, 1], 7)
    whole = forward(network, parameters, x, y).loss.value
    single = [float(forward(network, parameters, a, b).loss.value) for a, b in zip(x, y, strict=True)]
    assert float(whole) == pytest.approx(np.mean(single), rel=1e-14)


def test_huber_is_squared_near_and_straight_far():
    """½e² up to an error of 1, |e| − ½ beyond: at the seam value and slope agree."""
    network = Network((1, 1), bias=False, loss="huber")
    for error, expected in ((0.3, 0.045), (-0.999, 0.4990005), (1.0, 0.5), (-4.0, 3.5)):
        step = forward(network, [np.array([[error]])], np.ones(1), np.zeros(1))
        assert float(step.loss.value) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("activation", "slope"), [("relu", 0.0), ("leaky-relu", 0.01), ("elu", 1.0), ("softplus", 0.5)]
)
def test_slopes_at_the_kink(activation, slope):
    """At exactly 0 the slope is the one that the activation is documented to have."""
    network = Network((1, 1), output_activation=activation, bias=False)
    step = training_step(network, [np.zeros((1, 1))])
    output = float(np.asarray(step.output.value).ravel()[0])
    found = evaluate(step.updated, {step.x: np.ones(1), step.y: np.array([output - 1.0]), step.rate: 1.0})
    assert float(np.asarray(found[step.updated[0]]).ravel()[0]) == pytest.approx(-slope, abs=1e-15)
