"""Steps that draw random numbers are compiled: the recorded ones draw what they drew, others by the law."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from backproof.retrain.report import what_was_taken_over
from backproof.retrain.streamed import Stream
from backproof.retrain.taken_over import take_over
from backproof.retrain.training import train
from backproof.runner import Runner
from backproof.source import Program
from backproof.step.drawing import Law
from tests.retrain import programs


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """What runs the programs."""
    with Runner() as runner:
        yield runner


@pytest.mark.parametrize(
    ("text", "said", "steps", "share"),
    [
        (programs.DROPOUT, "line 8, uniform on [0, 1)", 500, 0.5),
        (programs.DROPOUT_OF_BATCHES, "line 13, one with probability 0.7, else zero", 160, 0.5),
        (programs.MADE_ON_THE_WAY, "line 8, uniform on [0, 3)", 3000, 0.1),
    ],
    ids=["dropout", "dropout of batches", "samples made on the way"],
)
def test_what_a_step_draws_is_drawn_by_its_law(text, said, steps, share, runner):
    """The recorded steps end at the program's own weights; it learns; seeds differ, and pieces do not."""
    found = take_over(Program("net.py", text), runner)
    assert found.machine.kernel is not None, found.machine.reason
    assert found.verified > 5
    assert found.deviation < 1e-12
    assert any(said in line for line in what_was_taken_over(found))
    outcome = train(found, steps, 0)
    assert outcome.final_loss < share * outcome.first_loss
    again, other = train(found, steps, 0), train(found, steps, 1)
    assert all(map(np.array_equal, outcome.parameters, again.parameters))
    assert not all(map(np.array_equal, outcome.parameters, other.parameters))
    order = next(iter(found.order.blocks(90, 90, 0)))[:90]
    whole, pieces = found.machine.loop(), found.machine.loop()
    whole.advance(found.machine.numbered(order, 0), found.machine.rate)
    for k in range(0, 90, 7):
        pieces.advance(found.machine.numbered(order[k : k + 7], k), found.machine.rate)
    for one, same in zip(whole.state(), pieces.state(), strict=True):
        assert np.allclose(one, same, rtol=1e-12)


def test_numbers_follow_from_the_seed_and_the_block():
    """Blocks, seeds, and the draws for losses are all different, and the same each time."""
    stream = Stream((), 3, ((Law("uniform", 2.0, 5.0), 2), (Law("zero or one", 0.25), 4)))
    blocks = [stream.draw(*key) for key in ((0, 0), (0, 0), (0, 1), (1, 0), (0, -1))]
    assert blocks[0].shape == (256, 3, 6)
    assert np.array_equal(blocks[0], blocks[1])
    assert len({block.tobytes() for block in blocks}) == 4
    assert 2 <= blocks[0][..., :2].min() < 2.1
    assert 4.9 < blocks[0][..., :2].max() < 5
    assert blocks[0][..., 2:].mean() == pytest.approx(0.25, abs=0.05)
    assert set(np.unique(blocks[0][..., 2:])) == {0.0, 1.0}
