"""Train what was taken over: in chunks, so that it can be watched, stopped, and noticed to diverge."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backproof.retrain.taken_over import TakenOver
from backproof.training.loop import BLOCK
from backproof.training.run import (
    CHUNK_WORK,
    CHUNKS,
    EVALUATED_CHUNK,
    Divergence,
    Outcome,
    Reached,
    Watch,
    first_divergence,
    is_finite,
    longer,
)

Array = NDArray[np.float64]
ROUNDS = 200_000  # steps of which the loss is taken at the end, at the most
FEWEST_ROUNDS = 50  # the same for a point of the curve, at the least
EVALUATED_ROUNDS = 200  # the same where nothing is compiled


def train(
    taken: TakenOver,
    steps: int,
    seed: int,
    rate: float | None = None,
    watch: Watch | None = None,
    known: Reached | None = None,
    first: Sequence[Array] | None = None,
) -> Outcome:
    """Do the steps of a program from its own first weights, or from where a run of it is ``known`` to be.

    ``seed`` draws what the program draws, ``rate`` stands in the place of its own, and ``first`` in that of
    its first weights. The losses are means over all samples.
    """
    machine = taken.machine
    begun = machine.first if first is None else (*first, *machine.first[len(first) :])
    own, decays = machine.rate if rate is None else rate, taken.decays
    most = EVALUATED_ROUNDS if machine.kernel is None else ROUNDS
    every = taken.order.all(most)
    # The curve takes no more time than the training.
    some = taken.order.all(min(most, max(_chunk(taken, steps), FEWEST_ROUNDS)))

    def loss(state: Sequence[Array]) -> float:
        return machine.loss(state, some)

    reached = known or Reached(seed, 0, begun, {}, ((0, machine.loss(begun, every)),))
    first_loss = reached.history[0][1]
    loop = machine.loop(reached.state, seed)
    passed = 0  # steps that are drawn, since each draw depends on those before, and were done already
    divergence: Divergence | None = None
    interrupted = stopped = False
    try:
        for order in taken.order.blocks(steps, _chunk(taken, steps), seed):
            if passed < reached.steps:
                passed += len(order)
                continue
            rates = own if decays is None else own * decays.factors(taken.skipped + passed, len(order))
            order = machine.numbered(order, passed)
            start = time.perf_counter()
            loop.advance(order, rates)
            seconds = reached.seconds + time.perf_counter() - start
            state = tuple(loop.state())
            done, now = reached.steps + len(order), loss(state)
            passed = done
            before, reached = (
                reached,
                Reached(seed, done, state, {}, longer(reached.history, done, now), seconds),
            )
            if not is_finite(state, 0.0):  # the loss alone may be a logarithm of 0, and the program goes on
                found = first_divergence(loop, before.state, order, rates, machine.names, lambda _: 0.0)
                divergence = replace(found, step=before.steps + found.step)
                break
            stopped = bool(watch and watch(reached))
            if stopped:
                break
    except KeyboardInterrupt:
        interrupted = True
    if len(some) < len(every) and reached.steps and not divergence:
        *earlier, (done, _) = reached.history
        reached = replace(reached, history=(*earlier, (done, machine.loss(reached.state, every))))
    history = reached.history[:-1] if divergence else reached.history
    parameters = reached.state[: taken.recurrence.parameters]
    return Outcome(
        seed, parameters, first_loss, reached.loss, reached.steps, reached.seconds, history, divergence,
        interrupted, stopped,
    )  # fmt: skip


def _chunk(taken: TakenOver, steps: int) -> int:
    kernel = taken.machine.kernel
    most = EVALUATED_CHUNK if kernel is None else int(CHUNK_WORK / kernel.vectors)
    chunk = max(min(steps // CHUNKS, most), 1)
    return -(-chunk // BLOCK) * BLOCK if chunk > BLOCK else chunk
