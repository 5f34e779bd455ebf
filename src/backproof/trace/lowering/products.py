"""Products and linear algebra."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace.lowering.context import Context
from backproof.trace.lowering.record import Build, Lowering, UnloweredError, operation, refuse, table


def _product(name: str) -> Build:
    def build(context: Context, x: Any, y: Any) -> Node:
        return context.apply(name, x, y)

    return build


def _inner(context: Context, x: Any, y: Any) -> Node:
    first, second = context.node(x), context.node(y)
    if np.ndim(second.value) == 2:
        second = context.apply("transpose", second, axes=None)
    return context.apply("dot", first, second)


def _tensordot(context: Context, x: Any, y: Any, axes: Any = 2) -> Node:
    return context.apply("tensordot", x, y, axes=axes)


def _einsum(context: Context, subscripts: Any, *operands: Any, **rest: Any) -> Node:
    rest.pop("optimize", None)
    refuse(**rest)
    if not isinstance(subscripts, str):
        raise UnloweredError("einsum without subscripts")
    return context.apply("einsum", *operands, subscripts=subscripts)


FUNCTIONS = table(
    (_product("dot"), [np.dot, np.vdot]),
    (_product("matmul"), [np.matmul]),
    (_product("outer"), [np.outer]),
    (_product("kron"), [np.kron]),
    (_product("solve"), [np.linalg.solve]),
    (_inner, [np.inner]),
    (_tensordot, [np.tensordot]),
    (_einsum, [np.einsum]),
    (operation("inv"), [np.linalg.inv]),
    (operation("det"), [np.linalg.det]),
    (operation("trace"), [np.trace]),
)
METHODS = {"dot": Lowering(_product("dot"))}
