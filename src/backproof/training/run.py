"""One training run: steps in chunks, so that it can be watched, stopped, and noticed when it diverges."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.graph import evaluate, leaf
from backproof.training.loop import BLOCK, EvaluatedLoop, Loop
from backproof.training.network import LOSSES, Network, Step, forward, training_step
from backproof.training.schedule import Rate, rates_at

if TYPE_CHECKING:
    from backproof.training.kernel import Kernel

Array = NDArray[np.float64]
Samples: TypeAlias = tuple[Array, Array]  # inputs as the network sees them, and outputs
Curve: TypeAlias = tuple[tuple[int, float], ...]  # steps done and the loss
CHUNKS = 50  # a run is cut into this many, for the curve of the loss
LONGEST_HISTORY = 1000  # points of that curve; a long run keeps every second one, and again
CHUNK_WORK = 2e8  # vector operations a chunk at most: about a tenth of a second, so that Ctrl-C is heard
MOST_DRAWN = 1 << 22  # sample numbers that are held at once
EVALUATED_CHUNK = 500  # steps a chunk where nothing is compiled


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first step after which a parameter or the loss was not finite any more, and which one it was."""

    step: int
    parameter: str


@dataclass(frozen=True, slots=True)
class Reached:
    """A run between two chunks: all that it takes to go on from there.

    ``state`` holds the parameters, then what the optimiser remembers; ``random`` is the state of the
    generator that draws the samples, ``history`` the curve of the loss up to here, ``validation`` that of the
    samples held back, empty where there are none, ``seconds`` the time spent in steps. A run that goes on
    from an ``exact`` place has the same bits as one that was never stopped there.
    """

    seed: int
    steps: int
    state: tuple[Array, ...]
    random: Mapping[str, Any]
    history: Curve
    seconds: float = 0.0
    exact: bool = True
    validation: Curve = ()

    @property
    def loss(self) -> float:
        """The mean loss over all samples."""
        return self.history[-1][1]


