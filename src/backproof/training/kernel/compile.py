"""The compiled training loop: one function that does any number of steps on a packed state."""

from __future__ import annotations

import ctypes
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.graph import ancestors
from backproof.training.kernel import blas
from backproof.training.kernel.generate import Generator, row_stride
from backproof.training.kernel.lanes import width_of
from backproof.training.kernel.places import Place
from backproof.training.kernel.precision import PRECISIONS, Precision
from backproof.training.kernel.target import MachineCode, Target, assemble, host, llvm_version
from backproof.training.network import Step

Array = NDArray[np.float64]
Numbers = NDArray[Any]  # of the kernel's precision
Order = NDArray[np.int32]
MOST_VECTORS = 1500  # a step of more vector operations than this is written as loops, not unrolled

# State, x, y, order, rates; the distance from one rate to the next (0: all steps have one); steps; scratch.
_SIGNATURE = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5, *[ctypes.c_int64] * 2, ctypes.c_void_p)


@dataclass(frozen=True, slots=True)
class Kernel:
    """A compiled step of one network, or of ``networks`` side by side.

    ``seconds`` is what generating and compiling it took.
    """

    code: MachineCode
    places: tuple[Place, ...]
    batch: int
    inputs: int
    outputs: int
    width: int
    networks: int
    scratch: int
    unrolled: bool
    vectors: float  # about how many vector operations a step takes
    seconds: float
    precision: Precision
    module: str = field(repr=False, default="")

    @property
    def digest(self) -> str:
        """Tells the machine code apart: where it is the same, so is every bit that it computes."""
        text = f"{host()} {llvm_version()} {self.module}"
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def packed(self) -> int:
        """How many numbers the packed state of one network has."""
        return self.places[-1].end

    def call(
        self,
        packed: Numbers,
        x: Numbers,
        y: Numbers,
        order: Order,
        rate: float | Array,
        steps: int,
        scratch: Numbers,
    ) -> None:
        """Do steps on a packed state; the arrays are as the kernel reads them, ``scratch`` as given by it."""
        rates = np.asarray(rate, dtype=np.float64, order="C")
        if rates.shape not in ((), (steps,)):
            raise ValueError(f"there are {rates.size} rates for {steps} steps")
        addresses = [array.ctypes.data for array in (packed, x, y, order, rates)]
        _SIGNATURE(self.code.address)(*addresses, rates.ndim, steps, scratch.ctypes.data)

    def new_scratch(self) -> Numbers:
        """Memory for the values of a step; a loop keeps it from step to step."""
        return self.zeros(self.scratch + self.width * self.networks)

    def zeros(self, *shape: int) -> Numbers:
        """Memory for numbers as the kernel computes with them."""
        return np.zeros(shape, dtype=self.precision.name)

    def rows(self, data: Array, columns: int) -> Numbers:
        """Data as the kernel reads them: whole vectors, zeros after the end; one column stays as it is."""
        rows = self.zeros(len(data), row_stride(columns, self.width))
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinite there
            rows[:, :columns] = np.asarray(data).reshape(len(data), columns)
        return rows

    def loop(self, state: Sequence[Array], x: Array, y: Array) -> CompiledLoop:
        """Start a training loop; ``x`` has shape `(samples, inputs)`, ``y`` `(samples, outputs)`."""
        return CompiledLoop(self, state, x, y)

    def run(
        self, state: Sequence[Array], x: Array, y: Array, order: Order, rate: float | Array
    ) -> list[Array]:
        """Do one step for every entry of ``order``, `(steps,)` or `(steps, batch)`; gives the new state.

        ``rate`` is one for all steps, or one for each, `(steps,)`.
        """
        loop = self.loop(state, x, y)
        loop.advance(order, rate)
        return loop.state()


class CompiledLoop:
    """A training loop on a kernel: the state is kept packed, as the kernel reads it."""

    def __init__(self, kernel: Kernel, state: Sequence[Array], x: Array, y: Array) -> None:
        self._kernel = kernel
        self._x = kernel.rows(x, kernel.inputs)
        self._y = kernel.rows(y, kernel.outputs)
        self._packed = kernel.zeros(kernel.packed)
        self._scratch = kernel.new_scratch()
        self.restore(state)

    def advance(self, order: Order, rate: float | Array) -> None:
        """Do one step for each entry (each row, in batches) of the order, at one rate or each at its own."""
        batch = self._kernel.batch
        steps = order.size // batch
        order = np.ascontiguousarray(order, dtype=np.int32)
        if order.size != steps * batch or (order.size and not 0 <= order.min() <= order.max() < len(self._x)):
            raise ValueError("the order does not name samples of the data, a whole batch for each step")
        self._kernel.call(self._packed, self._x, self._y, order, rate, steps, self._scratch)

    def state(self) -> list[Array]:
        """The state after the last step."""
        return [place.unpack(self._packed) for place in self._kernel.places]

    def feed(self, x: Array) -> None:
        """Read other rows from now on."""
        self._x = self._kernel.rows(x, self._kernel.inputs)

    def take(self, other: CompiledLoop, places: Sequence[tuple[int, int]]) -> None:
        """Take values of the state from another loop: pairs of their numbers here and there."""
        for own, its in places:
            here, there = self._kernel.places[own], other._kernel.places[its]
            if (here.lane, here.line, here.lines, here.stride) == (
                there.lane, there.line, there.lines, there.stride,
            ):  # fmt: skip
                self._packed[here.offset : here.end] = other._packed[there.offset : there.end]
            else:
                here.pack(there.unpack(other._packed), self._packed)

    def restore(self, state: Sequence[Array]) -> None:
        """Go back to a state."""
        self._packed[...] = 0.0  # the unused lanes too: after a divergence they are not finite
        for place, value in zip(self._kernel.places, state, strict=True):
            place.pack(np.asarray(value, dtype=np.float64), self._packed)


def compile_step(
    step: Step,
    target: Target | None = None,
    *,
    unrolled: bool | None = None,
    side_by_side: bool = False,
    dtype: str = "float64",
) -> Kernel:
    """Generate and compile the training loop of a step.

    Raises `NotCompilableError` for a graph that holds what the generator has no instructions for.
    ``unrolled`` overrides the choice between straight code and loops; ``side_by_side`` asks for a kernel
    that trains as many networks at once as the widest vector has lanes, see `GroupLoop`. ``dtype`` is
    "float64" or "float32".
    """
    start = time.perf_counter()
    precision = PRECISIONS[dtype]
    target = (target or host()).of(precision)
    networks = target.widest if side_by_side else 1
    vectors = estimate(step, width_of(target, networks))
    unrolled = vectors <= MOST_VECTORS if unrolled is None else unrolled
    generator = Generator(step, target, unrolled, networks, precision)
    module = generator.generate()
    code = assemble(module, "steps", target, blas.symbols(module))
    return Kernel(
        code,
        generator.places,
        generator.batch,
        generator.columns(step.x),
        generator.columns(step.y),
        generator.width,
        networks,
        generator.scratch,
        generator.unrolled,
        vectors,
        time.perf_counter() - start,
        precision,
        module,
    )


def estimate(step: Step, width: int) -> float:
    """About how many vector operations one step takes."""
    total = 0.0
    for node in ancestors(step.updated):
        size = np.size(node.value)
        if node.operation in ("matmul", "dot") and all(np.ndim(operand.value) for operand in node.operands):
            size *= np.shape(node.operands[0].value)[-1]
        total += max(size / width, 1.0)
    return total
