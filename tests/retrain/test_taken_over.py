"""A program that is taken over does what it does itself, to rounding, and says what it cannot take over."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

import numpy as np
import pytest

from backproof.errors import BackproofError
from backproof.retrain.counting import course_of
from backproof.retrain.plain import plain_network
from backproof.retrain.taken_over import TakenOver, take_over
from backproof.retrain.training import train
from backproof.runner import Runner
from backproof.source import Program
from backproof.training.network import Network
from tests.retrain import programs


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """What runs the programs."""
    with Runner() as runner:
        yield runner


KNOWN: dict[str, TakenOver] = {}


def taken(text: str, runner: Runner) -> TakenOver:
    """The program, taken over, which is done once for each."""
    if text not in KNOWN:
        KNOWN[text] = take_over(Program("net.py", text), runner)
    return KNOWN[text]


def own(text: str) -> dict:
    """What the program leaves when it is run as it is."""
    space: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, "net.py", "exec"), space)
    return space


def value(space: dict, name: str) -> np.ndarray:
    """What a parameter is called, evaluated where the program has come to its end."""
    return np.asarray(eval(name, space), dtype=float)


@pytest.mark.parametrize(
    ("text", "steps", "order"),
    [
        (programs.FULL_BATCH, 300, "whole"),
        (programs.ONE_BY_ONE, 440, "cycle"),
        (programs.NUMBERS, 300, "cycle"),
        (programs.MOMENTUM_CLASS, 100, "cycle"),
        (programs.ADAM, 200, "whole"),
        (programs.BY_EPOCH, 200, "cycle"),
        (programs.LABELS, 200, "cycle"),
        (programs.LABEL_OF_ONE, 520, "cycle"),
        (programs.EMBEDDING, 60, "cycle"),
        (programs.SELDOM, 300, "whole"),
        (programs.MILESTONES, 300, "whole"),
        (programs.UNEVEN_LABELS, 200, "cycle"),
        (programs.UNEVEN_BY_EPOCH, 200, "cycle"),
    ],
    ids=[
        "full batch",
        "one by one",
        "numbers",
        "momentum class",
        "adam",
        "rate by epoch",
        "labels of a batch",
        "label of one",
        "embedding",
        "a rate that changes seldom",
        "a rate that changes at milestones",
        "labels of a smaller batch",
        "rate by epoch, a smaller batch",
    ],
)
def test_the_compiled_training_ends_where_the_program_does(text, steps, order, runner):
    """The final parameters are those of the program itself; the number of steps is told from its loops."""
    found = taken(text, runner)
    course = course_of(found.program, found.judgement.step.trace, found.judgement.windows, runner)
    assert course.steps == steps
    assert course.seconds is not None
    assert 1e-7 < course.seconds < 1e-1
    assert found.order.kind == order
    assert found.machine.kernel is not None, found.machine.reason
    outcome = train(found, steps, 0)
    space = own(text)
    for each, trained in zip(found.recurrence.carried, outcome.parameters, strict=False):
        expected = value(space, each.name)
        assert np.allclose(trained, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max()), each.name
    assert outcome.final_loss < outcome.first_loss
    assert found.stops == (("loss < 1e-30",) if "1e-30" in text else ())


def test_a_step_that_learns_less_than_the_others_is_left_to_the_program(runner):
    """The first sample is 0: the training begins behind it; the loss reads targets that are plain numbers."""
    found = taken(programs.XOR_OF_NEURONS, runner)
    assert found.skipped == 1
    space = own(programs.XOR_OF_NEURONS)
    outcome = train(found, 600 - found.skipped, 0)
    for each, trained in zip(found.recurrence.carried, outcome.parameters, strict=False):
        assert trained == pytest.approx(value(space, each.name), rel=1e-9), each.name
    errors = [space["output"].fire([n.fire(x) for n in space["hidden"]]) - t for x, t in space["data"]]
    assert outcome.final_loss == pytest.approx(np.mean(np.square(errors)), rel=1e-9)


def test_what_rounding_leaves_of_nothing_is_no_deviation(runner):
    """Biases of 1e-17 beside weights of 1 may differ by as much."""
    assert taken(programs.SYMMETRIC, runner).deviation < 1e-9


@pytest.mark.parametrize("text", [programs.DRAWN_AT_RANDOM, programs.TARGETS_IN_A_LIST])
def test_samples_drawn_at_random_are_drawn_anew(text, runner):
    """One sample a step, at a rate that decays by the number of the step: it learns as the program does."""
    found = taken(text, runner)
    assert (found.order.kind, found.order.count, found.order.batch) == ("drawn", 13, 1)
    assert "drawn anew by the same rule" in found.order.text()
    assert len(found.recurrence.laws) == 1
    orders = [np.concatenate(list(found.order.blocks(2500, 100, seed))) for seed in (0, 0, 1)]
    assert np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2])
    assert set(orders[0].ravel()) == set(range(13))
    assert train(found, 2500, 0).final_loss < 1e-2


@pytest.mark.parametrize(
    ("text", "kind", "count"), [(programs.PAIRS, "shuffled", 17), (programs.PAIRS_AT_RANDOM, "drawn", 3)]
)
def test_samples_of_a_list_are_known_when_all_were_seen(text, kind, count, runner):
    """Two epochs with the same ones, or so many draws that one more would have been drawn."""
    found = taken(text, runner)
    assert (found.order.kind, found.order.count, found.order.batch) == (kind, count, 1)
    assert train(found, 3000, 0).final_loss < 0.1


def test_an_epoch_takes_every_sample_once_where_the_program_shuffles(runner):
    """Batches by a permutation for each epoch stay that."""
    found = taken(programs.SHUFFLED, runner)
    assert (found.order.kind, found.order.count, found.order.batch) == ("shuffled", 24, 6)
    rows = np.concatenate(list(found.order.blocks(400, 30, 0)))
    epochs = rows.reshape(100, 24)
    assert np.array_equal(np.sort(epochs, axis=1), np.tile(np.arange(24), (100, 1)))
    assert len({epoch.tobytes() for epoch in epochs}) == 100
    assert train(found, 400, 0).final_loss < 1e-3


def test_the_last_batch_of_a_shuffled_epoch_may_be_smaller(runner):
    """An epoch still takes every sample once; a run in other pieces gives the same."""
    found = taken(programs.UNEVEN, runner)
    assert (found.order.kind, found.order.count, found.order.batch, found.order.tail) == (
        "shuffled",
        24,
        7,
        3,
    )
    assert "7 samples a step of 24 (the last of an epoch 3), shuffled for every epoch" in found.order.text()
    rows = np.concatenate(list(found.order.blocks(400, 30, 0)))
    epochs = rows.reshape(100, 28)
    assert np.array_equal(np.sort(epochs, axis=1)[:, 4:], np.tile(np.arange(24), (100, 1)))
    assert np.array_equal(np.flatnonzero(rows[3] < 0), [3, 4, 5, 6])
    whole, pieces = found.machine.loop(), found.machine.loop()
    whole.advance(rows[:50], found.machine.rate)
    for k in range(0, 50, 9):
        pieces.advance(rows[k : min(k + 9, 50)], found.machine.rate)
        pieces.restore(pieces.state())
    for one, other in zip(whole.state(), pieces.state(), strict=True):
        assert np.allclose(one, other, rtol=1e-12)
    assert train(found, 400, 0).final_loss < 1e-3


def test_steps_of_different_sizes_that_are_not_compiled_give_the_same(runner):
    """The evaluator does both kinds."""
    found = take_over(Program("net.py", programs.UNEVEN), runner, compiled=False)
    assert found.deviation < 1e-14
    for one, other in zip(
        train(found, 50, 0).parameters, train(taken(programs.UNEVEN, runner), 50, 0).parameters, strict=True
    ):
        assert np.allclose(one, other, rtol=1e-11, atol=1e-12)


def test_another_rate_counts_for_every_parameter(runner):
    """Also where it multiplies the data by it, ``lr * X[rows].T @ e``: at a rate of 0 nothing moves."""
    found = taken(programs.SHUFFLED, runner)
    stays = train(found, 10, 0, rate=0.0).parameters
    assert all(map(np.array_equal, stays, found.machine.first))


def test_whole_data_are_no_part_of_the_state(runner):
    """What batches are taken of is read row by row, and not carried from step to step."""
    text = programs.SHUFFLED.replace("24", "2400").replace("range(60)", "range(1)")
    found = take_over(Program("net.py", text), runner)
    assert sum(value.size for value in found.machine.first) == 4


def test_a_mistake_is_mended_before_it_is_trained(runner):
    """The wrong derivative is not what is trained: the run ends where the right program does."""
    found = taken(programs.FAULTY, runner)
    assert found.report.verdict == "faulty"
    assert len(found.mended) == 1
    outcome, space = train(found, 300, 0), own(programs.FULL_BATCH)
    for each, trained in zip(found.recurrence.carried, outcome.parameters, strict=False):
        assert np.allclose(trained, space[each.name], rtol=1e-9, atol=1e-10)


def test_what_is_not_compiled_gives_the_same(runner):
    """The evaluator does the same steps."""
    found = take_over(Program("net.py", programs.SHUFFLED), runner, compiled=False)
    outcome = train(found, 60, 0)
    compiled = train(taken(programs.SHUFFLED, runner), 60, 0)
    for one, other in zip(outcome.parameters, compiled.parameters, strict=True):
        assert np.allclose(one, other, rtol=1e-11, atol=1e-12)
    assert outcome.first_loss == pytest.approx(compiled.first_loss, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (programs.STRANGE_LAW, "draws random numbers in every step in line 8, by a law"),
        (programs.NOTHING, "nothing in it looks like training"),
        (programs.IN_A_FUNCTION, "changes lr in line 3"),
        (programs.BENT_BY_A_BRANCH, "depends on a decision"),
    ],
    ids=["drawn by a strange law", "nothing", "a rate that a function changes", "a branch"],
)
def test_what_cannot_be_taken_over_is_refused_in_a_sentence(text, said, runner):
    """The reason is given, and nothing is trained."""
    with pytest.raises(BackproofError, match=said):
        taken(text, runner)


@pytest.mark.parametrize(
    ("text", "network", "rate", "batch"),
    [
        (programs.FULL_BATCH, Network((3, 5, 1), "tanh", bias=True, loss="mse"), 0.05, 17),
        (programs.ONE_BY_ONE, Network((2, 5, 1), "sigmoid"), 0.1, 1),
        (
            programs.MOMENTUM_CLASS,
            Network((4, 6, 3), "relu", "softmax", loss="cross-entropy", optimizer="momentum"),
            0.05,
            7,
        ),
        (programs.WITHOUT_BIASES, Network((2, 4, 1), "tanh", bias=False, loss="mse"), 0.05, 31),
    ],
    ids=["full batch", "one by one", "momentum class", "without biases"],
)
def test_a_plain_network_is_recognised(text, network, rate, batch, runner):
    """Layers, activation, loss, update, rate and batch are those of the program."""
    known = plain_network(taken(text, runner), 100, 0)
    assert known is not None
    found = known.options
    assert found.network == network
    assert found.rate == pytest.approx(rate)
    assert found.batch == batch


def test_what_is_no_plain_network_is_not_taken_for_one(runner):
    """The loss counts the size of the weights; it is evaluated after the update, and falls all the same."""
    found = taken(programs.PENALISED, runner)
    assert found.rates, "0.05 is written in both updates, and has no name"
    assert found.machine.rate == 0.05
    assert plain_network(found, 100, 0) is None
    outcome, space = train(found, 400, 0), own(programs.PENALISED)
    assert outcome.final_loss == pytest.approx(space["costs"][-1], rel=1e-9)
