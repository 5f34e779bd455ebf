"""The step of a program as the graph that the kernel compiles, and all that it begins with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backproof.graph import Node, ancestors, apply, leaf, simplify
from backproof.retrain.aligned import Entry, RetrainError
from backproof.retrain.losses import Loss
from backproof.retrain.making import Maker
from backproof.retrain.masks import with_masks
from backproof.retrain.mixed import Mixed, sizes_of
from backproof.retrain.recurrence import Recurrence
from backproof.retrain.replayed import Replayed
from backproof.retrain.samples import Samples
from backproof.retrain.streamed import Stream, Streamed
from backproof.training.loop import Loop
from backproof.training.network import Step
from backproof.training.run import compiled_step

if TYPE_CHECKING:
    from backproof.training.kernel import Kernel
    from backproof.training.kernel.compile import CompiledLoop

Array = NDArray[np.float64]
# Steps, at the least, over which a loss is taken that depends on what is drawn, and samples of these.
DRAWS, DRAWN_SAMPLES = 32, 2000


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Part:
    """The steps of one kind: those that take ``size`` samples.

    ``judge`` adds up the loss of one step after the other, and changes nothing else; None where the loss is
    not known for this kind. ``held`` are large arrays that the step reads. ``reason`` says why it is not
    compiled, where it is not; ``stream`` is what its steps read where they draw random numbers.
    """

    size: int
    step: Step
    judge: Step | None
    held: tuple[Array, ...]
    kernel: Kernel | None
    judging: Kernel | None
    reason: str | None
    stream: Stream | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Machine:
    """A training ready to be done: its steps, the data, and what it all begins with.

    There are steps of several kinds where the last batch of an epoch is smaller; the usual one is first. A
    state holds what the program carries on, by its ``names``, what the first part reads, and last so many
    ``numbers`` of the step. ``alone`` says that the loss is that of one of the samples of a batch.
    """

    names: tuple[str, ...]
    parts: tuple[Part, ...]
    first: tuple[Array, ...]
    x: Array
    y: Array
    rate: float
    numbers: int
    alone: bool = False
    judges: dict[int, Loop] = field(default_factory=dict)

    @property
    def kernel(self) -> Kernel | None:
        """The usual step, compiled; None where it could not be."""
        return self.parts[0].kernel

    @property
    def reason(self) -> str | None:
        """Why something is not compiled; None where all is."""
        return next((part.reason for part in self.parts if part.reason), None)

    @property
    def streamed(self) -> bool:
        """Do the steps draw random numbers?"""
        return self.parts[0].stream is not None

    @property
    def draws(self) -> int:
        """Over so many steps, at the least, a loss is taken; 0 where nothing is drawn."""
        stream = self.parts[0].stream
        return 0 if stream is None else max(DRAWS, DRAWN_SAMPLES // stream.rows)

    def loop(self, state: Sequence[Array] | None = None, seed: int = 0) -> Loop:
        """A training loop from a state, else from the program's own first one; its orders are `numbered`."""
        given = self.first if state is None else state
        if len(self.parts) == 1:
            return self._loop(self.parts[0], given, seed)
        loops = {part.size: self._loop(part, self._state_of(part, given), seed) for part in self.parts}
        return Mixed(loops, len(self.names), self.numbers, int(self.streamed))

    def numbered(self, order: NDArray[np.int32], begin: int) -> NDArray[np.int32]:
        """An order with the number of each step in front, where what a step draws follows from it."""
        if not self.streamed:
            return order
        numbers = np.arange(begin, begin + len(order), dtype=np.int32)
        return np.ascontiguousarray(np.column_stack([numbers, order]), dtype=np.int32)

    def loss(self, state: Sequence[Array], order: NDArray[np.int32], begin: int | None = None) -> float:
        """The mean loss of the steps that would take these samples, ``order`` of shape `(steps, batch)`.

        Each step counts by its samples; where the loss is that of one of them, every sample does. What they
        draw is the same for every state, or what the step ``begin`` and those after it draw.
        """
        if self.streamed and begin is None:
            order = np.tile(order, (-(-self.draws // len(order)), 1))
        if self.alone:
            order = np.repeat(order[order >= 0][:, None], self.parts[0].size, axis=1)
        sizes, total, weight = sizes_of(order), 0.0, 0
        order = self.numbered(order, -len(order) if begin is None else begin)
        lead = int(self.streamed)
        for part in self.parts:
            rows = order if len(self.parts) == 1 else order[sizes == part.size, : lead + part.size]
            if part.judge is None or not len(rows):
                continue
            given = [*self._state_of(part, state), np.zeros(())]
            loop = self.judges.get(part.size)
            if loop is None:
                loop = self.judges[part.size] = self._judge(part, given)
            loop.restore(given)
            loop.advance(np.ascontiguousarray(rows), self.rate)
            total += part.size * float(loop.state()[-1])
            weight += part.size * len(rows)
        return total / weight

    def _judge(self, part: Part, given: list[Array]) -> Loop:
        """A loop that adds up losses: made once, since it takes the data over."""
        assert part.judge is not None
        x, y = (self.x, self.y) if part.stream is None else part.stream.empty()
        inner = part.judging.loop(given, x, y) if part.judging else Replayed(part.judge, given, x, y)
        return inner if part.stream is None else Streamed(inner, part.stream, 0)

    def _loop(self, part: Part, state: Sequence[Array], seed: int) -> Replayed | CompiledLoop | Streamed:
        x, y = self.x, self.y
        if part.stream is not None:
            x, y = part.stream.empty()
        loop = part.kernel.loop(list(state), x, y) if part.kernel else Replayed(part.step, state, x, y)
        return loop if part.stream is None else Streamed(loop, part.stream, seed)

    def _state_of(self, part: Part, state: Sequence[Array]) -> list[Array]:
        """A state as one kind of step has it."""
        return [*state[: len(self.names)], *part.held, *state[len(state) - self.numbers :]]


def machine(
    found: Recurrence,
    samples: Samples,
    loss: Loss,
    rates: Iterable[Entry] = (),
    *,
    compiled: bool = True,
) -> Machine:
    """Build the step of a program, and compile it where it can be.

    ``rates`` are the entries that hold the learning rate.
    """
    kinds = found.aligned.kinds
    main = len(kinds) - 1
    places = [main, *(kinds.index(kind) for kind in set(kinds) - {kinds[main]})]
    rates = list(rates)
    makers = [Maker(found, samples, rates, at) for at in places]
    parts = [_part(made, loss, compiled) for made in makers]
    made = makers[0]
    first = [*(each.first for each in found.carried), *parts[0].held]
    first += [np.asarray(node.value, dtype=np.float64) for node in made.numbers]
    return Machine(
        tuple(each.name for each in found.carried), tuple(parts), tuple(first), made.data[0], made.data[1],
        float(made.rate.value), len(made.numbers), samples.batch > len(loss.places) == 1,
    )  # fmt: skip


def _part(made: Maker, loss: Loss, compiled: bool) -> Part:
    found = made.found
    updated = [made.node(each.after) for each in found.carried]
    scalar = made.loss(loss)
    befores = [made.nodes[each.before] for each in found.carried]
    parameters = tuple(befores[: found.parameters])
    if scalar is not None and set(parameters).isdisjoint(ancestors([scalar])):
        raise RetrainError("How the loss of the program depends on its parameters could not be seen.")
    state, after = [*befores, *made.held, *made.numbers], [*updated, *made.held]
    after += [apply("add", number, 1.0) for number in made.numbers]
    after = [
        node if np.shape(node.value) == np.shape(old.value) else _as(node, old)
        for node, old in zip(after, state, strict=True)
    ]
    *after, value = simplify(with_masks([*after, made.rate if scalar is None else scalar]))
    step = Step(made.x, made.y, made.rate, value, value, parameters, tuple(state), tuple(after))
    judge = None
    if scalar is not None:
        total = leaf(np.zeros(()), "total")
        judge = Step(
            made.x, made.y, made.rate, value, value, parameters, (*state, total),
            (*state, apply("add", total, value)),
        )  # fmt: skip
    kernel, reason = compiled_step(step) if compiled else (None, "it was not asked to be")
    judging = compiled_step(judge)[0] if kernel is not None and judge is not None else None
    held = tuple(np.asarray(node.value, dtype=np.float64) for node in made.held)
    return Part(made.batch, step, judge, held, kernel, judging, reason, made.stream)


def _as(node: Node, old: Node) -> Node:
    same = np.size(node.value) == np.size(old.value)
    return apply("reshape" if same else "broadcast_to", node, shape=np.shape(old.value))
