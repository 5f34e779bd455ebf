"""Products and linear algebra."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace.lowering.context import Context, UnloweredError
from backproof.trace.lowering.record import Build, Lowering, operation, refuse, table


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


def _of_pairs(name: str) -> Build:
    """``np.multiply.outer(x, y)``: the operation on every element of x with every one of y."""

    def build(context: Context, x: Any, y: Any) -> Node:
        first = context.node(x)
        shape = np.shape(first.value) + (1,) * np.ndim(context.node(y).value)
        return context.apply(name, context.apply("reshape", first, shape=shape), y)

    return build


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
    *(
        (_of_pairs(name), [getattr(np, name).outer])
        for name in ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum")
    ),
)
METHODS = {"dot": Lowering(_product("dot")), "trace": Lowering(operation("trace"))}
