"""Arithmetic on vectors: one method for each instruction that a kernel is written with.

Everything is written with LLVM's vector types and generic intrinsics, so that the same generator serves x86
and ARM. Multiplications and additions may be contracted to fused multiply-adds by the compiler; where a
rounding matters, the `exact_` forms forbid it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from backproof.training.kernel import exponential
from backproof.training.kernel.precision import FLOAT64, Precision
from backproof.training.kernel.target import Target

DOUBLE = ir.DoubleType()
INT64 = ir.IntType(64)
INT32 = ir.IntType(32)
POINTER = ir.PointerType()
CONTRACT = ("contract",)


class Lanes:
    """A builder of vector instructions at the place where its `ir.IRBuilder` stands.

    A vector holds ``width`` neighbouring elements of a value of one network, or one element (``width`` is
    1) of each of ``networks`` networks that are trained side by side. ``size`` is how many numbers it holds.
    """

    def __init__(
        self,
        builder: ir.IRBuilder,
        target: Target,
        networks: int = 1,
        precision: Precision = FLOAT64,
    ) -> None:
        self.builder = builder
        self.target = target
        self.networks = networks
        self.precision = precision
        self.real = precision.real
        self.width = width_of(target, networks)
        self.size = self.width * networks
        self.type = ir.VectorType(self.real, self.size)
        self.integers = ir.VectorType(precision.integer, self.size)

    def splat(self, value: float) -> ir.Constant:
        """The same number in every lane."""
        return ir.Constant(self.type, [value] * self.size)

    def whole(self, value: int) -> ir.Constant:
        """The same whole number in every lane."""
        return ir.Constant(self.integers, [value] * self.size)

    def spread(self, scalar: Any) -> Any:
        """One scalar of the program in every lane."""
        vector = self.builder.insert_element(ir.Constant(self.type, ir.Undefined), scalar, INT32(0))
        zeros = ir.Constant(ir.VectorType(INT32, self.size), [0] * self.size)
        return self.builder.shuffle_vector(vector, vector, zeros)

    def load(self, address: Any) -> Any:
        """One vector from memory."""
        return self.builder.load(address, align=self.precision.bytes, typ=self.type)

    def load_one(self, address: Any) -> Any:
        """One number from memory."""
        return self.builder.load(address, align=self.precision.bytes, typ=self.real)

    def store(self, vector: Any, address: Any) -> None:
        """One vector into memory."""
        self.builder.store(vector, address, align=self.precision.bytes)

    def gathered(self, scalars: Sequence[Any]) -> Any:
        """One scalar of the program for each network, in the lanes of that network."""
        if self.networks == 1:
            return self.spread(scalars[0])
        vector: Any = ir.Constant(self.type, ir.Undefined)
        for network, scalar in enumerate(scalars):
            vector = self.builder.insert_element(vector, scalar, INT32(network))
        return vector

    def shuffle(self, vector: Any, order: Sequence[int], other: Any = None) -> Any:
        """Pick elements: below the width from the vector, from there on from the other one."""
        if self.width == 1:
            return vector if order[0] == 0 or other is None else other
        mask = ir.Constant(ir.VectorType(INT32, len(order)), list(order))
        return self.builder.shuffle_vector(vector, vector if other is None else other, mask)

    def add(self, a: Any, b: Any) -> Any:
        """A + b."""
        return self.builder.fadd(a, b, flags=CONTRACT)

    def subtract(self, a: Any, b: Any) -> Any:
        """A − b."""
        return self.builder.fsub(a, b, flags=CONTRACT)

    def multiply(self, a: Any, b: Any) -> Any:
        """a·b."""
        return self.builder.fmul(a, b, flags=CONTRACT)

    def divide(self, a: Any, b: Any) -> Any:
        """A / b."""
        return self.builder.fdiv(a, b)

    def exact_add(self, a: Any, b: Any) -> Any:
        """A + b, rounded by itself."""
        return self.builder.fadd(a, b)

    def exact_subtract(self, a: Any, b: Any) -> Any:
        """A − b, rounded by itself."""
        return self.builder.fsub(a, b)

    def exact_multiply(self, a: Any, b: Any) -> Any:
        """a·b, rounded by itself."""
        return self.builder.fmul(a, b)

    def negative(self, a: Any) -> Any:
        """−a."""
        return self.builder.fneg(a)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """a·b + c, in one rounding where the processor can."""
        if self.target.fma:
            return self.intrinsic("llvm.fma", a, b, c)
        return self.add(self.multiply(a, b), c)

    def compare(self, condition: str, a: Any, b: Any) -> Any:
        """Compare lane by lane: LLVM's names, "ogt" is false and "une" true where either is NaN."""
        ordered = condition.startswith("o")
        symbol = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "==", "ne": "!="}[condition[1:]]
        return (self.builder.fcmp_ordered if ordered else self.builder.fcmp_unordered)(symbol, a, b)

    def select(self, condition: Any, a: Any, b: Any) -> Any:
        """A where the condition holds, else b."""
        return self.builder.select(condition, a, b)

    def mask(self, valid: int, vector: Any, other: float) -> Any:
        """Keep the first elements, and put a number into the rest."""
        if valid >= self.width:
            return vector
        kept = ir.Constant(ir.VectorType(ir.IntType(1), self.width), [i < valid for i in range(self.width)])
        return self.select(kept, vector, self.splat(other))

    def intrinsic(self, name: str, *operands: Any) -> Any:
        """Call one of LLVM's generic intrinsics on whole vectors."""
        function = self._declare(
            f"{name}.v{self.size}f{self.precision.bits}", self.type, [self.type] * len(operands)
        )
        return self.builder.call(function, operands)

    def library(self, name: str, *operands: Any) -> Any:
        """Call a function of the C library lane by lane."""
        name = name if self.precision is FLOAT64 else f"{name}f"
        function = self._declare(name, self.real, [self.real] * len(operands))
        result: Any = ir.Constant(self.type, ir.Undefined)
        for lane in range(self.size):
            scalars = [self.builder.extract_element(operand, INT32(lane)) for operand in operands]
            result = self.builder.insert_element(result, self.builder.call(function, scalars), INT32(lane))
        return result

    def _declare(self, name: str, result: Any, operands: Sequence[Any]) -> Any:
        module = self.builder.module
        if name in module.globals:
            return module.globals[name]
        return ir.Function(module, ir.FunctionType(result, operands), name)

    def power_of_two(self, shifted: Any) -> Any:
        """2^k for the k in the low bits of a number (see exponential.Form.magic), both normal."""
        bits = self.builder.bitcast(shifted, self.integers)
        return self._exponent(bits)

    def halves_of_power_of_two(self, shifted: Any) -> tuple[Any, Any]:
        """Two factors whose product is 2^k, each of them normal: k may be twice as large."""
        bits = self.builder.bitcast(shifted, self.integers)
        k = self.builder.sub(bits, self.whole(self.precision.pattern(exponential.form_of(self).magic)))
        half = self.builder.ashr(k, self.whole(1))
        return self._exponent(half), self._exponent(self.builder.sub(k, half))

    def _exponent(self, k: Any) -> Any:
        biased = self.builder.add(k, self.whole(self.precision.bias))
        return self.builder.bitcast(self.builder.shl(biased, self.whole(self.precision.fraction)), self.type)

    def total(self, vector: Any, combine: Callable[[Any, Any], Any]) -> Any:
        """Combine all elements; every lane of the result holds it, so that nothing has to be spread again."""
        distance = self.width // 2
        while distance:
            turned = self.shuffle(vector, [i ^ distance for i in range(self.width)])
            vector = combine(vector, turned)
            distance //= 2
        return vector

    def totals(self, vectors: Sequence[Any], combine: Callable[[Any, Any], Any]) -> Any:
        """Combine the lanes of each of `width` vectors; lane i of the result belongs to vector i.

        Each round halves the number of vectors: neighbours are interleaved and combined.
        """
        rows = list(vectors)
        block = 1
        while len(rows) > 1:
            # Before: lane l of row i is a partial result of vector i·block + l mod block. After: twice the
            # block.
            lanes = range(self.width)
            even = [lane if not lane & block else lane - block + self.width for lane in lanes]
            odd = [lane + block if not lane & block else lane + self.width for lane in lanes]
            rows = [
                combine(self.shuffle(a, even, b), self.shuffle(a, odd, b))
                for a, b in zip(rows[::2], rows[1::2], strict=True)
            ]
            block *= 2
        return rows[0]

    def turned(self, rows: Sequence[Any]) -> list[Any]:
        """Exchange rows and columns of a square of `width` vectors."""
        rows = list(rows)
        block = 1
        while block < self.width:
            lanes = range(self.width)
            low = [lane if not lane & block else lane - block + self.width for lane in lanes]
            high = [lane + block if not lane & block else lane + self.width for lane in lanes]
            for i in [i for i in lanes if not i & block]:
                a, b = rows[i], rows[i + block]
                rows[i], rows[i + block] = self.shuffle(a, low, b), self.shuffle(a, high, b)
            block *= 2
        return rows


def width_of(target: Target, networks: int = 1) -> int:
    """How many elements of one network's value a vector holds."""
    return target.lanes if networks == 1 else 1
