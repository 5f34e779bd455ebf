"""How a kernel holds the values of a graph: arrays of at most two axes as lines of vector lanes.

A value of shape `(…)` varies along at most two of its axes. The one that runs along the lanes of vectors is
its *lane* axis, cut into *chunks* of one vector each, the last one padded; the other one is its *line*
axis. Along all other axes it is constant, which is what broadcasting means, so that a transpose, a
broadcast or an added unit axis costs no instruction. A value that varies nowhere is held in every lane of
one vector.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Protocol

from llvmlite import ir

from backproof.training.kernel.lanes import INT64, POINTER, Lanes

Index = Any  # a Python int while code is unrolled, an LLVM integer inside a loop of the program


class Pad(IntEnum):
    """What is known about the unused lanes of the last chunk."""

    ANY = 0
    FINITE = 1
    ZERO = 2


class Cells(Protocol):
    """Where vectors come from."""

    def load(self, line: Index, chunk: Index, /) -> Any:
        """The vector of one chunk."""

    def element(self, line: Index, lane: Index, /) -> Any:
        """One element in every lane."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value while code is generated for it. ``ready`` estimates after how many cycles it is known."""

    shape: tuple[int, ...]
    lane: int | None
    line: int | None
    cells: Cells
    pad: Pad = Pad.ANY
    ready: int = 0

    @property
    def size(self) -> int:
        """How many different elements it has."""
        return self.extent(self.lane) * self.extent(self.line)

    def extent(self, axis: int | None) -> int:
        """The length of an axis, 1 for none."""
        return 1 if axis is None else self.shape[axis]

    def renamed(self, shape: Sequence[int], axes: Callable[[int], int]) -> Tensor:
        """The same cells seen with other axes: what transposing, reshaping and broadcasting come to."""
        return replace(
            self,
            shape=tuple(shape),
            lane=None if self.lane is None else axes(self.lane),
            line=None if self.line is None else axes(self.line),
        )

    def at(self, place: dict[int, Index]) -> Any:
        """One element in every lane, by its index along the axes that it varies along."""
        line = 0 if self.line is None else place[self.line]
        lane = 0 if self.lane is None else place[self.lane]
        return self.cells.element(line, lane)


