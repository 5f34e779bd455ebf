"""Training in float32: the kernels, the evaluator, and what is reported."""

from __future__ import annotations

import json

import numpy as np
import pytest

from backproof.cli import main
from backproof.training import together
from backproof.training.kernel import GroupLoop, blas, compile_step, host, pending, tiles
from backproof.training.loop import EvaluatedLoop
from backproof.training.network import ACTIVATIONS, LOSSES, Network, Step, initial_parameters
from backproof.training.run import Trainer
from tests.training.runs import Array, assert_close, evaluated, random_step

STEPS, SAMPLES = 5, 13
TOLERANCE = 3e-5  # of the largest element after five steps; 2⁻²⁴ is 6e-8


def case(network: Network, batch: int | None) -> tuple[Step, list[Array], Array, Array, np.ndarray]:
    """A step with state, data and order; all numbers are float32's."""
    random = np.random.default_rng(sum(network.layers) + (batch or 0))
    step, state = random_step(network, batch, random)
    x = random.normal(size=(SAMPLES, network.layers[0]))
    y = random.normal(size=(SAMPLES, network.layers[-1]))
    x, y, *state = (value.astype(np.float32).astype(np.float64) for value in (x, y, *state))
    order = random.integers(0, SAMPLES, (STEPS,) if batch is None else (STEPS, batch)).astype(np.int32)
    return step, state, x, y, order


def compare(network: Network, batch: int | None = None, *, unrolled: bool = False) -> None:
    """Train a few steps in float32, compiled, evaluated and side by side, and in float64."""
    step, state, x, y, order = case(network, batch)
    exact = evaluated(step, state, x, y, order, 0.03)
    kernel = compile_step(step, unrolled=unrolled, dtype="float32")
    found = kernel.run(state, x, y, order, 0.03)
    assert_close(found, exact, TOLERANCE)
    for value in found:
        np.testing.assert_array_equal(value, value.astype(np.float32))
    loop = EvaluatedLoop(step, state, x, y, "float32")
    loop.advance(order, 0.03)
    assert_close(loop.state(), exact, TOLERANCE)
    lanes = compile_step(step, unrolled=unrolled, side_by_side=True, dtype="float32")
    assert lanes.networks == 2 * host().widest
    group = GroupLoop(lanes, [state] * 3, [x] * 3, [y] * 3)
    group.advance(np.stack([order] * 3), 0.03)
    for one in group.states():
        assert_close(one, exact, TOLERANCE)


@pytest.mark.parametrize("unrolled", [True, False])
@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("layers", [(1, 10, 1), (3, 7, 2)])
def test_every_shape(layers, batch, unrolled):
    """Shapes that fill and leave open every lane."""
    compare(Network(layers, "tanh"), batch, unrolled=unrolled)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation):
    """Each activation."""
    compare(Network((2, 5, 1), activation))


def test_every_loss_and_optimizer():
    """Each loss, and optimisers that remember something."""
    for loss in LOSSES:
        output = LOSSES[loss].output
        compare(Network((2, 5, 3), "tanh", output, loss=loss), 3)
    for optimizer in ("momentum", "adam"):
        compare(Network((2, 5, 3), "tanh", optimizer=optimizer))


@pytest.mark.skipif(blas.find("float32") is None, reason="NumPy's BLAS is not found here")
def test_large_products(monkeypatch):
    """Products are BLAS's of single precision."""
    monkeypatch.setattr(pending, "LEAST", 0)
    monkeypatch.setattr(tiles, "serve", lambda _: False)
    network = Network((9, 7, 5), "tanh")
    step, state, x, y, order = case(network, 6)
    kernel = compile_step(step, unrolled=False, dtype="float32")
    assert kernel.module.count("sgemm") == 6  # one declaration
    exact = evaluated(step, state, x, y, order, 0.03)
    assert_close(kernel.run(state, x, y, order, 0.03), exact, TOLERANCE)


def test_what_float32_cannot_hold_is_infinite():
    """Data beyond its range are noticed as divergence, not as a warning of NumPy's."""
    step, state, x, y, order = case(Network((1, 3, 1)), None)
    loop = compile_step(step, dtype="float32").loop(state, x * 1e60, y)
    loop.advance(order, 0.03)
    assert not all(np.isfinite(value).all() for value in loop.state())


@pytest.mark.parametrize("options", [[], ["--networks", "9"]])
def test_command(capsys, monkeypatch, options):
    """The run is as in float64 within the precision, and its losses are those of the parameters reached."""
    monkeypatch.setattr(together, "LEAST_STEPS", 0.0)
    monkeypatch.setattr(together, "cores", lambda: 2)
    losses = []
    for dtype in ("float64", "float32"):
        command = ["train", "--steps", "3000", "--dtype", dtype, "--output-format", "json", *options]
        assert main(command) == 0
        networks = json.loads(capsys.readouterr().out)["networks"]
        losses.append([network["final_loss"] for network in networks])
    assert losses[0] != losses[1]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-2)
    assert all(loss != float(np.float32(loss)) for loss in losses[1])


def test_without_a_compiler():
    """The evaluator does the steps in float32 too, and the losses are still float64's."""
    x = np.linspace(-1.0, 1.0, 20)[:, None]
    outcomes = []
    for compiled in (True, False):
        trainer = Trainer(Network((1, 4, 1)), x, x**2, compiled=compiled, dtype="float32")
        outcomes.append(trainer.run(initial_parameters(trainer.network, 3), 400, 0.1, 3))
        for value in outcomes[-1].parameters:
            np.testing.assert_array_equal(value, value.astype(np.float32))
    assert_close(outcomes[1].parameters, outcomes[0].parameters, 1e-4)
    assert outcomes[1].final_loss == pytest.approx(outcomes[0].final_loss, rel=1e-3)


def test_saved_parameters_give_the_reported_loss(capsys, tmp_path):
    """The loss is computed in float64 from the parameters that are saved; the text says float32."""
    path = tmp_path / "net.npz"
    assert main(["train", "--steps", "500", "--dtype", "float32", "--save", str(path)]) == 0
    assert "500 steps in float32" in capsys.readouterr().out
    saved = np.load(path)
    np.testing.assert_array_equal(saved["W1"], saved["W1"].astype(np.float32))
