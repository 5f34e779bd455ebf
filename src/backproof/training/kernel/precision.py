"""The two kinds of floating point numbers that a kernel computes with.

`float64` is the reference. In `float32` a vector holds twice as many numbers and memory half as many bytes;
each operation is rounded to 2⁻²⁴ ≈ 6e-8 of its result. The parameters, the optimiser's memory and the
samples are float32 then; the losses that are reported are computed in float64 from the parameters reached.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from llvmlite import ir


@dataclass(frozen=True, slots=True)
class Precision:
    """A format: NumPy's name, the bits in all, those of the fraction, and the bias of the exponent."""

    name: str
    bits: int
    fraction: int
    bias: int

    @property
    def bytes(self) -> int:
        """The size of a number in memory."""
        return self.bits // 8

    @property
    def real(self) -> Any:
        """LLVM's type of a number."""
        return ir.DoubleType() if self.bits == 64 else ir.FloatType()

    @property
    def integer(self) -> Any:
        """LLVM's type of a whole number of that size."""
        return ir.IntType(self.bits)

    def pattern(self, value: float) -> int:
        """The bits of a number, as a whole number."""
        kinds = ("<d", "<q") if self.bits == 64 else ("<f", "<i")
        return int(struct.unpack(kinds[1], struct.pack(kinds[0], value))[0])


FLOAT64 = Precision("float64", 64, 52, 1023)
FLOAT32 = Precision("float32", 32, 23, 127)
PRECISIONS = {precision.name: precision for precision in (FLOAT64, FLOAT32)}
