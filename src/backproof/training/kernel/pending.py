"""Products of large matrices, put off until somebody asks for them.

A product that nothing but the update of a parameter reads is added to the parameter where it stands,
W ← W − lr·Aᵀ·B, without being written down. What computes it is BLAS or tiles, see there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backproof.training.kernel import blas, tiles
from backproof.training.kernel.chains import Sum, Value
from backproof.training.kernel.lanes import INT32
from backproof.training.kernel.tensor import Deferred, Index, Matrix, Memory, Pad, Tensor, Uniform

if TYPE_CHECKING:
    from backproof.training.kernel.code import Code

LEAST = 8_192  # multiplications of a product; below it the call costs more than it saves


class Pending(Deferred):
    """A product that is computed when it is asked for, and may until then be added to something else."""

    def __init__(self, code: Code, left: Matrix, right: Matrix, shape: tuple[int, int], depth: int) -> None:
        self.code = code
        self.left = left
        self.right = right
        self.shape = shape
        self.depth = depth
        self._memory: Memory | None = None

    def computed(self) -> Memory:
        """The product in memory."""
        if self._memory is None:
            self._memory = self.code.allocate(*self.shape)
            self.add_to(self._memory, self.code.lanes.real(1.0), 0.0)
        return self._memory

    @property
    def is_computed(self) -> bool:
        """Whether something has asked for it."""
        return self._memory is not None

    def add_to(self, memory: Memory, scale: Any, kept: float) -> None:
        """Write ``memory ← kept·memory + scale·product``; the scale is a number of the program."""
        lanes, sizes = self.code.lanes, (*self.shape, self.depth)
        if tiles.serve(lanes):
            tiles.write(self.code, self.left, self.right, sizes, memory, scale, kept)
        else:
            blas.write(lanes, self.left, self.right, sizes, memory, scale, kept)

    def load(self, line: Index, chunk: Index, /) -> Any:
        """The vector of one chunk; the product has to be computed by then."""
        assert self._memory is not None
        return self._memory.load(line, chunk)

    def element(self, line: Index, lane: Index, /) -> Any:
        """One element in every lane."""
        assert self._memory is not None
        return self._memory.element(line, lane)


def product(code: Code, left: Tensor, right: Tensor) -> Tensor | None:
    """`(m, k)` by `(k, n)`, pending; None where it is small or not held as BLAS reads it."""
    (rows, depth), columns = left.shape, right.shape[1]
    if code.unrolled or code.lanes.networks > 1 or min(rows, depth, columns) < 2:
        return None
    first, second = (_matrix(tensor) for tensor in (left, right))
    if rows * depth * columns < LEAST or first is None or second is None:
        return None
    if not tiles.serve(code.lanes) and blas.find(code.lanes.precision.name) is None:
        return None
    pending = Pending(code, first, second, (rows, columns), depth)
    # The unused lanes of scratch memory began as zeros, and nothing else is written there.
    return Tensor((rows, columns), 1, 0, pending, Pad.ZERO, max(left.ready, right.ready) + 4 * depth)


def _matrix(tensor: Tensor) -> Matrix | None:
    if not isinstance(tensor.cells, Memory) or tensor.lane is None or tensor.line is None:
        return None
    return Matrix(tensor.cells, tensor.lane == 0)


@dataclass(frozen=True, slots=True)
class Accumulation:
    """``memory ← kept·memory + scale·product``, the scale being a constant times numbers of the program."""

    product: Pending
    kept: float
    constant: float
    factors: Sequence[Uniform] = field(default=())

    def write(self, memory: Memory) -> None:
        """Write it."""
        lanes = self.product.code.lanes
        scale: Any = lanes.real(self.constant)
        for factor in self.factors:
            number = lanes.builder.extract_element(factor.vector, INT32(0))
            scale = lanes.builder.fmul(scale, number)
        self.product.add_to(memory, scale, self.kept)


def accumulation(value: Value, own: Tensor, is_state: Callable[[Memory], bool]) -> Accumulation | None:
    """See the new value of a state variable as a product that is added to the old one.

    The factors of that product must not be state themselves: it is written while the state changes. A
    product that something else has asked for is not computed again.
    """
    if not isinstance(value, Sum) or len(value.terms) != 2:
        return None
    for (sign, first), (other_sign, second) in (value.terms, value.terms[::-1]):
        if len(first.factors) != 1 or first.factors[0] != own:
            continue
        pending = [f for f in second.factors if isinstance(f.cells, Pending)]
        scales = [f.cells for f in second.factors if isinstance(f.cells, Uniform)]
        if len(pending) != 1 or len(pending) + len(scales) != len(second.factors):
            continue
        gemm = pending[0].cells
        assert isinstance(gemm, Pending)
        if gemm.is_computed or (pending[0].lane, pending[0].line) != (own.lane, own.line):
            continue
        if is_state(gemm.left.memory) or is_state(gemm.right.memory):
            continue
        return Accumulation(gemm, sign * first.scale, other_sign * second.scale, scales)
    return None