# What a run tells of each chunk; True stops the run.
Watch: TypeAlias = "Callable[[Reached], bool | None]"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to. Losses are means over all samples; the history holds (steps done, loss).

    ``validation`` is the same curve for the samples that were held back, empty where there are none.

    ``interrupted`` says that Ctrl-C ended it, ``stopped`` that who watched it did.
    """

    seed: int
    parameters: tuple[Array, ...]
    first_loss: float
    final_loss: float
    steps: int
    seconds: float
    history: Curve = field(default=())
    divergence: Divergence | None = None
    interrupted: bool = False
    stopped: bool = False
    validation: Curve = ()

    @property
    def validation_loss(self) -> float | None:
        """The loss of the samples that were held back, if any were."""
        return self.validation[-1][1] if self.validation else None

    @property
    def rank(self) -> float:
        """Orders outcomes by their final loss, of the samples held back if any were; diverged ones last."""
        loss = self.final_loss if self.validation_loss is None else self.validation_loss
        return loss if math.isfinite(loss) and math.isfinite(self.final_loss) else math.inf


def loss_of_mean(network: Network, y: Array) -> float:
    """The loss of a network that gives the mean of the targets, ``y`` of shape (samples, outputs), always."""
    mean = np.broadcast_to(y.mean(axis=0), y.shape)
    loss = LOSSES[network.loss]
    seen = loss.sums(mean) if loss.sums else mean
    return float(np.asarray(loss.value(leaf(seen), leaf(y), len(y)).value))


class Trainer:
    """A network ready to be trained on data: built and compiled once, run for any number of seeds.

    ``reason`` says why the run is not compiled, where it is not. With ``dtype`` "float32" the steps are done
    in that precision; whatever is given and reported is float64, and so are the losses.
    """

    def __init__(
        self,
        network: Network,
        x: Array,
        y: Array,
        batch: int = 1,
        held: Samples | None = None,
        *,
        compiled: bool = True,
        dtype: str = "float64",
    ) -> None:
        self.network = network
        self.batch = batch
        self.dtype = dtype
        self._shapes = [np.zeros(shape) for shape in network.shapes()]
        self.step: Step = training_step(network, self._shapes, None if batch == 1 else batch)
        self.kernel, self.reason = (
            compiled_step(self.step, dtype) if compiled else (None, "it was not asked to be")
        )
        self.compiling = self.kernel.seconds if self.kernel else 0.0  # seconds
        self.set_data(x, y, held)

    def set_data(self, x: Array, y: Array, held: Samples | None = None) -> None:
        """Train on other data of the same columns; ``held`` are the inputs and outputs held back."""
        self.x, self.y, self.held = x, y, held
        self._wholes: dict[bool, Step] = {}

    @property
    def names(self) -> list[str]:
        """The names of the parameters, and of what the optimiser remembers, as in `Reached.state`."""
        return [node.name or f"#{number}" for number, node in enumerate(self.step.state)]

    @cached_property
    def code(self) -> str:
        """A digest of what does the steps: only where it is the same are the bits."""
        return self.kernel.digest if self.kernel else f"NumPy {np.__version__} {self.dtype}"

    def on(self, x: Array, y: Array, held: Samples | None = None) -> Trainer:
        """The same trainer with other data; this one keeps its own."""
        other = copy.copy(self)
        other.set_data(x, y, held)
        return other

    @cached_property
    def _memory(self) -> list[Array]:
        """What the optimiser remembers before the first step."""
        return [np.asarray(node.value) for node in self.step.state[len(self.step.parameters) :]]

    def loss(self, parameters: Sequence[Array]) -> float:
        """The mean loss over all samples."""
        return self._loss_of(parameters, (self.x, self.y), held=False)

    def validated(self, curve: Curve, done: int, parameters: Sequence[Array]) -> Curve:
        """The curve of the loss of the samples held back, with one point more; empty where there are none."""
        if self.held is None:
            return ()
        return longer(curve, done, self._loss_of(parameters, self.held, held=True))

    def _loss_of(self, parameters: Sequence[Array], samples: Samples, *, held: bool) -> float:
        if held not in self._wholes:
            self._wholes[held] = forward(self.network, self._shapes, *samples)
        whole = self._wholes[held]
        values = evaluate([whole.loss], dict(zip(whole.parameters, parameters, strict=True)))
        return float(np.asarray(values[whole.loss]))

    def loss_of_mean(self) -> float:
        """The loss of a network that gives the mean of the targets whatever it is shown."""
        return loss_of_mean(self.network, self.y)

    def outputs(self, parameters: Sequence[Array], x: Array) -> Array:
        """What the network gives for inputs as it sees them, one sample a row."""
        step = forward(self.network, parameters, x, np.zeros((len(x), self.network.layers[-1])))
        return np.asarray(step.output.value)

    def run(
        self, parameters: Sequence[Array], steps: int, rate: Rate, seed: int, watch: Watch | None = None
    ) -> Outcome:
        """Train for a number of steps from these parameters, the samples drawn by the seed."""
        return self.go_on(self.begin(parameters, seed), steps, rate, watch)

    def begin(self, parameters: Sequence[Array], seed: int) -> Reached:
        """The state before the first step."""
        random = np.random.default_rng([seed, 2])
        state = tuple(
            np.asarray(value).astype(self.dtype).astype(np.float64) for value in (*parameters, *self._memory)
        )
        parameters = state[: len(self.step.parameters)]
        history = ((0, self.loss(parameters)),)
        return Reached(
            seed,
            0,
            state,
            random.bit_generator.state,
            history,
            validation=self.validated((), 0, parameters),
        )

    def draw(self, random: np.random.Generator, steps: int) -> NDArray[np.int32]:
        """Draw the samples of steps, `(steps,)` or `(steps, batch)`; a full batch has each of them once."""
        if self.batch == 1:
            return random.integers(0, len(self.x), steps, dtype=np.int32)
        if self.batch == len(self.x):
            return np.broadcast_to(np.arange(self.batch, dtype=np.int32), (steps, self.batch))
        return random.integers(0, len(self.x), (steps, self.batch), dtype=np.int32)

    def go_on(self, reached: Reached, steps: int, rate: Rate, watch: Watch | None = None) -> Outcome:
        """Train from where a run has come to, until so many steps are done in all.

        Ctrl-C ends the run after the last whole chunk; the outcome then says so. ``watch`` is told where the
        run is after each chunk, and ends it by True.
        """
        count = len(self.step.parameters)
        loop, chunk = self._loop(reached.state), self.chunk(steps)
        random = np.random.default_rng()
        random.bit_generator.state = reached.random
        divergence, interrupted, stopped = None, False, False
        try:
            while reached.steps < steps and not stopped:
                size = min(chunk, steps - reached.steps)
                order = self.draw(random, size)
                rates = rates_at(rate, reached.steps, size)
                start = time.perf_counter()
                loop.advance(order, rates)
                seconds = reached.seconds + time.perf_counter() - start
                state = tuple(loop.state())
                done, loss = reached.steps + size, self.loss(state[:count])
                before, reached = (
                    reached,
                    Reached(
                        reached.seed,
                        done,
                        state,
                        random.bit_generator.state,
                        longer(reached.history, done, loss),
                        seconds,
                        exact=not self._blocks or done % BLOCK == 0,
                        validation=self.validated(reached.validation, done, state[:count]),
                    ),
                )
                if not is_finite(state, loss):
                    found = first_divergence(
                        loop, before.state, order, rates, self.names, lambda s: self.loss(s[:count])
                    )
                    divergence = replace(found, step=before.steps + found.step)
                    break
                stopped = bool(watch and watch(reached))
        except KeyboardInterrupt:
            interrupted = True
        history = reached.history
        return Outcome(
            reached.seed,
            reached.state[:count],
            history[0][1],
            reached.loss,
            reached.steps,
            reached.seconds,
            history[:-1] if divergence else history,
            divergence,
            interrupted,
            stopped,
            reached.validation[:-1] if divergence else reached.validation,
        )

    @property
    def _blocks(self) -> bool:
        """Has a run to be cut between blocks, because the kernel carries values from step to step?"""
        return self.kernel is not None and self.kernel.unrolled

    def _loop(self, state: Sequence[Array]) -> Loop:
        """Give the loop that does the steps."""
        if self.kernel is not None:
            return self.kernel.loop(state, self.x, self.y)
        return EvaluatedLoop(self.step, state, self.x, self.y, self.dtype)

    def chunk(self, steps: int) -> int:
        """How many steps make a chunk of a run: by the work, never by a clock.

        At the end of a chunk the loss of all samples is computed, so that a compiled one has as many samples.
        """
        least, most = 1, EVALUATED_CHUNK
        if self.kernel:
            least, most = max(len(self.x) // self.batch, 1), int(CHUNK_WORK / self.kernel.vectors)
        chunk = max(min(max(min(steps // CHUNKS, most), least), MOST_DRAWN // self.batch), 1)
        if chunk > BLOCK or self._blocks:
            chunk = -(-chunk // BLOCK) * BLOCK
        return chunk


def first_divergence(
    loop: Loop,
    before: Sequence[Array],
    order: NDArray[np.int32],
    rate: float | Array,
    names: Sequence[str],
    loss: Callable[[Sequence[Array]], float],
) -> Divergence:
    """Find the first step of a chunk after which something is not finite, by halving.

    ``before`` is the state before the chunk, ``names`` are those of the state, ``loss`` is that of a state.
    The step counts from the chunk on.
    """
    fine, broken = 0, len(order)
    state = list(before)
    rates = np.broadcast_to(rate, broken)
    while broken - fine > 1:
        middle = (fine + broken) // 2
        loop.restore(state)
        loop.advance(order[fine:middle], rates[fine:middle])
        after = loop.state()
        if is_finite(after, loss(after)):
            fine, state = middle, after
        else:
            broken = middle
    loop.restore(state)
    loop.advance(order[fine:broken], rates[fine:broken])
    named = zip(names, loop.state(), strict=False)
    bad = [name for name, value in named if not np.isfinite(value).all()]
    return Divergence(broken, bad[0] if bad else "the loss")


def compiled_step(step: Step, dtype: str = "float64") -> tuple[Kernel | None, str | None]:
    """Compile a step, or say why not."""
    try:
        from backproof.training.kernel import NotCompilableError, compile_step
    except (ImportError, OSError) as error:
        return None, f"llvmlite cannot be loaded ({error})"
    try:
        return compile_step(step, dtype=dtype), None
    except NotCompilableError as error:
        return None, str(error)
    except RuntimeError as error:  # LLVM knows no such processor, or may not make memory executable
        return None, f"LLVM refused ({error})"


def longer(history: Curve, done: int, loss: float) -> Curve:
    """The history with one point more; where that is too many, with every second one."""
    points = (*history, (done, loss))
    return points if len(points) <= LONGEST_HISTORY else (*points[:-1:2], points[-1])


def is_finite(state: Sequence[Array], loss: float) -> bool:
    """Are all numbers of a state, and its loss, finite?"""
    return math.isfinite(loss) and all(bool(np.isfinite(value).all()) for value in state)
