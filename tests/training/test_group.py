"""Networks side by side, a lane for each, against each of them alone."""

from __future__ import annotations

import platform

import numpy as np
import pytest

from backproof.training.kernel import GroupLoop, Kernel, Target, compile_step, host
from backproof.training.network import ACTIVATIONS, LOSSES, OPTIMIZERS, Network
from tests.training.emitted import BASELINE
from tests.training.runs import assert_close, evaluated, random_step

STEPS, SAMPLES = 5, 11


def compare(
    network: Network,
    batch: int | None = None,
    count: int | None = None,
    *,
    unrolled: bool | None = None,
    target: Target | None = None,
    shared: bool = False,
) -> Kernel:
    """Train some networks a few steps side by side, and each of them by the evaluator."""
    random = np.random.default_rng(sum(network.layers) + (batch or 0))
    steps = [random_step(network, batch, random) for _ in range(count or (target or host()).widest)]
    step = steps[0][0]
    states = [state for _, state in steps]
    x = [random.normal(size=(SAMPLES, network.layers[0])) for _ in states]
    y = [random.normal(size=(SAMPLES, network.layers[-1])) for _ in states]
    if shared:
        x, y = [x[0]] * len(x), [y[0]] * len(y)
    shape = (len(states), STEPS) if batch is None else (len(states), STEPS, batch)
    orders = random.integers(0, SAMPLES, shape).astype(np.int32)
    kernel = compile_step(step, target, unrolled=unrolled, side_by_side=True)
    group = GroupLoop(kernel, states, x, y)
    group.advance(orders[:, :2], 0.03)
    group.advance(orders[:, 2:], 0.03)
    for number, found in enumerate(group.states()):
        expected = evaluated(step, states[number], x[number], y[number], orders[number], 0.03)
        assert_close(found, expected, 1e-12)
    assert len(group.states()) == len(states)
    return kernel


@pytest.mark.parametrize("layers", [(1, 1), (1, 10, 1), (3, 7, 2), (2, 9, 3, 1)])
@pytest.mark.parametrize("bias", [True, False])
def test_every_shape(layers, bias):
    """Any depth and width: each lane is the network that it would be alone."""
    compare(Network(layers, bias=bias))


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_lanes_left_open(count):
    """A group may have fewer networks than the vector has lanes."""
    compare(Network((2, 5, 1), "tanh"), count=min(count, host().widest))


@pytest.mark.parametrize("unrolled", [True, False])
@pytest.mark.parametrize("batch", [1, 3])
def test_batches(batch, unrolled):
    """Batches, in straight code and in loops."""
    compare(Network((1, 6, 1)), batch, unrolled=unrolled)
    compare(Network((3, 9, 2), "tanh"), batch, unrolled=unrolled)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation):
    """Each activation."""
    compare(Network((2, 5, 1), activation), unrolled=False)
    compare(Network((2, 3, 1), activation), unrolled=True)


def test_every_loss_and_optimizer():
    """Each loss, and what each optimiser remembers."""
    for loss in LOSSES:
        compare(Network((2, 3, 2), "tanh", loss=loss))
    compare(Network((3, 5, 4), "tanh", "softmax", loss="cross-entropy"))
    for optimizer in OPTIMIZERS:
        compare(Network((2, 3, 2), "tanh", optimizer=optimizer))


def test_shared_data():
    """Networks that learn from the same arrays read them from one place, each in its own order."""
    compare(Network((2, 5, 1)), shared=True)


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="names x86 processors")
def test_oldest_processor():
    """Two lanes, no fused multiply-add."""
    assert compare(Network((1, 7, 1)), target=BASELINE).networks == 2


def test_divergence_stays_in_its_lane():
    """A network that overflows to NaN leaves the bits of the others as they are."""
    random = np.random.default_rng(3)
    network = Network((1, 4, 1), "linear")
    count = host().widest
    step, state = random_step(network, None, random)
    kernel = compile_step(step, side_by_side=True)
    x, y = random.normal(size=(SAMPLES, 1)), random.normal(size=(SAMPLES, 1))
    orders = random.integers(0, SAMPLES, (count, 40)).astype(np.int32)
    fine = GroupLoop(kernel, [state] * count, [x] * count, [y] * count)
    mixed = GroupLoop(
        kernel, [[1e200 * value for value in state], *[state] * (count - 1)], [x] * count, [y] * count
    )
    fine.advance(orders, 0.01)
    mixed.advance(orders, 0.01)
    assert fine.finite().all()
    assert mixed.finite().tolist() == [False] + [True] * (count - 1)
    for one, other in zip(fine.states()[1:], mixed.states()[1:], strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_orders_that_do_not_fit_are_refused():
    """What names no sample, or is not for every network, is refused before the kernel reads it."""
    step, state = random_step(Network((1, 2, 1)), None, np.random.default_rng(0))
    kernel = compile_step(step, side_by_side=True)
    data = np.zeros((9, 1))
    group = GroupLoop(kernel, [state] * 2, [data] * 2, [data] * 2)
    for orders in ([[0, 9], [0, 0]], [[0, -1], [0, 0]]):
        with pytest.raises(ValueError, match="samples of the data"):
            group.advance(np.array(orders, dtype=np.int32), 0.1)
    with pytest.raises(ValueError, match="each network"):
        group.advance(np.zeros((3, 2), dtype=np.int32), 0.1)
    with pytest.raises(ValueError, match="equally many"):
        GroupLoop(kernel, [state] * 2, [data, data[1:]], [data] * 2)
