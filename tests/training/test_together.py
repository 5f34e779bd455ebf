"""Many networks at once: each as trained alone, however they are spread over lanes and threads."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backproof.cli import main
from backproof.training import run, together
from backproof.training.data import sample_formula
from backproof.training.network import Network, initial_parameters
from backproof.training.run import CHUNKS, Outcome, Reached, Trainer
from backproof.training.schedule import Rate, read_schedule
from backproof.training.together import Start, train_together

NETWORK = Network((1, 6, 1))
SEEDS = range(3, 14)  # 11: more than one group, the last one not full
STEPS = 4000


@pytest.fixture(autouse=True)
def _lanes_at_once(monkeypatch):
    """Compile lanes for however little work."""
    monkeypatch.setattr(together, "LEAST_STEPS", 0.0)
    monkeypatch.setattr(together, "cores", lambda: 2)


def begin(seed: int, network: Network = NETWORK) -> Start:
    """Data and parameters of a seed."""
    data = sample_formula("sin(x)", (0.0, 4.0), 30, seed, standardize=False)
    return Start(seed, initial_parameters(network, seed), data.seen, data.y)


def trainer_of(network: Network, batch: int = 1) -> Trainer:
    """A trainer on the first seed's data."""
    start = begin(SEEDS[0], network)
    return Trainer(network, start.x, start.y, batch)


def alone(trainer: Trainer, steps: int, rate: Rate) -> list[Outcome]:
    """Each network by itself."""
    starts = [begin(seed, trainer.network) for seed in SEEDS]
    return [trainer.on(s.x, s.y).run(s.parameters, steps, rate, s.seed) for s in starts]


def ignore(_: Reached) -> bool:
    """Watch nothing."""
    return False


def assert_same(found: Outcome, expected: Outcome, tolerance: float) -> None:
    """The same curve and the same parameters."""
    assert found.seed == expected.seed
    assert found.steps == expected.steps
    assert [step for step, _ in found.history] == [step for step, _ in expected.history]
    losses = [[loss for _, loss in outcome.history] for outcome in (found, expected)]
    np.testing.assert_allclose(*losses, rtol=tolerance)
    for one, other in zip(found.parameters, expected.parameters, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance)


@pytest.mark.parametrize("batch", [1, 3])
def test_as_trained_alone(batch):
    """In lanes, every network has the curve and the parameters that it has alone."""
    trainer = trainer_of(NETWORK, batch)
    before = trainer.compiling
    found = train_together(trainer, SEEDS, begin, STEPS, 0.05, ignore)
    assert trainer.compiling > before
    for one, other in zip(found, alone(trainer, STEPS, 0.05), strict=True):
        assert_same(one, other, 1e-9)
        assert len(one.history) > 3


def test_threads_do_not_change_a_bit(monkeypatch):
    """One thread and three give the same, also where the samples are drawn for a part of a chunk."""
    monkeypatch.setattr(together, "MOST_DRAWN", 1500)
    trainer = trainer_of(NETWORK)
    outcomes = []
    for cores in (1, 3):
        monkeypatch.setattr(together, "cores", lambda cores=cores: cores)
        outcomes.append(train_together(trainer, SEEDS, begin, STEPS, 0.05, ignore))
    for one, other in zip(*outcomes, strict=True):
        assert_same(one, other, 0.0)


def test_large_networks_one_a_core(monkeypatch):
    """What does not fit into lanes is trained alone, to the same bits."""
    monkeypatch.setattr(together, "MOST_OPERATIONS", 10)
    trainer = trainer_of(NETWORK)
    found = train_together(trainer, SEEDS, begin, STEPS, 0.05, ignore)
    for one, other in zip(found, alone(trainer, STEPS, 0.05), strict=True):
        assert_same(one, other, 0.0)


def test_divergence_is_told_of_its_network_alone():
    """Those that diverge have the step at which they do alone; the others end as they do alone."""
    network = Network((1, 4, 1), "linear")
    trainer = trainer_of(network)
    found = train_together(trainer, SEEDS, lambda seed: begin(seed, network), STEPS, 0.11, ignore)
    expected = alone(trainer, STEPS, 0.11)
    assert 0 < sum(outcome.divergence is not None for outcome in expected) < len(SEEDS)
    for one, other in zip(found, expected, strict=True):
        assert one.divergence == other.divergence
        if other.divergence is None:
            assert_same(one, other, 1e-9)


