"""Where the values of a state stand in memory, and how they get there and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backproof.graph import Node
from backproof.training.kernel.code import NotCompilableError
from backproof.training.kernel.tensor import layout

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a state variable stands in the packed state of one network.

    ``lines`` lines of ``stride`` numbers from ``offset`` on.
    """

    shape: tuple[int, ...]
    lane: int | None
    line: int | None
    offset: int
    lines: int
    length: int
    stride: int

    @property
    def end(self) -> int:
        """Where the next one starts."""
        return self.offset + self.lines * self.stride

    def pack(self, value: Array, packed: Array) -> None:
        """Write a value into the packed state; the unused lanes are left at zero."""
        view = packed[self.offset : self.end].reshape(self.lines, self.stride)
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinite there
            if self.lane is None:
                view[...] = value.reshape(())
            else:
                view[:, : self.length] = value.reshape(self.lines, self.length)

    def unpack(self, packed: Array) -> Array:
        """Read a value out of the packed state."""
        view = packed[self.offset : self.end].reshape(self.lines, self.stride)
        return np.array(view[:, : self.length].reshape(self.shape), dtype=np.float64)


def place_of(node: Node, width: int, offset: int) -> Place:
    """The place of a state variable, from an offset on; a vector holds ``width`` numbers of it."""
    shape = np.shape(node.value)
    try:
        lane, line = layout(shape)
    except ValueError as error:
        raise NotCompilableError(str(error)) from None
    length = 1 if lane is None else shape[lane]
    lines = 1 if line is None else shape[line]
    stride = -(-length // width) * width
    return Place(shape, lane, line, offset, lines, length, stride)
