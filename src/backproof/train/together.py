"""Many networks at once: side by side in the lanes of vectors where they are small, and on all cores.

Each is as trained alone, with its own first parameters, its own order of samples and, where the data are
drawn by the seed, its own data. Networks that do not fit into lanes are trained one a core.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import Queue
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backproof.graph import apply, leaf
from backproof.train.network import Step, forward
from backproof.train.run import Outcome, Reached, Samples, Trainer, Watch, longer
from backproof.train.schedule import Rate, rates_at

if TYPE_CHECKING:
    from backproof.train.kernel import GroupLoop, Kernel

Array = NDArray[np.float64]
# Below this many vector operations of all runs together, compiling the lanes takes longer than they save.
LEAST_WORK = 5e8
# A step of more vector operations than this is faster alone: its layers fill the vectors by themselves, and
# side by side its state no longer fits in the registers and the nearest cache.
MOST_VECTORS = 1500
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
    trainer: Trainer, seeds: Sequence[int], begin: Begin, steps: int, rate: Rate, watch: Watch
) -> list[Outcome]:
    """Train a network for each seed; gives the outcomes in that order.

    ``watch`` is told of every chunk of every network, and ends all of them by True. Ctrl-C ends them too;
    networks that had not begun then have no outcome. An outcome's seconds are its share of the time.
    """
    threads = cores()
    lanes = _lanes(trainer, len(seeds), steps, threads)
    start = time.perf_counter()
    size = 1
    if lanes is not None:
        size = min(lanes.step.networks, -(-len(seeds) // threads))
    groups = [seeds[first : first + size] for first in range(0, len(seeds), size)]
    room = _Room(trainer, lanes, begin, steps, rate)
    interrupted, stopped = False, False
    failure: Exception | None = None
    with ThreadPoolExecutor(min(threads, len(groups))) as pool:
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
    return _finished(outcomes, time.perf_counter() - start, steps, interrupted=interrupted, stopped=stopped)


def _finished(
    outcomes: Sequence[Outcome], seconds: float, steps: int, *, interrupted: bool, stopped: bool
) -> list[Outcome]:
    """Say of each outcome what ended it, and give it its share of the time."""
    done = max(sum(outcome.steps for outcome in outcomes), 1)
    finished = []
    for outcome in outcomes:
        ended = outcome.steps < steps and outcome.divergence is None
        finished.append(
            replace(
                outcome,
                seconds=seconds * outcome.steps / done,
                interrupted=ended and interrupted,
                stopped=ended and stopped,
            )
        )
    return finished


@dataclass(frozen=True, slots=True)
class _Lanes:
    """The kernels that work on networks side by side: of the step, and of the loss of all samples."""

    step: Kernel
    loss: Kernel


def _lanes(trainer: Trainer, networks: int, steps: int, threads: int) -> _Lanes | None:
    """Compile the lanes where they are faster than one network a core."""
    if trainer.kernel is None or networks <= 2 * threads:
        return None
    if trainer.kernel.vectors * steps * networks < LEAST_WORK:
        return None
    from backproof.train.kernel import NotCompilableError, compile_step, estimate

    if estimate(trainer.step, 1) > MOST_VECTORS:
        return None
    try:
        kernels = [compile_step(step, side_by_side=True) for step in (trainer.step, _loss_step(trainer))]
    except (NotCompilableError, RuntimeError):
        return None
    trainer.compiling += sum(kernel.seconds for kernel in kernels)
    return _Lanes(*kernels)


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

    def __init__(self, trainer: Trainer, lanes: _Lanes | None, begin: Begin, steps: int, rate: Rate) -> None:
        self.trainer = trainer
        self.lanes = lanes
        self.begin = begin
        self.steps = steps
        self.rate = rate
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
                one.begin(start.parameters, start.seed) for one, start in zip(alone, starts, strict=True)
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
        self, lanes: _Lanes, alone: Sequence[Trainer], reached: Sequence[Reached]
    ) -> list[Outcome]:
        """Train a group in lanes. One that is not finite after a chunk does that chunk again alone.

        So its outcome says at which step it diverged.
        """
        from backproof.train.kernel import GroupLoop

        group = GroupLoop(
            lanes.step, [at.state for at in reached], [one.x for one in alone], [one.y for one in alone]
        )
        draws = [np.random.default_rng() for _ in reached]
        for draw, at in zip(draws, reached, strict=True):
            draw.bit_generator.state = at.random
        latest, sound = list(reached), [True] * len(reached)
        chunk, done = self.trainer.chunk(self.steps), 0
        count = len(self.trainer.step.parameters)
        while done < self.steps and any(sound):
            size = min(chunk, self.steps - done)
            if not self._advance(group, alone[0], draws, done, size):
                break
            done += size
            losses = group.losses(lanes.loss)
            finite = group.finite() & np.isfinite(losses)
            for number, state in enumerate(group.states()):
                sound[number] = sound[number] and bool(finite[number])
                if sound[number]:
                    at, loss = latest[number], float(losses[number])
                    latest[number] = Reached(
                        at.seed,
                        done,
                        tuple(state),
                        draws[number].bit_generator.state,
                        longer(at.history, done, loss),
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
        piece = max(MOST_DRAWN // (len(draws) * one.batch), 1)
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
