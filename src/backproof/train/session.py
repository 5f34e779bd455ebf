"""One call of ``backproof train``: the networks that it asks for, one after the other, watched and kept."""

from __future__ import annotations

import time
from dataclasses import dataclass

from backproof.train.data import Data
from backproof.train.network import initial_parameters
from backproof.train.options import Options
from backproof.train.run import Outcome, Reached, Trainer, Watch


@dataclass(frozen=True, slots=True)
class Result:
    """What was trained. ``data`` are those of the best network; ``seconds`` is what all of it took."""

    options: Options
    trainer: Trainer
    data: Data
    outcomes: tuple[Outcome, ...]
    best: Outcome
    seconds: float


def train_networks(options: Options, *watches: Watch) -> Result:
    """Train every network of the options. Each watch is told of every chunk; True stops all that remains."""

    def watch(reached: Reached) -> bool:
        told = [bool(each(reached)) for each in watches]  # all of them, also where the first one stops
        return any(told)

    start = time.perf_counter()
    data = options.data(options.seed)
    trainer = Trainer(options.network, data.seen, data.y, options.batch)
    outcomes: list[Outcome] = []
    for seed in range(options.seed, options.seed + options.networks):
        if seed != options.seed and not options.same_data:
            data = options.data(seed)
            trainer.set_data(data.seen, data.y)
        parameters = initial_parameters(options.network, seed, options.largest)
        outcomes.append(trainer.run(parameters, options.steps, options.rate, seed, watch))
        if outcomes[-1].interrupted or outcomes[-1].stopped:
            break
    seconds = time.perf_counter() - start
    best = min(outcomes, key=lambda outcome: outcome.rank)
    if best is not outcomes[-1] and not options.same_data:
        data = options.data(best.seed)
        trainer.set_data(data.seen, data.y)
    return Result(options, trainer, data, tuple(outcomes), best, seconds)
