"""One call of ``backproof train``: the networks that it asks for, watched and kept."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from backproof.errors import FileUnwritableError
from backproof.training.checkpoint import Keeper, fresh_checkpoint, read_checkpoint
from backproof.training.data import Data
from backproof.training.network import LOSSES, initial_parameters
from backproof.training.options import Options
from backproof.training.run import Outcome, Reached, Trainer, Watch
from backproof.training.saved import Model
from backproof.training.targets import accuracy
from backproof.training.together import Plan, Start, plan_for, train_together


@dataclass(frozen=True, slots=True)
class Result:
    """What was trained. ``data`` are those of the best network; ``seconds`` is what all of it took.

    ``interrupted`` says that Ctrl-C ended it; ``notes`` are sentences on how it went, and ``trouble`` is why
    the checkpoint could not be written in the end.
    """

    options: Options
    trainer: Trainer
    data: Data
    outcomes: tuple[Outcome, ...]
    best: Outcome
    seconds: float
    interrupted: bool = False
    notes: tuple[str, ...] = ()
    trouble: FileUnwritableError | None = None

    def data_of(self, outcome: Outcome) -> Data:
        """The samples that one of the networks has learnt from."""
        same = self.options.same_data or outcome.seed == self.best.seed
        return self.data if same else self.options.data(outcome.seed)

    def model(self, outcome: Outcome) -> Model:
        """One of the networks, as it is saved, and asked for outputs."""
        network, data = self.options.network, self.data_of(outcome)
        parameters = dict(zip(network.names(), outcome.parameters, strict=True))
        return Model(network, parameters, data.centre, data.spread, self.options.flat, data.classes)

    def accuracies(self, outcome: Outcome) -> tuple[float | None, float | None]:
        """The part of the targets that a network meets, of its samples and of those held back.

        None where the targets are no classes, and where no samples are held back.
        """
        loss, data = self.options.network.loss, self.data_of(outcome)
        if not LOSSES[loss].of_classes or outcome.divergence:
            return None, None
        own, held = (
            None
            if part is None
            else accuracy(loss, self.trainer.outputs(outcome.parameters, part.seen), part.y)
            for part in (data, data.held)
        )
        return own, held

    def of(self, outcome: Outcome) -> Result:
        """The same with another of the networks as the one that is looked at."""
        return replace(self, best=outcome, data=self.data_of(outcome))


def train_networks(options: Options, *watches: Watch, trainer: Trainer | None = None) -> Result:
    """Train every network of the options. Each watch is told of every chunk; True stops all that remains.

    With ``--checkpoint`` the state is kept in a file, also where a watch raises. A ``trainer`` of the same
    network, batch and precision lends its code.
    """
    start = time.perf_counter()
    data = options.data(options.seed)
    if trainer is None:
        trainer = Trainer(
            options.network, data.seen, data.y, options.batch, data.held_samples, dtype=options.dtype
        )
    else:
        trainer = trainer.on(data.seen, data.y, data.held_samples)
    plan: Plan | None = None
    if options.networks > 1 and trainer.kernel is not None:
        before = read_checkpoint(options.checkpoint).code if options.checkpoint and options.resume else None
        plan = plan_for(trainer, options.networks, options.steps, before)
    code = plan.code(trainer) if plan else trainer.code
    keeper: Keeper | None = None
    if options.checkpoint:
        fresh = fresh_checkpoint(options, data, code, trainer.names)
        keeper = Keeper.begin(options.checkpoint, fresh, options.steps, resume=options.resume)
    watch = _telling([keeper.watch, *watches] if keeper else watches)
    known = dict(keeper.networks) if keeper else {}
    outcomes: list[Outcome] = []
    interrupted = False
    try:
        if plan:
            running = _run_at_once(options, trainer, data, watch, plan, known)
        else:
            running = _run_all(options, trainer, data, watch, known)
        for outcome in running:
            outcomes.append(outcome)
            interrupted = interrupted or outcome.interrupted
        if not outcomes:  # Ctrl-C before anything had begun
            raise KeyboardInterrupt
    except BaseException as error:
        if keeper:
            keeper.close()
        if not (isinstance(error, KeyboardInterrupt) and outcomes):
            raise
        interrupted = True
    trouble = keeper.close() if keeper else None
    best = min(outcomes, key=lambda outcome: outcome.rank)
    if not options.same_data:
        data = options.data(best.seed)
        trainer.set_data(data.seen, data.y, data.held_samples)
    seconds = time.perf_counter() - start
    notes = keeper.notes if keeper else ()
    return Result(options, trainer, data, tuple(outcomes), best, seconds, interrupted, notes, trouble)


def _run_at_once(
    options: Options, trainer: Trainer, data: Data, watch: Watch, plan: Plan, known: Mapping[int, Reached]
) -> Iterator[Outcome]:
    """Train all networks at once, on all cores, those that a checkpoint knows from where they were."""
    seen = data.seen

    def begin(seed: int) -> Start:
        parameters = initial_parameters(options.network, seed, options.largest)
        if options.same_data or seed == options.seed:
            return Start(seed, parameters, seen, data.y, data.held_samples)
        own = options.data(seed)
        return Start(seed, parameters, own.seen, own.y, own.held_samples)

    seeds = range(options.seed, options.seed + options.networks)
    yield from train_together(
        trainer, seeds, begin, options.steps, options.rates, watch, plan=plan, known=known
    )


def _telling(watches: Sequence[Watch]) -> Watch:
    """One watch that tells all of them."""

    def watch(reached: Reached) -> bool:
        told = [bool(each(reached)) for each in watches]  # all of them, also where the first one stops
        return any(told)

    return watch


def _run_all(
    options: Options, trainer: Trainer, data: Data, watch: Watch, known: Mapping[int, Reached]
) -> Iterator[Outcome]:
    """Train one network after the other, those that a checkpoint knows from where they were."""
    for seed in range(options.seed, options.seed + options.networks):
        if seed != options.seed and not options.same_data:
            data = options.data(seed)
            trainer.set_data(data.seen, data.y, data.held_samples)
        reached = known.get(seed)
        if reached is None:
            reached = trainer.begin(initial_parameters(options.network, seed, options.largest), seed)
        outcome = trainer.go_on(reached, options.steps, options.rates, watch)
        yield outcome
        if outcome.interrupted or outcome.stopped:
            return
