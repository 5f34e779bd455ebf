"""Products of large matrices by tiles that stay in registers.

A tile is a few rows by a few vectors of the result, whose sums over the depth are all kept in registers: for
each number of the depth a vector of the right factor is loaded once for all rows, and a number of the left
one is spread over the lanes once for all vectors. That is how BLAS does it as well; but the OpenBLAS in NumPy
chooses its kernels by the processor's name, and uses AVX2 on those with AVX-512 that it does not know. There,
on a Zen 5, tiles of 512-bit vectors do 110 billion operations a second in float64 where it does 55 on one
core. Where OpenBLAS uses the same vectors, has many cores, or no vector is that wide, its call is as good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from llvmlite import ir

from backproof.training.kernel import blas
from backproof.training.kernel.code import Code
from backproof.training.kernel.lanes import INT64, POINTER, Lanes
from backproof.training.kernel.tensor import Index, Matrix, Memory, plus, times

VECTORS = 4  # of a tile
ROWS = 6, 5, 4  # of a tile: 24 sums, 4 vectors of the right and one number of the left fit into 32 registers
DEPTH = 512  # of the factors at a time, so that a strip of the right one stays in the second cache
LONG = 4096  # bytes from one line of the right factor to the next that fall into few sets of the caches
MOST_THREADS = 2  # as many cores as the wider vectors are worth
WIDE_CORES = frozenset(["SkylakeX", "Cooperlake", "SapphireRapids"])  # OpenBLAS's with AVX-512

Vectors = Sequence[tuple[Lanes, int]]  # side by side: their kind, and how many columns each of them holds


def serve(lanes: Lanes) -> bool:
    """Whether large products are better done in tiles than by BLAS here."""
    if lanes.target.widest * lanes.precision.bits < 512:
        return False
    core, threads = blas.core(), blas.threads()
    if core is None or threads is None:
        return blas.find(lanes.precision.name) is None
    return core not in WIDE_CORES and threads <= MOST_THREADS


def write(
    code: Code,
    left: Matrix,
    right: Matrix,
    sizes: tuple[int, int, int],
    memory: Memory,
    scale: Any,
    kept: float,
) -> None:
    """Write ``memory ← kept·memory + scale·left·right``; ``sizes`` are rows, columns and depth."""
    Tiles(code, left, right, sizes, memory, scale).write(kept)


class Tiles:
    """The code of one product: over parts of the depth, over strips of columns, over rows."""

    def __init__(
        self,
        code: Code,
        left: Matrix,
        right: Matrix,
        sizes: tuple[int, int, int],
        memory: Memory,
        scale: Any,
    ) -> None:
        self.code, self.left, self.right, self.memory, self.scale = code, left, right, memory, scale
        self.rows, self.columns, self.depth = sizes
        self.narrow, self.wide = code.lanes, widened(code.lanes)
        self.strip = self.wide.width * VECTORS
        self.packed: Memory | None = None
        if right.transposed or right.memory.stride * self.narrow.precision.bytes >= LONG:
            lines = code.chunks(min(self.depth, DEPTH)) * self.narrow.width
            self.packed = code.allocate(lines, min(self.columns, self.strip))

    def write(self, kept: float) -> None:
        """Write it; the first part of the depth takes over what is kept, the others add to it."""
        first = min(self.depth, DEPTH)
        self._part(0, first, kept)
        parts, rest = divmod(self.depth - first, DEPTH)
        self.code.repeat(
            parts, lambda part: self._part(self._plus(self._times(part, DEPTH), DEPTH), DEPTH, 1.0)
        )
        if rest:
            self._part(self.depth - rest, rest, 1.0)

    def _part(self, start: Index, depth: int, kept: float) -> None:
        strips = self.columns // self.strip
        self.code.repeat(
            strips,
            lambda number: self._strip(self._times(number, self.strip), self.strip, start, depth, kept),
        )
        rest = self.columns - strips * self.strip
        if rest:
            self._strip(strips * self.strip, rest, start, depth, kept)

    def _strip(self, column: Index, columns: int, start: Index, depth: int, kept: float) -> None:
        vectors = self._vectors(columns)
        right = self.right.memory.at(start, column)
        stride = self.right.memory.stride
        if self.packed is not None:
            self._pack(self.packed, column, columns, start, depth)
            right, stride = self.packed.address, self.packed.stride

        def tile(row: Index, rows: int) -> None:
            place = (start, row) if self.left.transposed else (row, start)
            steps = (1, self.left.memory.stride) if self.left.transposed else (self.left.memory.stride, 1)
            numbers = [*steps, stride, self.memory.stride, depth]
            addresses = [self.left.memory.at(*place), right, self.memory.at(row, column)]
            scales = [self.scale, self.narrow.real(kept)]
            function = tile_function(self.narrow, rows, vectors)
            self.narrow.builder.call(function, [*addresses, *map(INT64, numbers), *scales])

        most = next((rows for rows in ROWS if self.rows % rows == 0), ROWS[0])
        blocks, rest = divmod(self.rows, most)
        self.code.repeat(blocks, lambda block: tile(self._times(block, most), most))
        if rest:
            tile(blocks * most, rest)

    def _vectors(self, columns: int) -> Vectors:
        """The vectors that cover some columns."""
        vectors = []
        while columns > 0:
            lanes = self.wide if columns > self.narrow.width else self.narrow
            vectors.append((lanes, min(columns, lanes.width)))
            columns -= lanes.width
        return vectors

    def _pack(self, packed: Memory, column: Index, columns: int, start: Index, depth: int) -> None:
        """Copy a strip of the right factor, its lines one after the other."""
        width = self.narrow.width

        def copied(k: Index) -> None:
            def chunk_of(chunk: Index) -> None:
                at = self._plus(column, self._times(chunk, width))
                packed.store(k, chunk, self.narrow.load(self.right.memory.at(self._plus(start, k), at)))

            self.code.repeat(self.code.chunks(columns), chunk_of)

        def turned(chunk: Index) -> None:
            lines = self._times(chunk, width)
            place = self._plus(start, lines)

            def square(number: Index, valid: int = width) -> None:
                first = self._plus(column, self._times(number, width))
                rows = [
                    self.narrow.load(self.right.memory.at(self._plus(first, j), place)) for j in range(valid)
                ]
                rows += [self.narrow.splat(0.0)] * (width - valid)
                for i, row in enumerate(self.narrow.turned(rows)):
                    packed.store(self._plus(lines, i), number, row)

            whole, rest = divmod(columns, width)
            self.code.repeat(whole, square)
            if rest:
                square(whole, rest)

        if self.right.transposed:
            self.code.repeat(self.code.chunks(depth), turned)
        else:
            self.code.repeat(depth, copied)

    def _plus(self, a: Index, b: Index) -> Index:
        return plus(self.narrow.builder, a, b)

    def _times(self, index: Index, factor: int) -> Index:
        return times(self.narrow.builder, index, factor)


def widened(lanes: Lanes) -> Lanes:
    """The same place in the program, with the widest vectors of the processor."""
    return Lanes(lanes.builder, replace(lanes.target, lanes=lanes.target.widest), 1, lanes.precision)


def tile_function(lanes: Lanes, rows: int, vectors: Vectors) -> ir.Function:
    """The function of one kind of tile; all products of a module share it.

    It takes the addresses of the left factor, the right one and the result; how far it is from one row of the
    left one to the next, and from one number of the depth to the next; from one line of the right one and of
    the result to the next; the depth; the scale; and how much is kept of the result, which is not read for 0.
    """
    module, real = lanes.builder.module, lanes.real
    name = f"tile_{rows}_" + "_".join(f"{kind.width}.{valid}" for kind, valid in vectors)
    if name in module.globals:
        return module.globals[name]
    kind = ir.FunctionType(ir.VoidType(), [POINTER] * 3 + [INT64] * 5 + [real] * 2)
    function = ir.Function(module, kind, name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    left, right, result, row_step, depth_step, right_step, result_step, depth, scale, kept = function.args
    for address in (left, right, result):
        address.add_attribute("noalias")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    own = Lanes(builder, lanes.target, 1, lanes.precision)
    code = Code(own, None, unrolled=False)
    row_of = [builder.mul(row_step, INT64(i)) for i in range(rows)]
    kinds = [(own if kind.width == own.width else widened(own), valid) for kind, valid in vectors]
    starts = [sum(kind.width for kind, _ in kinds[:i]) for i in range(len(kinds))]

    def place(base: Any, offset: Any) -> Any:
        return builder.gep(base, [offset], source_etype=real)

    def step(k: Index, *sums: Any) -> list[Any]:
        line = place(right, builder.mul(k, right_step))
        loaded = [kind.load(place(line, INT64(at))) for (kind, _), at in zip(kinds, starts, strict=True)]
        number = place(left, builder.mul(k, depth_step))
        totals = iter(sums)
        results = []
        for row in row_of:
            factor = own.load_one(place(number, row))
            results += [
                kind.fma(kind.spread(factor), vector, next(totals))
                for (kind, _), vector in zip(kinds, loaded, strict=True)
            ]
        return results

    sums = code.repeat(depth, step, [kind.splat(0.0) for _ in range(rows) for kind, _ in kinds])

    def finish(*, adds: bool) -> None:
        totals = iter(sums)
        for i in range(rows):
            line = place(result, builder.mul(result_step, INT64(i)))
            for (kind, valid), at in zip(kinds, starts, strict=True):
                address = place(line, INT64(at))
                value = kind.multiply(kind.spread(scale), next(totals))
                if adds:
                    value = kind.fma(kind.spread(kept), kind.load(address), value)
                kind.store(kind.mask(valid, value, 0.0), address)

    with builder.if_else(builder.fcmp_unordered("!=", kept, real(0.0))) as (then, otherwise):
        with then:
            finish(adds=True)
        with otherwise:
            finish(adds=False)
    builder.ret_void()
    return function
