"""Where instructions go: loops, unrolled or not, and scratch memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from backproof.training.kernel.lanes import INT64, Lanes
from backproof.training.kernel.tensor import (
    Computed,
    Index,
    Memory,
    Pad,
    Tensor,
    Uniform,
    computed,
    plus,
    times,
)

UNROLL = 3  # loops of the program this short are unrolled all the same


class NotCompilableError(Exception):
    """The graph holds something that the generator has no instructions for."""


class Code:
    """The code of one step while it is being written.

    Unrolled, every vector of the step is a value of the compiler's, which keeps what fits in registers;
    that is for small networks. Otherwise values that are used more than once live in scratch memory.
    """

    def __init__(self, lanes: Lanes, scratch: Any, *, unrolled: bool) -> None:
        self.lanes = lanes
        self.scratch = scratch
        self.unrolled = unrolled
        self.used = 0  # numbers of scratch memory

    def chunks(self, length: int) -> int:
        """How many vectors hold a line of this length."""
        return -(-length // self.lanes.width)

    def allocate(self, lines: int, length: int) -> Memory:
        """Scratch memory for lines of a length; it holds zeros before the first step."""
        stride = self.chunks(length) * self.lanes.width
        address = self.lanes.builder.gep(self.scratch, [INT64(self.used)], source_etype=self.lanes.real)
        self.used += lines * stride * self.lanes.networks
        return Memory(self.lanes, address, stride)

    def repeat(
        self, count: Index, body: Callable[..., Sequence[Any] | None], carried: Sequence[Any] = ()
    ) -> list[Any]:
        """Do ``body(index, *carried)`` for each index; what it returns is carried to the next round.

        A count that is known only to the program is 1 at least.
        """
        if isinstance(count, int) and (self.unrolled or count <= UNROLL):
            values = list(carried)
            for index in range(count):
                values = list(body(index, *values) or ())
            return values
        builder = self.lanes.builder
        before = builder.block
        loop = builder.append_basic_block("loop")
        builder.branch(loop)
        builder.position_at_end(loop)
        index = builder.phi(INT64)
        index.add_incoming(INT64(0), before)
        phis = [builder.phi(value.type) for value in carried]
        for phi, value in zip(phis, carried, strict=True):
            phi.add_incoming(value, before)
        results = list(body(index, *phis) or ())
        end = builder.block
        following = builder.add(index, INT64(1))
        index.add_incoming(following, end)
        for phi, value in zip(phis, results, strict=True):
            phi.add_incoming(value, end)
        after = builder.append_basic_block("after")
        builder.cbranch(
            builder.icmp_signed("<", following, INT64(count) if isinstance(count, int) else count),
            loop,
            after,
        )
        builder.position_at_end(after)
        return results

    def computed(self, compute: Callable[[Index, Index], Any]) -> Computed:
        """Cells that are computed where they are used."""
        return Computed(self.lanes, compute, memo=self.unrolled)

    def fill(self, memory: Memory, tensor: Tensor) -> None:
        """Write every chunk of a value to memory."""

        def line(i: Index) -> None:
            self.repeat(
                self.chunks(tensor.extent(tensor.lane)),
                lambda chunk: memory.store(i, chunk, tensor.cells.load(i, chunk)),
            )

        self.repeat(tensor.extent(tensor.line), line)

    def stored(self, tensor: Tensor) -> Tensor:
        """The same value, computed once: from here on it can be read in any order, element by element."""
        tensor = computed(tensor)
        if self.unrolled or not isinstance(tensor.cells, Computed):
            return tensor
        memory = self.allocate(tensor.extent(tensor.line), tensor.extent(tensor.lane))
        self.fill(memory, tensor)
        return Tensor(tensor.shape, tensor.lane, tensor.line, memory, tensor.pad, tensor.ready)

    def uniform(self, vector: Any, shape: Sequence[int] = (), ready: int = 0) -> Tensor:
        """A value that is the same everywhere; the vector holds it in every lane."""
        return Tensor(tuple(shape), None, None, Uniform(vector), Pad.FINITE, ready)

    def steps_from(self, block: Index, size: int) -> list[Index]:
        """The indices of one block of a loop over blocks of a size."""
        first = times(self.lanes.builder, block, size)
        return [plus(self.lanes.builder, first, i) for i in range(size)]

    def packed(
        self,
        shape: tuple[int, ...],
        lane: int,
        line: int | None,
        ready: int,
        vector: Callable[[Index, Index], Any],
        combine: Callable[[Any, Any], Any],
    ) -> Tensor:
        """A value each element of which is what the lanes of ``vector(line, index)`` combine to."""
        length = shape[lane]
        width = self.lanes.width
        last = self.chunks(length) - 1

        def chunk_of(i: Index, chunk: Index, count: int) -> Any:
            first = times(self.lanes.builder, chunk, width)
            rows = [vector(i, plus(self.lanes.builder, first, j)) for j in range(count)]
            rows += [self.lanes.splat(0.0)] * (width - count)
            return self.lanes.totals(rows, combine)

        # Where the combination is not a sum, the unused lanes hold whatever combining zeros gives: 0.
        rest = length - last * width
        if self.unrolled:
            cells: Computed | Memory = self.computed(
                lambda i, chunk: chunk_of(i, chunk, rest if chunk == last else width)
            )
        else:
            cells = self.allocate(1 if line is None else shape[line], length)

            def write(i: Index) -> None:
                assert isinstance(cells, Memory)
                self.repeat(last, lambda chunk: cells.store(i, chunk, chunk_of(i, chunk, width)))
                cells.store(i, last, chunk_of(i, last, rest))

            self.repeat(1 if line is None else shape[line], write)
        return Tensor(shape, lane, line, cells, Pad.ZERO, ready)
