"""The advice where a run has diverged: rates that were tried."""

from __future__ import annotations

import re

import numpy as np
import pytest

import backproof
from backproof.training.api import train
from backproof.training.rates import lower_rates, try_rates

X = np.linspace(0.0, 4.0, 37)


def test_lower_rates_are_round_and_fall():
    """Each is below the one before and the given one, and has one digit."""
    for rate in (50.0, 0.3, 1.0, 1e-7, 1e8):
        rates = lower_rates(rate)
        assert min(rate * 1e-6, 1e-4) / 10 < rates[-1] < 1.01 * min(rate * 1e-6, 1e-4)
        assert rates == sorted(rates, reverse=True)
        assert rates[0] < rate
        assert all(f"{value:.0e}"[0] in "125" for value in rates)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
def test_the_rate_that_is_named_works(optimizer):
    """A run at the rate of the advice does not diverge, and its loss is the one that was measured."""
    options = {"layers": (1, 6, 1), "activation": "relu", "optimizer": optimizer, "seed": 1}
    with pytest.warns(RuntimeWarning, match="Diverged") as caught:
        failed = train(X, np.exp(X), lr=0.5, steps=4000, **options)
    words = r"Take --lr (\S+): tried for ([\d,]+) steps, the loss goes from (\S+) to (\S+\d)"
    rate, steps, first, last = re.search(words, str(caught[0].message)).groups()
    again = train(X, np.exp(X), lr=float(rate), steps=int(steps.replace(",", "")), **options)
    assert (f"{again.first_loss:.3g}", f"{again.final_loss:.3g}") == (first, last)
    assert again.final_loss < again.first_loss
    long = train(X, np.exp(X), lr=float(rate), steps=4000, **options)
    assert long.divergence is None
    trials = try_rates(failed._result, failed._outcome)
    assert [trial.works for trial in trials[-2:]] == [True, True]
    assert float(rate) in [trial.rate for trial in trials[-2:]]


def test_scaling_is_tried():
    """Where the input is not scaled and scaling it would do at the same rate, that is said; else not."""
    x = X * 50
    options = {"layers": (1, 1), "steps": 3000, "standardize": False}
    with pytest.warns(RuntimeWarning, match=r"With --standardize 0.05 works as well\.$"):
        backproof.train(x, np.sin(X), lr=0.05, **options)
    with pytest.warns(RuntimeWarning, match="Diverged") as caught:
        backproof.train(x, np.sin(X), lr=50.0, **options)
    assert "standardize" not in str(caught[0].message)


def test_where_no_rate_works():
    """Numbers that no rate can cope with are said to be the trouble."""
    with pytest.warns(RuntimeWarning, match=r"No rate down to \S+ works: look at the size of the data"):
        backproof.train(X, X * 1e30, activation="relu", steps=2000)
    with pytest.warns(RuntimeWarning, match="the loss is not finite from the start"):
        backproof.train(X, X * 1e200, steps=2000)


def test_a_loss_that_grows_gets_the_advice():
    """A rate that is too large but does not end in infinity is noticed by the loss."""
    trained = backproof.train(X, np.sin(X), layers=(1, 4, 1), optimizer="adam", lr=300.0, steps=3000)
    assert trained.divergence is None
    assert "The loss has grown: the rate 300 is too large.\nTake --lr" in trained.report()
