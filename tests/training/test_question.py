"""What the question's network can and cannot learn, as measured."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.training.data import sample_formula
from backproof.training.network import Network, initial_parameters
from backproof.training.options import RATES, STEPS
from backproof.training.run import Outcome, Trainer
from tests.training.runs import QUESTION

SEEDS = [0, 1, 2, 3]


@pytest.fixture(scope="module")
def trainers() -> dict[bool, Trainer]:
    """The network with and without biases, compiled once."""
    nothing = np.zeros((500, 1))
    return {bias: Trainer(Network((1, 10, 1), bias=bias), nothing, nothing) for bias in (True, False)}


def train(
    trainer: Trainer, upper: float, seed: int, *, standardize: bool, rate: float, steps: int
) -> Outcome:
    """Train on sin over [0, upper)."""
    data = sample_formula("sin(x)", (0.0, upper), 500, seed, standardize=standardize)
    trainer.set_data(data.seen, data.y)
    largest = None if trainer.network.bias else 1.0
    return trainer.run(initial_parameters(trainer.network, seed, largest), steps, rate, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_right_gradients_learn_the_first_unit(trainers, seed):
    """On x in [0, 1) the network without biases is below 1e-4 after 500,000 steps."""
    outcome = train(trainers[False], 1.0, seed, standardize=False, rate=0.01, steps=500_000)
    assert outcome.first_loss > 1e-2
    assert outcome.final_loss < 1e-4


@pytest.mark.parametrize("seed", SEEDS)
def test_no_biases_no_fit(trainers, seed):
    """As asked, on x in [0, 15), the loss stays near that of predicting the mean."""
    outcome = train(trainers[False], 15.0, seed, standardize=False, rate=0.01, steps=500_000)
    assert outcome.divergence is None
    assert 0.17 < outcome.final_loss < 0.25


@pytest.mark.parametrize("seed", SEEDS)
def test_defaults_fit(trainers, seed):
    """With biases and a standardised input the defaults are below 1e-4."""
    outcome = train(trainers[True], 15.0, seed, standardize=True, rate=RATES["sgd"], steps=STEPS)
    assert outcome.final_loss < 1e-4


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_deep_networks_do_not_diverge(activation):
    """Four hidden layers of 32 learn at the default rate on every seed, in batches of 16."""
    data = sample_formula("sin(x)", (0.0, 15.0), 500, 0, standardize=True)
    network = Network((1, 32, 32, 32, 32, 1), activation)
    trainer = Trainer(network, data.seen, data.y, 16)
    for seed in range(5):
        outcome = trainer.run(initial_parameters(network, seed), 1500, RATES["sgd"], seed)
        assert outcome.divergence is None
        assert outcome.final_loss < 0.05


def test_as_the_evaluator(trainers):
    """Trained by the NumPy evaluator, a run ends at the same loss."""
    data = sample_formula("sin(x)", (0.0, 15.0), 500, 5, standardize=True)
    outcomes = []
    for compiled in (True, False):
        trainer = Trainer(QUESTION, data.seen, data.y, compiled=compiled)
        outcomes.append(trainer.run(initial_parameters(QUESTION, 5), 900, 0.1, 5))
    assert outcomes[1].final_loss == pytest.approx(outcomes[0].final_loss, rel=1e-10)
    assert outcomes[0].final_loss < outcomes[0].first_loss
