"""The compiled step against the NumPy evaluator of the same graph."""

from __future__ import annotations

import platform

import numpy as np
import pytest

from backproof.graph import apply, leaf
from backproof.training.kernel import NotCompilableError, Target, compile_step
from backproof.training.kernel.generate import Generator
from backproof.training.kernel.target import assembly
from backproof.training.network import ACTIVATIONS, LOSSES, OPTIMIZERS, Network, Step, training_step
from tests.training.emitted import BASELINE
from tests.training.runs import QUESTION, assert_close, evaluated, random_step

STEPS = 5


def compare(
    network: Network, batch: int | None = None, *, unrolled: bool | None = None, target: Target | None = None
):
    """Train a few steps both ways from the same random state."""
    random = np.random.default_rng(sum(network.layers) + (batch or 0))
    step, state = random_step(network, batch, random)
    x = random.normal(size=(13, network.layers[0]))
    y = random.normal(size=(13, network.layers[-1]))
    order = random.integers(0, 13, (STEPS,) if batch is None else (STEPS, batch)).astype(np.int32)
    kernel = compile_step(step, target, unrolled=unrolled)
    assert_close(kernel.run(state, x, y, order, 0.03), evaluated(step, state, x, y, order, 0.03), 1e-12)
    return kernel


@pytest.mark.parametrize("width", range(1, 18))
def test_every_width(width):
    """Hidden layers of 1 to 17 units, which fill and leave open every lane, are trained as by NumPy."""
    compare(Network((1, width, 1), bias=width % 2 == 0))
    compare(Network((2, width, 3), "tanh", bias=width % 2 == 1))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("width", [2, 3, 4, 9])
def test_one_input_and_several_outputs(width, bias):
    """What a step computes ahead for the next sample leaves the targets of its own alone."""
    compare(Network((1, 5, width), "tanh", bias=bias))
    compare(Network((1, width), bias=bias, optimizer="momentum"))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "layers", [(1, 1), (4, 1), (3, 5), (1, 10, 1), (3, 7, 2), (2, 9, 3, 1), (5, 4, 6, 3)]
)
def test_every_depth(layers, bias):
    """Zero to two hidden layers, one or several inputs and outputs, with and without biases."""
    compare(Network(layers, "sigmoid", bias=bias))


@pytest.mark.parametrize("unrolled", [True, False])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation, unrolled):
    """Each activation, in straight code and in loops."""
    compare(Network((2, 5, 3, 1), activation), unrolled=unrolled)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("batch", [None, 3])
def test_every_loss(loss, batch):
    """Each loss, with the output that it goes with, for one sample and for a batch."""
    output = LOSSES[loss].output
    for unrolled in (True, False):
        compare(Network((2, 5, 3), "tanh", output, loss=loss), batch, unrolled=unrolled)


@pytest.mark.parametrize("batch", [None, 5])
def test_softmax_with_another_loss(batch):
    """Softmax is an output like others: with a squared error its own derivative is taken."""
    compare(Network((2, 5, 6), "tanh", "softmax", loss="mse"), batch)
    compare(Network((2, 5, 4), "tanh", "softmax", loss="mse"), batch, unrolled=False)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("unrolled", [True, False])
def test_every_optimizer(optimizer, unrolled):
    """What the optimiser remembers is state of the kernel like the parameters; weight decay is a term."""
    compare(Network((2, 6, 3), optimizer=optimizer), unrolled=unrolled)
    compare(Network((2, 6, 3), optimizer=optimizer, decay=0.3), unrolled=unrolled)


@pytest.mark.parametrize("batch", [1, 2, 4, 7])
@pytest.mark.parametrize("unrolled", [True, False])
def test_every_batch(batch, unrolled):
    """Batches that fill and leave open every lane; one output column runs along the lanes."""
    compare(Network((1, 6, 1)), batch, unrolled=unrolled)
    compare(Network((3, 5, 2), "tanh", bias=False), batch, unrolled=unrolled)


def test_larger_networks_are_loops():
    """A network too large for straight code is compiled to loops by itself, and small ones are not."""
    assert not compare(Network((7, 90, 33, 2), "tanh"), 11).unrolled
    assert compare(QUESTION).unrolled


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="names x86 processors")
@pytest.mark.parametrize("unrolled", [True, False])
def test_oldest_processor(unrolled):
    """The same generator serves a processor without AVX and without fused multiply-add."""
    compare(Network((2, 7, 1)), target=BASELINE, unrolled=unrolled)
    compare(Network((1, 10, 1), "tanh"), 3, target=BASELINE, unrolled=unrolled)


