"""The function that does the steps: entry, the loop with one step in it, and exit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from backproof.graph import Node, ancestors
from backproof.training.kernel import indexing, pending
from backproof.training.kernel.carry import find_carried
from backproof.training.kernel.code import Code, NotCompilableError
from backproof.training.kernel.lanes import DOUBLE, INT32, INT64, POINTER, Lanes, width_of
from backproof.training.kernel.lower import Lowering
from backproof.training.kernel.places import Place, place_of
from backproof.training.kernel.precision import FLOAT64, Precision
from backproof.training.kernel.target import Target
from backproof.training.kernel.tensor import (
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
from backproof.training.loop import BLOCK
from backproof.training.network import Step

Array = NDArray[np.float64]
MOST_SCRATCH = 1 << 24  # numbers of scratch memory; beyond it BLAS does better than this generator


def row_stride(columns: int, width: int) -> int:
    """How many numbers one row of the data takes."""
    return 1 if columns == 1 else -(-columns // width) * width


class Generator:
    """Writes the function: entry, the loop over steps with one step in it, exit.

    For ``networks`` side by side the state holds each element once for each of them, one after the other,
    and the order all steps of the first network, then those of the second.
    """

    def __init__(
        self,
        step: Step,
        target: Target,
        unrolled: bool,
        networks: int = 1,
        precision: Precision = FLOAT64,
    ) -> None:
        self.step = step
        self.target = target
        self.unrolled = unrolled
        self.networks = networks
        self.precision = precision
        self.width = width_of(target, networks)
        self.batch = np.shape(step.x.value)[0] if np.ndim(step.x.value) == 2 else 1
        places: list[Place] = []
        for node in step.state:
            places.append(place_of(node, self.width, places[-1].end if places else 0))
        self.places = tuple(places)
        self.scratch = 0

    def columns(self, node: Node) -> int:
        """How many columns of the data a leaf takes."""
        shape = np.shape(node.value)
        return shape[-1] if shape else 1

    def generate(self) -> str:
        """Write the module; gives it as LLVM assembly."""
        module = ir.Module("backproof")
        kind = ir.FunctionType(ir.VoidType(), [POINTER] * 5 + [INT64] * 2 + [POINTER])
        function = ir.Function(module, kind, "steps")
        self.state, self.x, self.y, self.order, self.rates, self.rate_stride, count, scratch = function.args
        self.count = count
        for argument in (self.state, self.x, self.y, self.order, self.rates, scratch):
            argument.add_attribute("noalias")
        entry, first, body, done = (
            function.append_basic_block(n) for n in ("entry", "first", "step", "done")
        )
        builder = ir.IRBuilder(entry)
        lanes = Lanes(builder, self.target, self.networks, self.precision)
        self.code = code = Code(lanes, scratch, unrolled=self.unrolled)
        held = [self._held(place) for place in self.places]
        uses = _uses(self.step)
        carried = find_carried(self.step, uses) if self.unrolled and self.networks == 1 else None
        place = place_of(carried.node, self.width, 0) if carried else self.places[0]
        memory = self._local(place) if carried else None
        builder.cbranch(builder.icmp_signed(">", count, INT64(0)), first, done)

        builder.position_at_end(first)
        base = builder.phi(INT64)
        base.add_incoming(INT64(0), entry)
        end = builder.add(base, INT64(BLOCK))
        end = builder.select(builder.icmp_signed("<", end, count), end, count)
        if carried and memory:
            self.number = base
            self._write(place, memory, carried.first(Lowering(code, self._leaves(held), uses)))
        start = builder.block
        builder.branch(body)

        builder.position_at_end(body)
        number = self.number = builder.phi(INT64)
        number.add_incoming(base, start)
        following = builder.add(number, INT64(1))
        leaves = self._leaves(held)
        if carried and memory:
            leaves[carried.node] = self._read(place, memory)
        lowering = Lowering(code, leaves, uses)
        for node in ancestors(self.step.updated):
            lowering.add(node)
        if carried and memory:
            another = builder.icmp_signed("<", following, count)
            self.number = builder.select(another, following, number)
            upcoming = self._sample(self.step.x, self.x)
            self._write(place, memory, carried.following(lowering, self.step, upcoming))
        self._update(lowering, held)
        number.add_incoming(following, builder.block)
        after = function.append_basic_block("after")
        builder.cbranch(builder.icmp_signed("<", following, end), body, after)

        builder.position_at_end(after)
        base.add_incoming(end, after)
        builder.cbranch(builder.icmp_signed("<", end, count), first, done)

        builder.position_at_end(done)
        if self.unrolled:
            for place, memory in zip(self.places, held, strict=True):
                self._copy(place, memory, self._packed(place))
        builder.ret_void()
        self.scratch = code.used
        if self.scratch > MOST_SCRATCH:
            raise NotCompilableError("the network is large: BLAS does better than the kernel")
        return str(module)

    def _leaves(self, held: Sequence[Memory]) -> dict[Node, Tensor]:
        """The values that a step starts from: the state, this step's samples, and its rate."""
        step = self.step
        leaves = {
            node: self._read(place, memory)
            for node, place, memory in zip(step.state, self.places, held, strict=True)
        }
        return leaves | {
            step.x: self._sample(step.x, self.x),
            step.y: self._sample(step.y, self.y),
            step.rate: self._rate(),
        }

    def _rate(self) -> Tensor:
        builder, lanes = self.code.lanes.builder, self.code.lanes
        place = builder.gep(self.rates, [builder.mul(self.number, self.rate_stride)], source_etype=DOUBLE)
        rate = builder.load(place, typ=DOUBLE)
        if lanes.precision is not FLOAT64:
            rate = builder.fptrunc(rate, lanes.real)
        return self.code.uniform(lanes.spread(rate))

    def _packed(self, place: Place) -> Memory:
        lanes = self.code.lanes
        offset = INT64(place.offset * self.networks)
        address = lanes.builder.gep(self.state, [offset], source_etype=lanes.real)
        return Memory(lanes, address, place.stride)

    def _held(self, place: Place) -> Memory:
        """Where a state variable lives between steps: the stack, which the compiler turns into registers."""
        if not self.unrolled:
            return self._packed(place)
        memory = self._local(place)
        self._copy(place, self._packed(place), memory)
        return memory

    def _local(self, place: Place) -> Memory:
        size = place.lines * place.stride * self.networks
        local = self.code.lanes.builder.alloca(ir.ArrayType(self.precision.real, size))
        local.type = POINTER
        local.align = self.precision.bytes * self.code.lanes.size
        return Memory(self.code.lanes, local, place.stride)

    def _copy(self, place: Place, source: Memory, destination: Memory) -> None:
        def line(i: Index) -> None:
            chunks = place.stride // self.width
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
            for chunk in range(place.stride // self.width):
                cells.load(line, chunk)  # now, before anything is written
        return Tensor(place.shape, place.lane, place.line, cells, Pad.ZERO)

    def _rows(self, i: Index, number: Any) -> list[Any]:
        """The number of the sample in row i of the batch of a step, for each network."""
        builder = self.code.lanes.builder
        position = plus(builder, times(builder, number, self.batch), i)
        rows = []
        for network in range(self.networks):
            before = builder.mul(self.count, INT64(network * self.batch))
            place = builder.gep(self.order, [plus(builder, before, position)], source_etype=INT32)
            rows.append(builder.sext(builder.load(place, typ=INT32), INT64))
        return rows

    def _sample(self, node: Node, data: Any) -> Tensor:
        """The data of this step: rows of the data set."""
        shape = np.shape(node.value)
        lanes = self.code.lanes
        stride = row_stride(self.columns(node), self.width)
        number = self.number  # of this step: what is loaded late is loaded when the next one's is there
        rows = Gathered(lanes, data, stride, lambda i: self._rows(i, number))
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
        new: list[Tensor | pending.Accumulation] = []
        for place, old, node in zip(self.places, self.step.state, self.step.updated, strict=True):
            value = lowering.values[node]
            own = lowering.tensor(lowering.values[old])
            added = pending.accumulation(value, own, lambda memory: memory in held)
            if added is not None:
                new.append(added)
                continue
            tensor = lowering.laid_out_as(lowering.tensor(value), place.shape, place.lane, place.line)
            new.append(self._settled(tensor, held))
        for place, memory, result in zip(self.places, held, new, strict=True):
            if isinstance(result, pending.Accumulation):
                result.write(memory)
            else:
                self._write(place, memory, result)

    def _settled(self, tensor: Tensor, held: Sequence[Memory]) -> Tensor:
        """A new value that stays what it is while the state is written: also where it is an old value."""
        cells = tensor.cells.cells if isinstance(tensor.cells, indexing.Line) else tensor.cells
        if self.unrolled or cells not in held:
            return self.code.stored(tensor)
        memory = self.code.allocate(tensor.extent(tensor.line), tensor.extent(tensor.lane))
        self.code.fill(memory, tensor)
        return replace(tensor, cells=memory)

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

        self.code.repeat(place.lines, line)


def _uses(step: Step) -> dict[Node, int]:
    uses: dict[Node, int] = {}
    for node in ancestors(step.updated):
        for operand in node.operands:
            uses[operand] = uses.get(operand, 0) + 1
    return uses
