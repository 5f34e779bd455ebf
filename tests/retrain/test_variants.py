"""Variants of a program's training: what they begin with, and at which rate."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.retrain.plain import plain_network
from backproof.retrain.taken_over import TakenOver, take_over
from backproof.retrain.variants import Variant, changes_of, first_values, seeds_of, variants
from backproof.runner import Runner
from backproof.source import Program
from tests.retrain import programs


@pytest.fixture(scope="module")
def taken() -> TakenOver:
    """A program whose rate gets smaller from step to step, and whose first weights are drawn."""
    text = programs.FULL_BATCH + "    lr *= 0.99\n"
    with Runner() as runner:
        return take_over(Program("net.py", text), runner)


def test_first_values_are_drawn_by_the_programs_laws(taken):
    """Those of the program for its own seed; for another one normal numbers of the same spread."""
    own, other = (first_values(taken, Variant(10), seed, 0) for seed in (0, 1))
    names = [each.name for each in taken.recurrence.carried]
    for each, value in zip(taken.recurrence.carried, own, strict=True):
        assert np.array_equal(each.first, value)
    drawn = dict(zip(names, other, strict=True))
    assert not np.array_equal(drawn["W1"], own[names.index("W1")])
    assert 0.2 < np.std(drawn["W1"]) < 0.9
    assert np.max(np.abs(drawn["b1"])) < 0.5
    smaller = first_values(taken, Variant(10, scale=0.1), 1, 0)
    assert np.allclose(smaller[names.index("W1")], 0.1 * drawn["W1"])
    assert seeds_of(taken, 4) == range(4, 7)


def test_a_rate_that_decays_is_varied_where_it_begins(taken):
    """No number of the program is its rate in all steps; that which it begins with is."""
    names = [each.name for each in taken.recurrence.carried]
    found = {change.name: change.make(Variant(10)) for change in changes_of(taken, 10, 1.0)}
    assert not taken.rates
    assert first_values(taken, found["rate × 10"], 0, 0)[names.index("lr")] == pytest.approx(0.5)
    assert found["10 × the steps"].steps == 100


def test_the_table_has_the_program_as_it_is(taken):
    """Its loss after its own steps, and no verdict of learning."""
    found = variants(taken, 30)
    own = next(row for row in found.rows if not row.changes)
    assert len(own.losses) == 3
    assert found.smallest is None
    assert found.ordered[0].middle <= own.middle


def test_many_numbers_one_by_one_are_not_looked_through():
    """Thirteen parameters have more arrangements than can be tried: that is given up."""
    with Runner() as runner:
        assert plain_network(take_over(Program("net.py", programs.XOR_OF_NEURONS), runner), 10, 0) is None
