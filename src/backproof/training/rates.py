"""Which learning rate would have worked: tried, where a run has diverged."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from backproof.training.network import initial_parameters
from backproof.training.run import Outcome
from backproof.training.session import Result

DECADES, LOWEST = 6, -4  # so far down rates are tried, and to this power of ten at least
WORK = 1e9  # vector operations that a trial takes at most: about half a second
EVALUATED_STEPS = 300  # of a trial, where nothing is compiled


@dataclass(frozen=True, slots=True)
class Trial:
    """A short run at another rate, from the same parameters and with the same samples."""

    rate: float
    steps: int
    outcome: Outcome

    @property
    def works(self) -> bool:
        """Did it neither diverge nor end above where it began?"""
        return self.outcome.divergence is None and self.outcome.final_loss < self.outcome.first_loss


def lower_rates(rate: float) -> list[float]:
    """Give round rates below one, the largest first.

    >>> lower_rates(0.3)[:5]
    [0.2, 0.1, 0.05, 0.02, 0.01]
    """
    power = math.floor(math.log10(rate))
    powers = range(power, min(power - DECADES, LOWEST) - 1, -1)
    round_ones = [digit * 10.0**exponent for exponent in powers for digit in (5, 2, 1)]
    return [float(f"{value:g}") for value in round_ones if value < rate * 0.9]


def try_rates(result: Result, outcome: Outcome) -> list[Trial]:
    """Try lower rates on a network, as far as its run came and as much again, until two in a row work.

    One alone may work by luck, or be barely stable.
    """
    trials: list[Trial] = []
    for rate in lower_rates(result.options.rate):
        trials.append(_trial(result, outcome, rate, standardize=result.options.standardize))
        if all(trial.works for trial in trials[-2:]) and len(trials) > 1:
            break
    return trials


def rate_advice(result: Result, outcome: Outcome) -> str:
    """Say which rate works, as measured; and whether scaling the input would do."""
    trials = try_rates(result, outcome)
    last, failed = trials[-2:], [f"{trial.rate:g}" for trial in trials[:-2]]
    if all(trial.works for trial in last):
        best = min(last, key=lambda trial: trial.outcome.final_loss)
        said = (
            f"Take --lr {best.rate:g}: tried for {best.steps:,} steps, the loss goes from"
            f" {best.outcome.first_loss:.3g} to {best.outcome.final_loss:.3g}"
        )
        if len(failed) > 3:
            failed = [failed[0], "…", failed[-1]]
        verb = "does" if len(failed) == 1 else "do"
        said += f" ({', '.join(failed)} {verb} not work)." if failed else "."
    else:
        said = f"No rate down to {trials[-1].rate:g} works: look at the size of the data, and at the loss."
    if not result.options.standardize:
        scaled = _trial(result, outcome, result.options.rate, standardize=True)
        if scaled.works:
            said += f" With --standardize {scaled.rate:g} works as well."
    return said


def _trial(result: Result, outcome: Outcome, rate: float, *, standardize: bool) -> Trial:
    options, trainer = result.options, result.trainer
    most = int(WORK / trainer.kernel.vectors) if trainer.kernel else EVALUATED_STEPS
    came = outcome.divergence.step if outcome.divergence else outcome.steps
    steps = max(min(max(2 * came, 1000), most, options.steps), 1)
    data = replace(options, standardize=standardize).data(outcome.seed)
    plan = replace(options.rates, rate=rate)
    trainer.set_data(data.seen, data.y)
    try:
        parameters = initial_parameters(options.network, outcome.seed, options.largest)
        with np.errstate(all="ignore"):
            return Trial(rate, steps, trainer.run(parameters, steps, plan, outcome.seed))
    finally:
        trainer.set_data(result.data.seen, result.data.y, result.data.held_samples)