class Computed:
    """Cells that are computed where they are asked for; ``memo`` keeps them, for code without branches."""

    def __init__(self, lanes: Lanes, compute: Callable[[Index, Index], Any], *, memo: bool) -> None:
        self.lanes = lanes
        self.compute = compute
        self.memo: dict[tuple[int, int], Any] | None = {} if memo else None

    def load(self, line: Index, chunk: Index, /) -> Any:
        """The vector of one chunk."""
        if self.memo is None:
            return self.compute(line, chunk)
        if (line, chunk) not in self.memo:
            self.memo[line, chunk] = self.compute(line, chunk)
        return self.memo[line, chunk]

    def element(self, line: Index, lane: Index, /) -> Any:
        """One element in every lane."""
        width = self.lanes.width
        return self.lanes.shuffle(self.load(line, lane // width), [lane % width] * width)


class Uniform:
    """A value that is the same everywhere, held in all lanes of one vector."""

    def __init__(self, vector: Any) -> None:
        self.vector = vector

    def load(self, _line: Index, _chunk: Index, /) -> Any:
        """The vector of one chunk."""
        return self.vector

    def element(self, _line: Index, _lane: Index, /) -> Any:
        """One element in every lane."""
        return self.vector


class LaneSum:
    """The sum of all lanes of some vectors, added up when asked for: until then a term can be put in."""

    def __init__(self, lanes: Lanes, vectors: Sequence[Any]) -> None:
        self.lanes = lanes
        self.vectors = list(vectors)
        self._total: Any = None

    def load(self, _line: Index, _chunk: Index, /) -> Any:
        """The vector of one chunk."""
        if self._total is None:
            self._total = self.lanes.total(added_in_pairs(self.lanes, self.vectors), self.lanes.exact_add)
        return self._total

    def element(self, _line: Index, _lane: Index, /) -> Any:
        """One element in every lane."""
        return self.load(0, 0)

    def plus(self, uniform: Any) -> LaneSum:
        """Add a value that every lane holds: it goes into one lane, and costs no addition after the sum."""
        return LaneSum(self.lanes, [*self.vectors, self.lanes.mask(1, uniform, 0.0)])


def added_in_pairs(lanes: Lanes, vectors: Sequence[Any]) -> Any:
    """Add up vectors by a tree, so that no addition waits for more than it has to."""
    rows = list(vectors)
    while len(rows) > 1:
        pairs = [lanes.add(a, b) for a, b in zip(rows[::2], rows[1::2], strict=False)]
        rows = pairs + rows[len(rows) & ~1 :]
    return rows[0]


class Memory:
    """Cells in memory: lines of ``stride`` elements each, from an address on.

    Where networks are trained side by side, each element is there once for each of them.
    """

    def __init__(self, lanes: Lanes, address: Any, stride: int) -> None:
        self.lanes = lanes
        self.address = address
        self.stride = stride

    def at(self, line: Index, lane: Index) -> Any:
        """The address of an element."""
        builder = self.lanes.builder
        offset = plus(builder, times(builder, line, self.stride), lane)
        offset = times(builder, offset, self.lanes.networks)
        if isinstance(offset, int):
            offset = INT64(offset)
        return builder.gep(self.address, [offset], source_etype=self.lanes.real)

    def load(self, line: Index, chunk: Index, /) -> Any:
        """The vector of one chunk."""
        place = self.at(line, times(self.lanes.builder, chunk, self.lanes.width))
        return self.lanes.load(place)

    def store(self, line: Index, chunk: Index, vector: Any) -> None:
        """Write the vector of one chunk."""
        place = self.at(line, times(self.lanes.builder, chunk, self.lanes.width))
        self.lanes.store(vector, place)

    def element(self, line: Index, lane: Index, /) -> Any:
        """One element in every lane."""
        if self.lanes.width == 1:
            return self.load(line, lane)
        scalar = self.lanes.load_one(self.at(line, lane))
        return self.lanes.spread(scalar)


class Deferred(ABC):
    """Cells that are not there before somebody asks for them."""

    @abstractmethod
    def computed(self) -> Memory:
        """Write the code that computes them, once."""

    @abstractmethod
    def load(self, line: Index, chunk: Index, /) -> Any:
        """The vector of one chunk."""

    @abstractmethod
    def element(self, line: Index, lane: Index, /) -> Any:
        """One element in every lane."""


def computed(tensor: Tensor) -> Tensor:
    """The same value, not put off any more."""
    return replace(tensor, cells=tensor.cells.computed()) if isinstance(tensor.cells, Deferred) else tensor


@dataclass(frozen=True, slots=True)
class Matrix:
    """A factor of a large product in memory: ``transposed`` where its rows stand across the lines."""

    memory: Memory
    transposed: bool


class Gathered:
    """Rows of a data set, picked by their numbers: line i is, for each network, row ``rows(i)[network]``."""

    def __init__(self, lanes: Lanes, data: Any, stride: int, rows: Callable[[Index], Sequence[Any]]) -> None:
        self.lanes = lanes
        self.data = data
        self.stride = stride
        self.rows = rows

    def _addresses(self, line: Index, lane: Index) -> list[Any]:
        builder = self.lanes.builder
        offsets = [plus(builder, builder.mul(row, INT64(self.stride)), lane) for row in self.rows(line)]
        return [builder.gep(self.data, [offset], source_etype=self.lanes.real) for offset in offsets]

    def load(self, line: Index, chunk: Index, /) -> Any:
        """The vector of one chunk."""
        if self.lanes.width == 1:
            return self.element(line, chunk)
        (address,) = self._addresses(line, times(self.lanes.builder, chunk, self.lanes.width))
        return self.lanes.load(address)

    def element(self, line: Index, lane: Index, /) -> Any:
        """One element in every lane."""
        addresses = self._addresses(line, lane)
        return self.lanes.gathered([self.lanes.load_one(a) for a in addresses])


def times(builder: ir.IRBuilder, index: Index, factor: int) -> Index:
    """index·factor, folded where both are known."""
    return index * factor if isinstance(index, int) else builder.mul(index, INT64(factor))


def plus(builder: ir.IRBuilder, a: Index, b: Index) -> Index:
    """A + b, folded where both are known."""
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    a = INT64(a) if isinstance(a, int) else a
    return builder.add(a, INT64(b) if isinstance(b, int) else b)


def layout(shape: Sequence[int]) -> tuple[int | None, int | None]:
    """The lane and line axes of a value that varies along all its axes: lanes run along the last one."""
    varying = [axis for axis, length in enumerate(shape) if length > 1]
    if len(varying) > 2:
        raise ValueError(f"a kernel holds arrays of at most two axes, not of shape {tuple(shape)}")
    lane = varying[-1] if varying else None
    return lane, (varying[0] if len(varying) == 2 else None)


__all__ = [
    "POINTER",
    "Cells",
    "Computed",
    "Deferred",
    "Gathered",
    "Index",
    "LaneSum",
    "Matrix",
    "Memory",
    "Pad",
    "Tensor",
    "Uniform",
    "added_in_pairs",
    "computed",
    "layout",
    "plus",
    "times",
]