def test_arm_code():
    """For ARM the same module becomes NEON code with fused multiply-adds, without a call of a library."""
    target = Target(2, 2, True, "aarch64-unknown-linux-gnu", "generic", "+neon")
    step = training_step(QUESTION, [np.ones((1, 10)), np.ones((10, 1))])
    code = assembly(Generator(step, target, True).generate(), target)
    assert "fmla" in code
    assert ".2d" in code
    assert "\tbl\t" not in code


def test_order_of_samples():
    """The kernel reads exactly the samples that the order names, in that order."""
    random = np.random.default_rng(4)
    step, state = random_step(QUESTION, None, random)
    x, y = random.normal(size=(9, 1)), random.normal(size=(9, 1))
    kernel = compile_step(step)
    order = np.array([8, 0, 3, 3], dtype=np.int32)
    once = kernel.run(state, x, y, order, 0.1)
    by_parts = kernel.run(kernel.run(state, x, y, order[:1], 0.1), x, y, order[1:], 0.1)
    assert_close(once, by_parts, 1e-14)
    other = kernel.run(state, x, y, order[::-1], 0.1)
    assert not np.allclose(once[0], other[0], rtol=1e-9)


@pytest.mark.parametrize("unrolled", [True, False])
def test_a_rate_for_each_step(unrolled):
    """Each step takes its own rate where there is one for each, also where it works ahead for the next."""
    random = np.random.default_rng(5)
    for network in (QUESTION, Network((2, 5, 3), "tanh", optimizer="adam")):
        step, state = random_step(network, None, random)
        x, y = random.normal(size=(9, network.layers[0])), random.normal(size=(9, network.layers[-1]))
        order = random.integers(0, 9, 6).astype(np.int32)
        rates = random.uniform(0.01, 0.2, 6)
        kernel = compile_step(step, unrolled=unrolled)
        found = kernel.run(state, x, y, order, rates)
        assert_close(found, evaluated(step, state, x, y, order, rates), 1e-12)
        by_steps = list(state)
        for one, rate in zip(order, rates, strict=True):
            by_steps = kernel.run(by_steps, x, y, np.array([one]), float(rate))
        assert_close(found, by_steps, 1e-13)
        with pytest.raises(ValueError, match="5 rates for 6 steps"):
            kernel.run(state, x, y, order, rates[:5])


def test_order_outside_the_data_is_refused():
    """A number that is no sample's is refused before the kernel would read beside the data."""
    step, state = random_step(QUESTION, None, np.random.default_rng(0))
    kernel = compile_step(step)
    for bad in ([0, 9], [-1]):
        with pytest.raises(ValueError, match="samples of the data"):
            kernel.run(state, np.zeros((9, 1)), np.zeros((9, 1)), np.array(bad, dtype=np.int32), 0.1)
    assert_close(
        kernel.run(state, np.zeros((9, 1)), np.zeros((9, 1)), np.array([], np.int32), 0.1), state, 0.0
    )


@pytest.mark.parametrize("unrolled", [True, False])
def test_a_state_that_keeps_an_old_value(unrolled):
    """What another variable was before the step is kept, also where that one is written first."""
    random = np.random.default_rng(2)
    w, old, row = (leaf(random.normal(size=shape)) for shape in ((5, 7), (5, 7), (7,)))
    x, y, rate = leaf(np.ones(3)), leaf(np.ones(1)), leaf(0.1)
    updated = apply("subtract", w, apply("multiply", rate, apply("add", w, old)))
    third = apply("index", w, index=3)
    step = Step(x, y, rate, w, w, (w,), (w, old, row), (updated, w, third))
    state = [random.normal(size=np.shape(node.value)) for node in step.state]
    x, y, order = np.ones((4, 3)), np.ones((4, 1)), np.zeros(3, np.int32)
    kernel = compile_step(step, unrolled=unrolled)
    assert_close(kernel.run(state, x, y, order, 0.1), evaluated(step, state, x, y, order, 0.1), 1e-14)


def test_an_operation_without_instructions_is_said():
    """A graph with something else in it is refused with the operation's name."""
    w = leaf(np.array([0.3, 0.2, 0.5]))
    x, y, rate = leaf(np.ones(3)), leaf(np.ones(1)), leaf(0.1)
    updated = apply("subtract", w, apply("multiply", rate, apply("cumsum", w, axis=0)))
    step = Step(x, y, rate, w, w, (w,), (w,), (updated,))
    with pytest.raises(NotCompilableError, match="cumsum"):
        compile_step(step)
