"""Runs: chunks, Ctrl-C, divergence and the curve of the loss."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.training import run as run_module
from backproof.training.data import sample_formula
from backproof.training.network import Network, initial_parameters
from backproof.training.run import CHUNKS, Reached, Trainer
from backproof.training.schedule import read_schedule

NETWORK = Network((1, 6, 1))


@pytest.fixture
def trainer() -> Trainer:
    """A small network on a piece of the sine."""
    data = sample_formula("sin(x)", (0.0, 4.0), 60, 3, standardize=False)
    return Trainer(NETWORK, data.seen, data.y)


def test_chunks_do_not_change_the_result(trainer, monkeypatch):
    """However a run is cut into chunks, it uses the same samples in the same order: the bits are the same."""
    start = initial_parameters(NETWORK, 1)
    whole = trainer.run(start, 20_777, 0.05, 1)
    monkeypatch.setattr(run_module, "CHUNKS", 7)
    once = trainer.run(start, 20_777, 0.05, 1)
    monkeypatch.setattr(run_module, "CHUNK_WORK", 1000 * trainer.kernel.vectors)
    small = trainer.run(start, 20_777, 0.05, 1)
    for other in (once, small):
        assert all(np.array_equal(a, b) for a, b in zip(whole.parameters, other.parameters, strict=True))
    assert len(small.history) == len(whole.history) == 22 > len(once.history)


def test_a_chunk_has_as_many_samples_as_its_loss():
    """Where a step takes a large batch of many samples, the loss of all is not computed every few steps."""
    x = np.linspace(-1.0, 1.0, 4000)[:, None] * np.ones(40)
    trainer = Trainer(Network((40, 30, 1)), x, x[:, :1], 100)
    assert trainer.chunk(200) == 40
    assert trainer.chunk(10_000) > 40


def test_seeds_differ_and_repeat(trainer):
    """The same seed gives the same run, another one another."""
    losses = [
        trainer.run(initial_parameters(NETWORK, seed), 500, 0.05, seed).final_loss for seed in (1, 1, 2)
    ]
    assert losses[0] == losses[1] != losses[2]


def test_history_is_the_loss(trainer):
    """The curve starts at the first loss and ends at the final one, each the mean over all samples."""
    start = initial_parameters(NETWORK, 1)
    seen = []
    outcome = trainer.run(start, 50_000, 0.05, 1, lambda reached: seen.append((reached.steps, reached.loss)))
    assert outcome.history == ((0, outcome.first_loss), *seen)
    assert len(seen) == CHUNKS
    assert seen[-1] == (50_000, outcome.final_loss)
    w1, b1, w2, b2 = outcome.parameters
    hidden = 1 / (1 + np.exp(-(trainer.x @ w1 + b1)))
    expected = np.mean(0.5 * (hidden @ w2 + b2 - trainer.y) ** 2)
    assert outcome.final_loss == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(trainer.outputs(outcome.parameters, trainer.x), hidden @ w2 + b2, rtol=1e-12)


@pytest.mark.parametrize("compiled", [True, False])
def test_divergence_is_found_to_the_step(compiled):
    """The step that is named is the first after which not all is finite, in both ways of training."""
    data = sample_formula("exp(x)", (0.0, 4.0), 60, 3, standardize=False)
    network = Network((1, 4, 1), "linear")
    trainer = Trainer(network, data.seen, data.y, compiled=compiled)
    start = initial_parameters(network, 2)
    outcome = trainer.run(start, 20_000, 0.3, 2)
    assert outcome.divergence is not None
    assert outcome.steps < 20_000
    before = trainer.run(start, outcome.divergence.step - 1, 0.3, 2)
    after = trainer.run(start, outcome.divergence.step, 0.3, 2)
    assert before.divergence is None
    assert np.isfinite(before.final_loss)
    assert after.divergence == outcome.divergence
    assert not np.isfinite(after.final_loss)


def test_control_c_ends_cleanly(trainer):
    """Ctrl-C keeps what is trained so far, and the outcome says after how many steps."""

    def interrupt(reached: Reached) -> None:
        if reached.steps >= 3000:
            raise KeyboardInterrupt

    start = initial_parameters(NETWORK, 1)
    outcome = trainer.run(start, 50_000, 0.05, 1, interrupt)
    assert outcome.interrupted
    assert outcome.steps == 3000
    same = trainer.run(start, 3000, 0.05, 1)
    assert all(np.array_equal(a, b) for a, b in zip(outcome.parameters, same.parameters, strict=True))
    assert outcome.final_loss == same.final_loss


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(("optimizer", "batch"), [("sgd", 1), ("momentum", 3), ("adam", 1)])
def test_going_on_is_never_having_stopped(optimizer, batch, compiled):
    """From every exact place a run goes on to the same bits and the same curve, in a new loop."""
    data = sample_formula("sin(x)", (0.0, 4.0), 60, 3, standardize=False)
    network = Network((1, 6, 1), optimizer=optimizer)
    trainer = Trainer(network, data.seen, data.y, batch, compiled=compiled)
    steps = 7777 if compiled else 157
    places: list[Reached] = []
    whole = trainer.run(initial_parameters(network, 1), steps, 0.01, 1, places.append)
    exact = [reached for reached in places if reached.exact]
    assert len(exact) == (7 if compiled else len(places))
    for reached in exact[:: len(exact) // 3]:
        again = trainer.go_on(reached, steps, 0.01)
        assert all(np.array_equal(a, b) for a, b in zip(whole.parameters, again.parameters, strict=True))
        assert again.history == whole.history


def test_a_run_is_ended_by_true(trainer):
    """Who watches ends the run; the outcome says so, and holds what was reached."""
    start = initial_parameters(NETWORK, 1)
    outcome = trainer.run(start, 50_000, 0.05, 1, lambda reached: reached.steps >= 4000)
    assert (outcome.stopped, outcome.interrupted, outcome.steps) == (True, False, 4000)
    assert outcome.final_loss == trainer.run(start, 4000, 0.05, 1).final_loss


def test_a_long_curve_is_thinned(trainer, monkeypatch):
    """The curve of a long run keeps its first and its last point, and some of those between."""
    start = initial_parameters(NETWORK, 1)
    whole = trainer.run(start, 30_000, 0.05, 1)
    monkeypatch.setattr(run_module, "LONGEST_HISTORY", 12)
    thin = trainer.run(start, 30_000, 0.05, 1)
    assert 6 <= len(thin.history) <= 12
    assert set(thin.history) <= set(whole.history)
    assert (thin.history[0], thin.history[-1]) == (whole.history[0], whole.history[-1])


def test_a_full_batch_has_every_sample_once():
    """A batch of all samples is no draw: a step goes down the gradient of the mean loss."""
    data = sample_formula("sin(x)", (0.0, 4.0), 30, 3, standardize=False)
    trainer = Trainer(NETWORK, data.seen, data.y, 30)
    start = initial_parameters(NETWORK, 1)
    outcome = trainer.run(start, 1, 0.5, 7)
    for position, value in enumerate(start):
        for index in np.ndindex(value.shape):
            moved = [parameter.copy() for parameter in start]
            losses = []
            for step in (1e-5, -1e-5):
                moved[position][index] = value[index] + step
                losses.append(trainer.loss(moved))
            slope = (losses[0] - losses[1]) / 2e-5
            change = outcome.parameters[position][index] - value[index]
            assert change == pytest.approx(-0.5 * slope, abs=1e-9)


def test_validation_is_the_loss_of_samples_held_back():
    """The second curve has the points of the first one, and is the loss of what was not learnt from."""
    data = sample_formula("sin(x)", (0.0, 4.0), 60, 3, standardize=True, validation=0.25)
    trainer = Trainer(NETWORK, data.seen, data.y, 1, data.held_samples)
    outcome = trainer.run(initial_parameters(NETWORK, 1), 20_000, 0.05, 1)
    assert [step for step, _ in outcome.validation] == [step for step, _ in outcome.history]
    predicted = trainer.outputs(outcome.parameters, data.held.seen)
    assert outcome.validation_loss == pytest.approx(np.mean(0.5 * (predicted - data.held.y) ** 2))
    assert outcome.rank == outcome.validation_loss != outcome.final_loss
    plain = Trainer(NETWORK, data.seen, data.y).run(initial_parameters(NETWORK, 1), 20_000, 0.05, 1)
    assert plain.validation == ()
    assert all(np.array_equal(a, b) for a, b in zip(plain.parameters, outcome.parameters, strict=True))


def test_a_schedule_in_chunks(trainer, monkeypatch):
    """The rates of a schedule do not depend on the chunks of a run: the bits are the same."""
    start = initial_parameters(NETWORK, 1)
    plan = read_schedule("warmup:700+cosine", 0.05, 20_777)
    whole = trainer.run(start, 20_777, plan, 1)
    monkeypatch.setattr(run_module, "CHUNKS", 7)
    other = trainer.run(start, 20_777, plan, 1)
    assert all(np.array_equal(a, b) for a, b in zip(whole.parameters, other.parameters, strict=True))
    constant = trainer.run(start, 20_777, 0.05, 1)
    assert not np.allclose(whole.parameters[0], constant.parameters[0], rtol=1e-3)


def test_divergence_under_a_schedule(trainer):
    """The step that is found is the first one at the rate that is too large."""
    plan = read_schedule("step:3210,1e9", 0.01, 10_000)
    outcome = trainer.run(initial_parameters(NETWORK, 1), 10_000, plan, 1)
    assert outcome.divergence is not None
    assert 3211 <= outcome.divergence.step < 3300
