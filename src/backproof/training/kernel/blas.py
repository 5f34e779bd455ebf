"""Products of large matrices by the BLAS that NumPy brings along.

BLAS cuts the matrices into blocks for the caches and knows the processor. Measured, a step of 784-128-10
with batches of 64 takes twice as long when its products are plain compiled loops, one of 32-32-32 with
batches of 32 takes 1.4 times as long, and one of 16-16-16 with batches of 16 as long. So large products are
calls out of the compiled step, with fused loops between them; or tiles, see `tiles`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir

from backproof.training.kernel.lanes import INT32, INT64, POINTER, Lanes
from backproof.training.kernel.precision import PRECISIONS
from backproof.training.kernel.tensor import Matrix, Memory

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
    get, set_to = (_of_openblas(f"{verb}_num_threads") for verb in ("get", "set"))
    if get is None or set_to is None:
        yield
        return
    before = get()
    set_to(1)
    try:
        yield
    finally:
        set_to(before)


def threads() -> int | None:
    """How many threads OpenBLAS uses now; None where NumPy's BLAS is another one."""
    get = _of_openblas("get_num_threads")
    return None if get is None else int(get())


def core() -> str | None:
    """The processor that OpenBLAS has kernels for and uses here, such as "Haswell"; None for another BLAS."""
    get = _of_openblas("get_corename")
    if get is None:
        return None
    get.restype = ctypes.c_char_p
    name: bytes | None = get()
    return None if name is None else name.decode()


def _of_openblas(name: str) -> Any:
    """A function of OpenBLAS, by the part of its name that is the same in every build; None without one."""
    library = _library()
    for full in (f"scipy_openblas_{name}64_", f"openblas_{name}64_", f"openblas_{name}"):
        try:
            return getattr(library, full)
        except AttributeError:
            continue
    return None


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


def write(
    lanes: Lanes,
    left: Matrix,
    right: Matrix,
    sizes: tuple[int, int, int],
    memory: Memory,
    scale: Any,
    kept: float,
) -> None:
    """Write the call ``memory ← kept·memory + scale·left·right``; ``sizes`` are rows, columns and depth."""
    blas = find(lanes.precision.name)
    assert blas is not None
    builder, size, real = lanes.builder, blas.sizes, lanes.real
    kinds = [INT32] * 3 + [size] * 3 + [real, POINTER, size, POINTER, size, real, POINTER, size]
    module = builder.module
    function = module.globals.get(blas.name) or ir.Function(
        module, ir.FunctionType(ir.VoidType(), kinds), blas.name
    )
    numbers = [INT32(ROW_MAJOR)]
    numbers += [INT32(TRANSPOSED if matrix.transposed else PLAIN) for matrix in (left, right)]
    numbers += [*(size(length) for length in sizes), scale]
    for matrix in (left, right):
        numbers += [matrix.memory.address, size(matrix.memory.stride)]
    builder.call(function, [*numbers, real(kept), memory.address, size(memory.stride)])
