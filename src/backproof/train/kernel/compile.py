"""The compiled training loop: one function that does any number of steps on a packed state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
import ctypes
import time

from llvmlite import ir
import numpy as np
from numpy.typing import NDArray

from backproof.graph import Node, ancestors
from backproof.train.kernel.code import Code, NotCompilableError
from backproof.train.kernel.lanes import DOUBLE, INT32, INT64, POINTER, Lanes
from backproof.train.kernel.lower import Lowering
from backproof.train.kernel.target import MachineCode, Target, assemble, host
from backproof.train.kernel.tensor import (
    Computed,
    Gathered,
    Index,
    Memory,
    Pad,
    Tensor,
    Uniform,
    layout,
    plus,
    times,
)
from backproof.train.network import Step

Array = NDArray[np.float64]
MOST_VECTORS = 1500  # a step of more vector operations than this is written as loops, not unrolled
MOST_SCRATCH = 1 << 24  # float64 of scratch memory; beyond it BLAS does better than this generator

_SIGNATURE = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4, ctypes.c_int64, ctypes.c_double, ctypes.c_void_p)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a state variable stands in the packed state: ``lines`` lines of ``stride`` from ``offset`` on."""

    shape: tuple[int, ...]
    lane: int | None
    line: int | None
    offset: int
    lines: int
    length: int
    stride: int

    def pack(self, value: Array, packed: Array) -> None:
        """Write a value into the packed state; the unused lanes are left at zero."""
        view = packed[self.offset : self.offset + self.lines * self.stride].reshape(self.lines, self.stride)
        if self.lane is None:
            view[...] = value.reshape(())
        else:
            view[:, : self.length] = value.reshape(self.lines, self.length)

    def unpack(self, packed: Array) -> Array:
        """Read a value out of the packed state."""
        view = packed[self.offset : self.offset + self.lines * self.stride].reshape(self.lines, self.stride)
        return view[:, : self.length].reshape(self.shape).copy()


@dataclass(frozen=True, slots=True)
class Kernel:
    """A compiled step. ``seconds`` is what generating and compiling it took."""

    code: MachineCode
    places: tuple[Place, ...]
    batch: int
    inputs: int
    outputs: int
    width: int
    scratch: int
    unrolled: bool
    vectors: float  # about how many vector operations a step takes
    seconds: float
    module: str = field(repr=False, default="")

    def loop(self, state: Sequence[Array], x: Array, y: Array) -> CompiledLoop:
        """Start a training loop; ``x`` has shape `(samples, inputs)`, ``y`` `(samples, outputs)`."""
        return CompiledLoop(self, state, x, y)

    def run(
        self, state: Sequence[Array], x: Array, y: Array, order: NDArray[np.int32], rate: float
    ) -> list[Array]:
        """Do one step for every entry of ``order``, `(steps,)` or `(steps, batch)`; gives the new state."""
        loop = self.loop(state, x, y)
        loop.advance(order, rate)
        return loop.state()


class CompiledLoop:
    """A training loop on a kernel: the state is kept packed, as the kernel reads it."""

    def __init__(self, kernel: Kernel, state: Sequence[Array], x: Array, y: Array) -> None:
        self._kernel = kernel
        self._function = _SIGNATURE(kernel.code.address)
        self._x = _padded(x, kernel.inputs, kernel.width)
        self._y = _padded(y, kernel.outputs, kernel.width)
        last = kernel.places[-1]
        self._packed = np.zeros(last.offset + last.lines * last.stride)
        self._scratch = np.zeros(kernel.scratch + kernel.width)
        self.restore(state)

    def advance(self, order: NDArray[np.int32], rate: float) -> None:
        """Do one step for each entry (each row, in batches) of the order of samples."""
        batch = self._kernel.batch
        steps = order.size // batch
        order = np.ascontiguousarray(order, dtype=np.int32)
        if order.size != steps * batch or (order.size and not 0 <= order.min() <= order.max() < len(self._x)):
            raise ValueError("the order does not name samples of the data, a whole batch for each step")
        addresses = [array.ctypes.data for array in (self._packed, self._x, self._y, order)]
        self._function(*addresses, steps, rate, self._scratch.ctypes.data)

    def state(self) -> list[Array]:
        """The state after the last step."""
        return [place.unpack(self._packed) for place in self._kernel.places]

    def restore(self, state: Sequence[Array]) -> None:
        """Go back to a state."""
        self._packed[...] = 0.0  # the unused lanes too: after a divergence they are not finite
        for place, value in zip(self._kernel.places, state, strict=True):
            place.pack(np.asarray(value, dtype=np.float64), self._packed)


