"""One training run: steps in chunks, so that it can be watched, stopped, and noticed when it diverges."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backproof.graph import evaluate, leaf
from backproof.train.loop import BLOCK, EvaluatedLoop, Loop
from backproof.train.network import LOSSES, Network, Step, forward, training_step

if TYPE_CHECKING:
    from backproof.train.kernel import Kernel

Array = NDArray[np.float64]
CHUNKS = 50  # a run is cut into this many, for the curve of the loss
CHUNK_WORK = 2e8  # vector operations a chunk at most: about a tenth of a second, so that Ctrl-C is heard
EVALUATED_CHUNK = 500  # steps a chunk where nothing is compiled


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first step after which a parameter or the loss was not finite any more, and which one it was."""

    step: int
    parameter: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to. Losses are means over all samples; the history holds (steps done, loss)."""

    seed: int
    parameters: tuple[Array, ...]
    first_loss: float
    final_loss: float
    steps: int
    seconds: float
    history: tuple[tuple[int, float], ...] = field(default=())
    divergence: Divergence | None = None
    interrupted: bool = False


class Trainer:
    """A network ready to be trained on data: built and compiled once, run for any number of seeds.

    ``reason`` says why the run is not compiled, where it is not.
    """

    def __init__(
        self, network: Network, x: Array, y: Array, batch: int = 1, *, compiled: bool = True
    ) -> None:
        self.network = network
        self.batch = batch
        self._shapes = [np.zeros(shape) for shape in _shapes(network)]
        self.step: Step = training_step(network, self._shapes, None if batch == 1 else batch)
        self.kernel, self.reason = _compiled(self.step) if compiled else (None, "it was not asked to be")
        self.set_data(x, y)

    def set_data(self, x: Array, y: Array) -> None:
        """Train on other data of the same columns."""
        self.x, self.y = x, y
        self._whole: Step | None = None

    @cached_property
    def _memory(self) -> list[Array]:
        """What the optimiser remembers before the first step."""
        return [np.asarray(node.value) for node in self.step.state[len(self.step.parameters) :]]

    def loss(self, parameters: Sequence[Array]) -> float:
        """The mean loss over all samples."""
        if self._whole is None:
            self._whole = forward(self.network, self._shapes, self.x, self.y)
        whole = self._whole
        values = evaluate([whole.loss], dict(zip(whole.parameters, parameters, strict=True)))
        return float(np.asarray(values[whole.loss]))

    def loss_of_mean(self) -> float:
        """The loss of a network that gives the mean of the targets whatever it is shown."""
        mean = np.broadcast_to(self.y.mean(axis=0), self.y.shape)
        loss = LOSSES[self.network.loss][0](leaf(mean), leaf(self.y), len(self.y))
        return float(np.asarray(loss.value))

    def outputs(self, parameters: Sequence[Array], x: Array) -> Array:
        """What the network gives for inputs as it sees them, one sample a row."""
        step = forward(self.network, parameters, x, np.zeros((len(x), self.network.layers[-1])))
        return np.asarray(step.output.value)

    def run(
        self,
        parameters: Sequence[Array],
        steps: int,
        rate: float,
        seed: int,
        watch: Callable[[int, float], None] | None = None,
    ) -> Outcome:
        """Train for a number of steps from these parameters, the samples drawn by the seed.

        Ctrl-C ends the run after the current chunk; the outcome then says so. ``watch`` is told the steps
        done and the loss after each chunk.
        """
        state = [*parameters, *self._memory]
        count = len(self.step.parameters)
        loop: Loop
        if self.kernel is not None:
            loop = self.kernel.loop(state, self.x, self.y)
            most = int(CHUNK_WORK / self.kernel.vectors)
        else:
            loop = EvaluatedLoop(self.step, state, self.x, self.y)
            most = EVALUATED_CHUNK
        chunk = max(min(steps // CHUNKS, most), 1)
        if chunk > BLOCK or (self.kernel and self.kernel.unrolled):
            chunk = -(-chunk // BLOCK) * BLOCK
        random = np.random.default_rng([seed, 2])
        loss = first = self.loss(parameters)
        history = [(0, first)]
        done, seconds = 0, 0.0
        divergence, interrupted = None, False
        try:
            while done < steps:
                size = min(chunk, steps - done)
                shape = (size,) if self.batch == 1 else (size, self.batch)
                order = random.integers(0, len(self.x), shape, dtype=np.int32)
                start = time.perf_counter()
                loop.advance(order, rate)
                seconds += time.perf_counter() - start
                after = loop.state()
                loss = self.loss(after[:count])
                if not _finite(after, loss):
                    divergence = self._divergence(loop, state, order, rate, done)
                    state, done = after, done + size
                    break
                state, done = after, done + size
                history.append((done, loss))
                if watch:
                    watch(done, loss)
        except KeyboardInterrupt:
            interrupted = True
            loss = self.loss(state[:count])
        return Outcome(
            seed, tuple(state[:count]), first, loss, done, seconds, tuple(history), divergence, interrupted
        )

    def _divergence(
        self, loop: Loop, before: Sequence[Array], order: NDArray[np.int32], rate: float, done: int
    ) -> Divergence:
        """Find the first step of a chunk after which something is not finite, by halving."""
        fine, broken = 0, len(order)
        state = list(before)
        while broken - fine > 1:
            middle = (fine + broken) // 2
            loop.restore(state)
            loop.advance(order[fine:middle], rate)
            after = loop.state()
            if _finite(after, self.loss(after[: len(self.step.parameters)])):
                fine, state = middle, after
            else:
                broken = middle
        loop.restore(state)
        loop.advance(order[fine:broken], rate)
        names = [node.name or "?" for node in self.step.state]
        bad = [name for name, value in zip(names, loop.state(), strict=True) if not np.isfinite(value).all()]
        return Divergence(done + broken, bad[0] if bad else "the loss")


def _compiled(step: Step) -> tuple[Kernel | None, str | None]:
    """Compile a step, or say why not."""
    try:
        from backproof.train.kernel import NotCompilableError, compile_step
    except (ImportError, OSError) as error:
        return None, f"llvmlite cannot be loaded ({error})"
    try:
        return compile_step(step), None
    except NotCompilableError as error:
        return None, str(error)
    except RuntimeError as error:  # LLVM knows no such processor, or may not make memory executable
        return None, f"LLVM refused ({error})"


def _finite(state: Sequence[Array], loss: float) -> bool:
    return math.isfinite(loss) and all(bool(np.isfinite(value).all()) for value in state)


def _shapes(network: Network) -> list[tuple[int, ...]]:
    shapes: list[tuple[int, ...]] = []
    for inputs, outputs in zip(network.layers, network.layers[1:], strict=False):
        shapes.append((inputs, outputs))
        if network.bias:
            shapes.append((outputs,))
    return shapes
