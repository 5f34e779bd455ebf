"""Products of large matrices by the BLAS that NumPy brings along.

BLAS cuts the matrices into blocks for the caches and knows the processor. Measured, a step of 784-128-10
with batches of 64 takes twice as long when its products are compiled loops, one of 32-32-32 with batches of
32 takes 1.4 times as long, and one of 16-16-16 with batches of 16 as long. So large products are calls out of
the compiled step, with fused loops between them. A product that nothing but the update of a parameter reads
is added to the parameter by BLAS itself, W ← W − lr·Aᵀ·B, without being written down.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir

from backproof.training.kernel.chains import Sum, Value
from backproof.training.kernel.lanes import INT32, INT64, POINTER
from backproof.training.kernel.precision import PRECISIONS
from backproof.training.kernel.tensor import Index, Memory, Pad, Tensor, Uniform

if TYPE_CHECKING:
    from backproof.training.kernel.code import Code

LEAST = 8_192  # multiplications of a product; below it the call costs more than it saves
ROW_MAJOR, PLAIN, TRANSPOSED = 101, 111, 112  # CBLAS's numbers


@dataclass(frozen=True, slots=True)
class Blas:
    """CBLAS's general product, `gemm`: its name, its address, and the type of its sizes."""

    name: str
    address: int
    sizes: Any


@cache
def find(dtype: str = "float64") -> Blas | None:
    """Find the product in the library that NumPy is linked with; None where there is none that works."""
    library = _library()
    if library is None:
        return None
    gemm = {"float64": "cblas_dgemm", "float32": "cblas_sgemm"}[dtype]
    for name, sizes in (
        (f"scipy_{gemm}64_", ctypes.c_int64),
        (f"{gemm}64_", ctypes.c_int64),
        (gemm, ctypes.c_int32),
    ):
        try:
            function = getattr(library, name)
        except AttributeError:
            continue
        address = ctypes.cast(function, ctypes.c_void_p).value
        if address and _works(address, sizes, dtype):
            return Blas(
                f"{name}.numpy-{np.__version__}", address, INT64 if sizes is ctypes.c_int64 else INT32
            )
    return None


def _library() -> ctypes.CDLL | None:
    """The library of NumPy's that is linked with BLAS; asked for a function, it looks there, too."""
    try:
        import numpy.linalg._umath_linalg as linked

        return ctypes.CDLL(linked.__file__)
    except (ImportError, OSError):
        return None


@contextmanager
def single_thread() -> Iterator[None]:
    """Let OpenBLAS use one thread meanwhile: where each core has a network of its own, more only wait."""
    library = _library()
    for name in ("scipy_openblas_{}_num_threads64_", "openblas_{}_num_threads64_", "openblas_{}_num_threads"):
        try:
            get, set_to = (getattr(library, name.format(verb)) for verb in ("get", "set"))
        except AttributeError:
            continue
        before = get()
        set_to(1)
        try:
            yield
        finally:
            set_to(before)
        return
    yield


def symbols(module: str) -> dict[str, int]:
    """Give the addresses of what a module of LLVM assembly calls from here."""
    if "gemm" not in module:
        return {}
    return {found.name: found.address for dtype in PRECISIONS if (found := find(dtype)) is not None}


def _works(address: int, sizes: Any, dtype: str) -> bool:
    """Hold a small product against NumPy's."""
    pointer, number = ctypes.c_void_p, ctypes.c_int
    real = ctypes.c_double if dtype == "float64" else ctypes.c_float
    kinds = [number] * 3 + [sizes] * 3 + [real, pointer, sizes, pointer, sizes, real, pointer, sizes]
    a, b = np.arange(6, dtype=dtype).reshape(3, 2), np.arange(8, dtype=dtype).reshape(4, 2)
    c = np.ones((3, 4), dtype)
    expected = 2.0 * a @ b.T + 3.0 * c
    call = ctypes.CFUNCTYPE(None, *kinds)(address)
    order, m, n, k = ROW_MAJOR, 3, 4, 2
    call(order, PLAIN, TRANSPOSED, m, n, k, 2.0, a.ctypes.data, 2, b.ctypes.data, 2, 3.0, c.ctypes.data, 4)
    return bool(np.array_equal(c, expected))


@dataclass(frozen=True, slots=True)
class Matrix:
    """A factor as BLAS reads it."""

    memory: Memory
    transposed: bool


class Pending:
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
            real = self.code.lanes.real
            self.add_to(self._memory, real(1.0), real(0.0))
        return self._memory

    @property
    def is_computed(self) -> bool:
        """Whether something has asked for it."""
        return self._memory is not None

    def add_to(self, memory: Memory, scale: Any, kept: Any) -> None:
        """Write the call ``memory ← kept·memory + scale·product``; both are numbers of the program."""
        lanes = self.code.lanes
        blas = find(lanes.precision.name)
        assert blas is not None
        builder, size, real = lanes.builder, blas.sizes, lanes.real
        kinds = [INT32] * 3 + [size] * 3 + [real, POINTER, size, POINTER, size, real, POINTER, size]
        module = builder.module
        function = module.globals.get(blas.name) or ir.Function(
            module, ir.FunctionType(ir.VoidType(), kinds), blas.name
        )
        rows, columns = self.shape
        numbers = [INT32(ROW_MAJOR)]
        numbers += [INT32(TRANSPOSED if m.transposed else PLAIN) for m in (self.left, self.right)]
        numbers += [size(rows), size(columns), size(self.depth), scale]
        for matrix in (self.left, self.right):
            numbers += [matrix.memory.address, size(matrix.memory.stride)]
        builder.call(function, [*numbers, kept, memory.address, size(memory.stride)])

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
    if rows * depth * columns < LEAST or find(code.lanes.precision.name) is None:
        return None
    factors = [_matrix(tensor) for tensor in (left, right)]
    if factors[0] is None or factors[1] is None:
        return None
    pending = Pending(code, factors[0], factors[1], (rows, columns), depth)
    # What BLAS leaves alone, the unused lanes, is as the scratch memory began: zero.
    return Tensor((rows, columns), 1, 0, pending, Pad.ZERO, max(left.ready, right.ready) + 4 * depth)


def _matrix(tensor: Tensor) -> Matrix | None:
    if not isinstance(tensor.cells, Memory) or tensor.lane is None or tensor.line is None:
        return None
    return Matrix(tensor.cells, tensor.lane == 0)


def computed(tensor: Tensor) -> Tensor:
    """The same value, not pending any more."""
    return replace(tensor, cells=tensor.cells.computed()) if isinstance(tensor.cells, Pending) else tensor


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
        self.product.add_to(memory, scale, lanes.real(self.kept))


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