def test_every_chunk_is_told():
    """The watch hears of each chunk of each network."""
    seen: dict[int, list[int]] = {}
    steps = CHUNKS * 1000
    outcomes = train_together(
        trainer_of(NETWORK),
        SEEDS,
        begin,
        steps,
        0.05,
        lambda reached: seen.setdefault(reached.seed, []).append(reached.steps),
    )
    assert sorted(seen) == list(SEEDS)
    assert all(done == list(range(1000, steps + 1, 1000)) for done in seen.values())
    assert sum(outcome.seconds for outcome in outcomes) > 0


@pytest.mark.parametrize("most", [10, together.MOST_OPERATIONS])
def test_ending_early(monkeypatch, most):
    """Ctrl-C, a watch that says so, and one that fails end all networks, in lanes or not."""
    monkeypatch.setattr(together, "MOST_OPERATIONS", most)
    trainer = trainer_of(NETWORK)

    def interrupt(_: Reached) -> bool:
        raise KeyboardInterrupt

    def fail(_: Reached) -> bool:
        raise OSError("no space")

    monkeypatch.setattr(run, "CHUNK_WORK", 1e6)
    many = 10**9
    outcomes = train_together(trainer, SEEDS, begin, many, 0.05, interrupt)
    assert outcomes
    assert all(outcome.interrupted and outcome.steps < many for outcome in outcomes)
    outcomes = train_together(trainer, SEEDS, begin, many, 0.05, lambda _: True)
    assert outcomes
    assert all(outcome.stopped and not outcome.interrupted for outcome in outcomes)
    with pytest.raises(OSError, match="no space"):
        train_together(trainer, SEEDS, begin, many, 0.05, fail)


def test_table_of_many(capsys):
    """Of more networks than fill a table the best, the median and the worst are shown, with their seeds."""
    assert main(["train", "--networks", "30", "--steps", "500"]) == 0
    out = capsys.readouterr().out
    rows = re.findall(r"^ +(\d+) +\S+ +(\S+)  (best|median|worst)$", out, re.MULTILINE)
    assert [name for _, _, name in rows] == ["best", "median", "worst"]
    assert float(rows[0][1]) < float(rows[1][1]) < float(rows[2][1])
    assert "30 networks" in out


@pytest.mark.parametrize("batch", [1, 21])
def test_classes_and_samples_held_back(batch):
    """Classes are told apart side by side as alone, by batches of all samples too, and validated the same."""
    network = Network((1, 5, 3), "tanh", "softmax", loss="cross-entropy", optimizer="momentum")

    def begin(seed: int) -> Start:
        options = {"standardize": True, "loss": "cross-entropy", "validation": 0.3}
        data = sample_formula("floor(3*x)", (0.0, 1.0), 30, seed, **options)
        return Start(seed, initial_parameters(network, seed), data.seen, data.y, data.held_samples)

    start = begin(SEEDS[0])
    trainer = Trainer(network, start.x, start.y, batch, start.held)
    found = train_together(trainer, SEEDS, begin, STEPS, 0.05, ignore)
    for seed, one in zip(SEEDS, found, strict=True):
        start = begin(seed)
        other = trainer.on(start.x, start.y, start.held).run(start.parameters, STEPS, 0.05, seed)
        assert_same(one, other, 1e-9)
        assert len(one.validation) == len(one.history)
        held = [[loss for _, loss in outcome.validation] for outcome in (one, other)]
        np.testing.assert_allclose(*held, rtol=1e-9)


@pytest.mark.parametrize("text", ["warmup:1500+cosine:0.1", "step:1000,0.3"])
def test_a_schedule(text):
    """A schedule gives every network the same rates as alone, wherever its steps are cut."""
    trainer = trainer_of(NETWORK)
    plan = read_schedule(text, 0.05, STEPS)
    found = train_together(trainer, SEEDS, begin, STEPS, plan, ignore)
    for one, other in zip(found, alone(trainer, STEPS, plan), strict=True):
        assert_same(one, other, 1e-9)
