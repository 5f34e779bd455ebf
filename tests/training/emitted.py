"""Run one elementwise operation of the generator on arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from backproof.training.kernel.lanes import INT64, POINTER, Lanes
from backproof.training.kernel.precision import FLOAT64, Precision
from backproof.training.kernel.target import Target, assemble, host

Array = NDArray[np.float64]
BASELINE = Target(
    2, 2, False, host().triple, "x86-64", ""
)  # the oldest 64-bit x86: two lanes, no fused operation


def emitted(
    emit: Callable[..., Any],
    *operands: Array,
    target: Target | None = None,
    side_by_side: bool = False,
    precision: Precision = FLOAT64,
) -> Array:
    """Compile ``emit`` and apply it; the operands have one axis of the same length."""
    target = (target or host()).of(precision)
    networks = target.widest if side_by_side else 1
    width = target.widest if side_by_side else target.lanes
    module = ir.Module()
    kind = ir.FunctionType(ir.VoidType(), [POINTER, INT64] + [POINTER] * len(operands))
    function = ir.Function(module, kind, "apply")
    result, count, *sources = function.args
    entry, body, done = (function.append_basic_block(name) for name in ("entry", "body", "done"))
    builder = ir.IRBuilder(entry)
    builder.branch(body)
    builder.position_at_end(body)
    index = builder.phi(INT64)
    index.add_incoming(INT64(0), entry)
    lanes = Lanes(builder, target, networks, precision)

    def at(pointer: Any) -> Any:
        return builder.gep(pointer, [index], source_etype=lanes.real)

    vectors = [lanes.load(at(source)) for source in sources]
    lanes.store(emit(lanes, *vectors), at(result))
    following = builder.add(index, INT64(width))
    index.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, count), body, done)
    builder.position_at_end(done)
    builder.ret_void()

    length = -(-len(operands[0]) // width) * width
    rest = np.ones(length - len(operands[0]))
    padded = [np.concatenate([operand, rest]).astype(precision.name) for operand in operands]
    values = np.empty(length, precision.name)
    code = assemble(str(module), "apply", target)
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, *[ctypes.c_void_p] * len(operands))
    call(code.address)(values.ctypes.data, length, *(operand.ctypes.data for operand in padded))
    return values[: len(operands[0])]