def _padded(data: Array, columns: int, width: int) -> Array:
    """Rows as the kernel reads them: whole vectors, zeros after the end; one column stays as it is."""
    stride = row_stride(columns, width)
    padded = np.zeros((len(data), stride))
    padded[:, :columns] = np.asarray(data, dtype=np.float64).reshape(len(data), columns)
    return padded


def row_stride(columns: int, width: int) -> int:
    """How many float64 one row of the data takes."""
    return 1 if columns == 1 else -(-columns // width) * width


def compile_step(step: Step, target: Target | None = None, *, unrolled: bool | None = None) -> Kernel:
    """Generate and compile the training loop of a step.

    Raises `NotCompilableError` for a graph that holds what the generator has no instructions for.
    ``unrolled`` overrides the choice between straight code and loops.
    """
    start = time.perf_counter()
    target = target or host()
    vectors = _estimate(step, target)
    generator = _Generator(step, target, vectors <= MOST_VECTORS if unrolled is None else unrolled)
    module = generator.generate()
    code = assemble(module, "steps", target)
    return Kernel(
        code,
        generator.places,
        generator.batch,
        generator.columns(step.x),
        generator.columns(step.y),
        target.lanes,
        generator.scratch,
        generator.unrolled,
        vectors,
        time.perf_counter() - start,
        module,
    )


def _estimate(step: Step, target: Target) -> float:
    """About how many vector operations one step takes."""
    total = 0.0
    for node in ancestors(step.updated):
        size = np.size(node.value)
        if node.operation in ("matmul", "dot") and all(np.ndim(operand.value) for operand in node.operands):
            size *= np.shape(node.operands[0].value)[-1]
        total += max(size / target.lanes, 1.0)
    return total


class _Generator:
    """Writes the function: entry, the loop over steps with one step in it, exit."""

    def __init__(self, step: Step, target: Target, unrolled: bool) -> None:
        self.step = step
        self.target = target
        self.unrolled = unrolled
        self.batch = np.shape(step.x.value)[0] if np.ndim(step.x.value) == 2 else 1
        places = []
        offset = 0
        for node in step.state:
            shape = np.shape(node.value)
            try:
                lane, line = layout(shape)
            except ValueError as error:
                raise NotCompilableError(str(error)) from None
            length = 1 if lane is None else shape[lane]
            lines = 1 if line is None else shape[line]
            stride = -(-length // target.lanes) * target.lanes
            places.append(Place(shape, lane, line, offset, lines, length, stride))
            offset += lines * stride
        self.places = tuple(places)
        self.scratch = 0

    def columns(self, node: Node) -> int:
        """How many columns of the data a leaf takes."""
        shape = np.shape(node.value)
        return shape[-1] if shape else 1

    def generate(self) -> str:
        """Write the module; gives it as LLVM assembly."""
        module = ir.Module("backproof")
        kind = ir.FunctionType(ir.VoidType(), [POINTER] * 4 + [INT64, DOUBLE, POINTER])
        function = ir.Function(module, kind, "steps")
        self.state, self.x, self.y, self.order, count, rate, scratch = function.args
        for argument in (self.state, self.x, self.y, self.order, scratch):
            argument.add_attribute("noalias")
        entry, body, done = (function.append_basic_block(name) for name in ("entry", "step", "done"))
        builder = ir.IRBuilder(entry)
        lanes = Lanes(builder, self.target)
        self.code = code = Code(lanes, scratch, unrolled=self.unrolled)
        rate_tensor = code.uniform(lanes.spread(rate))
        held = [self._held(place) for place in self.places]
        builder.cbranch(builder.icmp_signed(">", count, INT64(0)), body, done)

        builder.position_at_end(body)
        self.number = builder.phi(INT64)
        self.number.add_incoming(INT64(0), entry)
        state = [self._read(place, memory) for place, memory in zip(self.places, held, strict=True)]
        leaves = dict(zip(self.step.state, state, strict=True))
        leaves[self.step.x] = self._sample(self.step.x, self.x)
        leaves[self.step.y] = self._sample(self.step.y, self.y)
        leaves[self.step.rate] = rate_tensor
        self._update(Lowering(code, leaves, _uses(self.step)), held)
        following = builder.add(self.number, INT64(1))
        self.number.add_incoming(following, builder.block)
        builder.cbranch(builder.icmp_signed("<", following, count), body, done)

        builder.position_at_end(done)
        if self.unrolled:
            for place, memory in zip(self.places, held, strict=True):
                self._copy(place, memory, self._packed(place))
        builder.ret_void()
        self.scratch = code.used
        if self.scratch > MOST_SCRATCH:
            raise NotCompilableError("the network is large: BLAS does better than the kernel")
        return str(module)

    def _packed(self, place: Place) -> Memory:
        lanes = self.code.lanes
        address = lanes.builder.gep(self.state, [INT64(place.offset)], source_etype=DOUBLE)
        return Memory(lanes, address, place.stride)

    def _held(self, place: Place) -> Memory:
        """Where a state variable lives between steps: the stack, from which the compiler takes it into registers."""
        if not self.unrolled:
            return self._packed(place)
        builder = self.code.lanes.builder
        local = builder.alloca(ir.ArrayType(DOUBLE, place.lines * place.stride))
        local.type = POINTER
        local.align = 8 * self.target.lanes
        memory = Memory(self.code.lanes, local, place.stride)
        self._copy(place, self._packed(place), memory)
        return memory

    def _copy(self, place: Place, source: Memory, destination: Memory) -> None:
        def line(i: Index) -> None:
            chunks = place.stride // self.target.lanes
            self.code.repeat(chunks, lambda chunk: destination.store(i, chunk, source.load(i, chunk)))

        self.code.repeat(place.lines, line)

    def _read(self, place: Place, memory: Memory) -> Tensor:
        """A state variable at the start of a step."""
        if place.lane is None:
            return self.code.uniform(memory.load(0, 0), place.shape)
        if not self.unrolled:
            return Tensor(place.shape, place.lane, place.line, memory, Pad.ZERO)
        cells = self.code.computed(memory.load)
        for line in range(place.lines):
            for chunk in range(place.stride // self.target.lanes):
                cells.load(line, chunk)  # now, before anything is written
        return Tensor(place.shape, place.lane, place.line, cells, Pad.ZERO)

    def _row(self, i: Index) -> Any:
        """The number of the sample in row i of this step's batch."""
        builder = self.code.lanes.builder
        position = plus(builder, times(builder, self.number, self.batch), i)
        place = builder.gep(self.order, [position], source_etype=INT32)
        return builder.sext(builder.load(place, typ=INT32), INT64)

    def _sample(self, node: Node, data: Any) -> Tensor:
        """The data of this step: rows of the data set."""
        shape = np.shape(node.value)
        lanes = self.code.lanes
        stride = row_stride(self.columns(node), self.target.lanes)
        rows = Gathered(lanes, data, stride, self._row)
        batched = len(shape) == 2 and shape[0] > 1
        lane, line = layout(shape)
        if lane is None:
            return self.code.uniform(rows.element(0, 0), shape)
        if batched and line is None:
            # One column: the samples of the batch run along the lanes.
            return self.code.packed(
                shape, 0, None, 0, lambda _, i: lanes.mask(1, rows.element(i, 0), 0.0), lanes.exact_add
            )
        if self.unrolled:
            cells = self.code.computed(rows.load)
            return Tensor(shape, lane, line, cells, Pad.ZERO)
        gathered = Tensor(shape, lane, line, Computed(lanes, rows.load, memo=False), Pad.ZERO)
        return self.code.stored(gathered)

    def _update(self, lowering: Lowering, held: Sequence[Memory]) -> None:
        """Compute all new values, then write them; in loops they go through scratch memory."""
        for node in ancestors(self.step.updated):
            lowering.add(node)
        new = []
        for place, node in zip(self.places, self.step.updated, strict=True):
            tensor = lowering.tensor(lowering.values[node])
            tensor = lowering.laid_out_as(tensor, place.shape, place.lane, place.line)
            new.append(self.code.stored(tensor))
        for place, memory, tensor in zip(self.places, held, new, strict=True):
            self._write(place, memory, tensor)

    def _write(self, place: Place, memory: Memory, tensor: Tensor) -> None:
        lanes = self.code.lanes
        chunks = place.stride // lanes.width
        rest = place.length - (chunks - 1) * lanes.width
        clean = tensor.pad is Pad.ZERO or place.lane is None

        def line(i: Index) -> None:
            source = 0 if isinstance(tensor.cells, Uniform) else i
            self.code.repeat(
                chunks - 1, lambda chunk: memory.store(i, chunk, tensor.cells.load(source, chunk))
            )
            last = tensor.cells.load(source, chunks - 1)
            memory.store(i, chunks - 1, last if clean else lanes.mask(rest, last, 0.0))

        if self.unrolled:
            # Every vector is computed before the first is written.
            for i in range(place.lines):
                for chunk in range(chunks):
                    tensor.cells.load(i, chunk)
        self.code.repeat(place.lines, line)


def _uses(step: Step) -> dict[Node, int]:
    uses: dict[Node, int] = {}
    for node in ancestors(step.updated):
        for operand in node.operands:
            uses[operand] = uses.get(operand, 0) + 1
    return uses
