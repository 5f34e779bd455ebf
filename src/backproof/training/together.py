"""Many networks at once: side by side in the lanes of vectors where they are small, and on all cores.

Each is as trained alone, with its own first parameters, its own order of samples and, where the data are
drawn by the seed, its own data. Networks that do not fit into lanes are trained one a core.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from queue import Queue
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backproof.graph import apply, leaf
from backproof.training.loop import BLOCK
from backproof.training.network import Step, forward
from backproof.training.run import Outcome, Reached, Samples, Trainer, Watch, longer
from backproof.training.schedule import Rate, rates_at

if TYPE_CHECKING:
    from backproof.training.kernel import GroupLoop, Kernel

Array = NDArray[np.float64]
# Below this many steps of all runs together, compiling the lanes takes longer than they save: both grow with
# the step.
LEAST_STEPS = 1e7
# A step of more operations than this is as fast alone: its layers fill the vectors by themselves, and side by
# side its state no longer fits in the nearest cache. Measured, 1-10-1 takes 15 ns in lanes and 38 alone,
# 2-20-20-1 (3,050 operations) 146 and 252, 4-24-24-2 (4,626) 298 and 348.
MOST_OPERATIONS = 3500
MOST_DRAWN = 1 << 20  # sample numbers that a thread holds at once


@dataclass(frozen=True, slots=True)
class Start:
    """How a network begins: its seed, its first parameters, its data, and those that are held back."""

    seed: int
    parameters: Sequence[Array]
    x: Array
    y: Array
    held: Samples | None = None


Begin = Callable[[int], Start]  # by the seed; called when the network's turn comes, so that few are held


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def train_together(
    trainer: Trainer,
    seeds: Sequence[int],
    begin: Begin,
    steps: int,
    rate: Rate,
    watch: Watch,
    *,
    plan: Plan | None = None,
    known: Mapping[int, Reached] | None = None,
) -> list[Outcome]:
    """Train a network for each seed; gives the outcomes in that order.

    ``watch`` is told of every chunk of every network, and ends all of them by True. Ctrl-C ends them too;
    networks that had not begun then have no outcome. An outcome's seconds are its share of the time. Those
    that are ``known`` go on from where they were, to the same bits if the ``plan`` is of the same code.
    """
    from concurrent.futures import ThreadPoolExecutor  # a run of one network should not wait for it

    from backproof.training.kernel.blas import single_thread

    plan, known = plan or plan_for(trainer, len(seeds), steps), known or {}
    lanes, threads = plan.lanes, plan.threads
    start = time.perf_counter()
    groups = _groups(seeds, known, min(lanes.step.networks, -(-len(seeds) // threads)) if lanes else 1)
    room = _Room(trainer, lanes, begin, steps, rate, known)
    interrupted, stopped = False, False
    failure: Exception | None = None
    with single_thread(), ThreadPoolExecutor(min(threads, len(groups))) as pool:
        futures = [pool.submit(room.train, group) for group in groups]
        working = len(futures)
        while working:
            try:
                told = room.events.get()
                if told is None:
                    working -= 1
                elif not room.stop.is_set() and watch(told):
                    stopped = True
                    room.stop.set()
            except KeyboardInterrupt:
                interrupted = True
                room.stop.set()
            except Exception as error:  # the watch's: the threads have to be ended before it is raised
                failure = failure or error
                room.stop.set()
    if failure is not None:
        raise failure
    outcomes = [outcome for future in futures for outcome in future.result()]
    order = {seed: number for number, seed in enumerate(seeds)}
    outcomes.sort(key=lambda outcome: order[outcome.seed])
    seconds = time.perf_counter() - start
    return _finished(outcomes, known, seconds, steps, interrupted=interrupted, stopped=stopped)


def _groups(seeds: Sequence[int], known: Mapping[int, Reached], size: int) -> list[Sequence[int]]:
    """Networks that are trained side by side: they stand at the same step."""
    places: dict[int, list[int]] = {}
    for seed in seeds:
        places.setdefault(known[seed].steps if seed in known else 0, []).append(seed)
    return [place[first : first + size] for place in places.values() for first in range(0, len(place), size)]


def _finished(
    outcomes: Sequence[Outcome],
    known: Mapping[int, Reached],
    seconds: float,
    steps: int,
    *,
    interrupted: bool,
    stopped: bool,
) -> list[Outcome]:
    """Say of each outcome what ended it, and give it its share of the time."""
    begun = {seed: (reached.steps, reached.seconds) for seed, reached in known.items()}
    before = [begun.get(outcome.seed, (0, 0.0)) for outcome in outcomes]
    done = max(sum(outcome.steps for outcome in outcomes) - sum(steps for steps, _ in before), 1)
    finished = []
    for outcome, (first, spent) in zip(outcomes, before, strict=True):
        ended = outcome.steps < steps and outcome.divergence is None
        finished.append(
            replace(
                outcome,
                seconds=spent + seconds * (outcome.steps - first) / done,
                interrupted=ended and interrupted,
                stopped=ended and stopped,
            )
        )
    return finished


@dataclass(frozen=True, slots=True)
class Lanes:
    """The kernels that work on networks side by side: of the step, and of the loss of all samples.

    A loss is summed in float64; where the steps are in float32, the evaluator does that.
    """

    step: Kernel
    loss: Kernel | None


@dataclass(frozen=True, slots=True)
class Plan:
    """How networks are trained at once: by so many threads, in lanes or, where there are none, alone."""

    threads: int
    lanes: Lanes | None

    def code(self, trainer: Trainer) -> str:
        """A digest of what does the steps, as `Trainer.code`."""
        return self.lanes.step.digest if self.lanes else trainer.code


def plan_for(trainer: Trainer, networks: int, steps: int, code: str | None = None) -> Plan:
    """Choose what is fastest; with ``code``, what computes the same bits, if there is such a thing here."""
    threads = cores()
    if code == trainer.code or (code is None and not _worth_lanes(trainer, networks, steps, threads)):
        return Plan(threads, None)
    return Plan(threads, _lanes(trainer))


def _worth_lanes(trainer: Trainer, networks: int, steps: int, threads: int) -> bool:
    """Are lanes faster than one network a core, their compilation included?"""
    if trainer.kernel is None or networks <= 2 * threads:
        return False
    return steps * networks >= LEAST_STEPS


def _lanes(trainer: Trainer) -> Lanes | None:
    """Compile the lanes for a step that is small enough for them."""
    if trainer.kernel is None:
        return None
    from backproof.training.kernel import NotCompilableError, compile_step, estimate

    if estimate(trainer.step, 1) > MOST_OPERATIONS:
        return None
    try:
        step = compile_step(trainer.step, unrolled=True, side_by_side=True, dtype=trainer.dtype)
        loss = compile_step(_loss_step(trainer), side_by_side=True) if trainer.dtype == "float64" else None
    except (NotCompilableError, RuntimeError):
        return None
    trainer.compiling += step.seconds + (loss.seconds if loss else 0.0)
    return Lanes(step, loss)


def _loss_step(trainer: Trainer) -> Step:
    """A step that leaves the parameters as they are and adds the loss of its sample to a total."""
    network = trainer.network
    shapes = [np.zeros(np.shape(node.value)) for node in trainer.step.parameters]
    whole = forward(network, shapes, np.full(network.layers[0], 0.5), np.full(network.layers[-1], 0.5))
    total = leaf(0.0, "total")
    updated = (*whole.parameters, apply("add", total, whole.loss))
    return replace(whole, state=(*whole.parameters, total), updated=updated)


class _Room:
    """Where the threads work: what they share."""

    def __init__(
        self,
        trainer: Trainer,
        lanes: Lanes | None,
        begin: Begin,
        steps: int,
        rate: Rate,
        known: Mapping[int, Reached],
    ) -> None:
        self.trainer = trainer
        self.lanes = lanes
        self.begin = begin
        self.steps = steps
        self.rate = rate
        self.known = known
        self.stop = Event()
        # What is reached, and None for each group that ends. Who writes waits where nobody reads as fast.
        self.events: Queue[Reached | None] = Queue(1000)

    def train(self, seeds: Sequence[int]) -> list[Outcome]:
        """Train a group of networks to the end."""
        try:
            if self.stop.is_set():
                return []
            starts = [self.begin(seed) for seed in seeds]
            alone = [self.trainer.on(start.x, start.y, start.held) for start in starts]
            reached = [
                self.known.get(start.seed) or one.begin(start.parameters, start.seed)
                for one, start in zip(alone, starts, strict=True)
            ]
            if self.lanes is None:
                return [self._alone(one, at) for one, at in zip(alone, reached, strict=True)]
            return self._side_by_side(self.lanes, alone, reached)
        finally:
            self.events.put(None)

    def _tell(self, reached: Reached) -> bool:
        self.events.put(reached)
        return self.stop.is_set()

    def _alone(self, trainer: Trainer, reached: Reached) -> Outcome:
        return trainer.go_on(reached, self.steps, self.rate, self._tell)

    def _side_by_side(
        self, lanes: Lanes, alone: Sequence[Trainer], reached: Sequence[Reached]
    ) -> list[Outcome]:
        """Train a group in lanes. One that is not finite after a chunk does that chunk again alone.

        So its outcome says at which step it diverged.
        """
        from backproof.training.kernel import GroupLoop

        group = GroupLoop(
            lanes.step, [at.state for at in reached], [one.x for one in alone], [one.y for one in alone]
        )
        draws = [np.random.default_rng() for _ in reached]
        for draw, at in zip(draws, reached, strict=True):
            draw.bit_generator.state = at.random
        latest, sound = list(reached), [True] * len(reached)
        chunk, done = self.trainer.chunk(self.steps), reached[0].steps
        count = len(self.trainer.step.parameters)
        while done < self.steps and any(sound):
            size, begun = min(chunk, self.steps - done), time.perf_counter()
            if not self._advance(group, alone[0], draws, done, size):
                break
            done += size
            states = group.states()
            if lanes.loss:
                losses = group.losses(lanes.loss)
            else:
                losses = np.array([one.loss(state[:count]) for one, state in zip(alone, states, strict=True)])
            finite = group.finite() & np.isfinite(losses)
            spent = (time.perf_counter() - begun) / len(reached)
            for number, state in enumerate(states):
                sound[number] = sound[number] and bool(finite[number])
                if sound[number]:
                    at, loss = latest[number], float(losses[number])
                    latest[number] = Reached(
                        at.seed,
                        done,
                        tuple(state),
                        draws[number].bit_generator.state,
                        longer(at.history, done, loss),
                        at.seconds + spent,
                        exact=done % BLOCK == 0,
                        validation=alone[number].validated(at.validation, done, state[:count]),
                    )
                    self._tell(latest[number])
        return [
            self._outcome(at) if fine else self._alone(one, at)
            for one, at, fine in zip(alone, latest, sound, strict=True)
        ]

    def _advance(
        self,
        group: GroupLoop,
        one: Trainer,
        draws: Sequence[np.random.Generator],
        done: int,
        steps: int,
    ) -> bool:
        """Do steps of a group, each network's samples drawn by its own generator; False if told to stop."""
        # Cut between blocks, a group of another size has the same bits.
        piece = max(MOST_DRAWN // (len(draws) * one.batch * BLOCK), 1) * BLOCK
        for first in range(0, steps, piece):
            if self.stop.is_set():
                return False
            size = min(piece, steps - first)
            drawn = [one.draw(draw, size) for draw in draws]
            group.advance(np.stack(drawn), rates_at(self.rate, done + first, size))
        return True

    def _outcome(self, at: Reached) -> Outcome:
        count = len(self.trainer.step.parameters)
        first = at.history[0][1]
        return Outcome(
            at.seed, at.state[:count], first, at.loss, at.steps, 0.0, at.history, validation=at.validation
        )
