"""Products of matrices and vectors, by what runs along the lanes of each operand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.graph import Node
from backproof.training.kernel import pending
from backproof.training.kernel.chains import Value
from backproof.training.kernel.code import Code, NotCompilableError
from backproof.training.kernel.reductions import ADDITION, chunks_of, line_vector
from backproof.training.kernel.tensor import Index, LaneSum, Pad, Tensor, plus

if TYPE_CHECKING:
    from backproof.training.kernel.lower import Lowering

ROWS = 4  # accumulators at a time, enough to hide the latency of a multiply-add


def matmul(lowering: Lowering, node: Node) -> Value:
    """`a @ b`, also of vectors; `np.dot` is the same up to two axes, and a plain product for scalars."""
    left, right = lowering.operand(node, 0), lowering.operand(node, 1)
    shape = np.shape(node.value)
    if not left.shape or not right.shape:
        from backproof.training.kernel.lower import spread

        return lowering.product(shape, [spread(left, shape), spread(right, shape)])
    if len(left.shape) > 2 or len(right.shape) > 2:
        raise NotCompilableError("the kernel multiplies matrices and vectors only")
    if len(left.shape) == 1:
        left = left.renamed((1, *left.shape), lambda axis: axis + 1)
    if len(right.shape) == 1:
        right = right.renamed((*right.shape, 1), lambda axis: axis)
    rows, columns = left.shape[0], right.shape[1]
    result: Value
    if left.shape[1] == 1:
        both = (rows, columns)
        # A column times a row: neither varies along the other's axis.
        result = lowering.product(
            both, [left.renamed(both, lambda axis: axis), right.renamed(both, lambda axis: axis)]
        )
    else:
        result = multiply(lowering, lowering.tensor(left), lowering.tensor(right))
    # Vectors lose the axis that they were given.
    kept = [
        axis
        for axis, operand in ((0, node.operands[0]), (1, node.operands[1]))
        if np.ndim(operand.value) == 2
    ]
    return result.renamed(shape, lambda axis: kept.index(axis))


def outer(lowering: Lowering, node: Node) -> Value:
    """`np.outer` of vectors: the product of a column and a row."""
    left, right = lowering.operand(node, 0), lowering.operand(node, 1)
    shape = np.shape(node.value)
    if len(left.shape) > 1 or len(right.shape) > 1:
        raise NotCompilableError("the kernel knows the outer product of vectors only")
    column = left.renamed(shape, lambda _: 0)
    row = right.renamed(shape, lambda _: 1)
    return lowering.product(shape, [column, row])


def multiply(lowering: Lowering, left: Tensor, right: Tensor) -> Tensor:
    """Multiply `(m, k)` by `(k, n)`."""
    code = lowering.code
    left, right = code.stored(left), code.stored(right)
    large = pending.product(code, left, right)
    if large is not None:
        return large
    if right.lane == 1:
        return _rows(code, left, right)
    if left.lane == 0:
        return _transposed(_rows(code, _transposed(right), _transposed(left)))
    # What varies along neither axis may as well be said to vary along the one that is summed.
    if left.lane is None:
        left = replace(left, lane=1)
    if right.lane is None:
        right = replace(right, lane=0)
    return _dots(code, left, right)


def _transposed(tensor: Tensor) -> Tensor:
    return tensor.renamed(tensor.shape[::-1], lambda axis: 1 - axis)


def _rows(code: Code, left: Tensor, right: Tensor) -> Tensor:
    """Σ over k of an element of the left times a row of the right."""
    depth, columns = left.shape[1], right.shape[1]
    line = 0 if 0 in (left.lane, left.line) else None
    rows = left.shape[0] if line == 0 else 1
    lanes = code.lanes
    ready = max(left.ready, right.ready) + 8 + 4 * depth

    def row_of(k: Index, chunk: Index) -> Any:
        return right.cells.load(0 if right.line is None else k, chunk)

    def vectors(i: Index, chunks: list[Index]) -> list[Any]:
        def terms(k: Index) -> list[Any]:
            element = left.at({0: i, 1: k})
            return [lanes.multiply(element, row_of(k, chunk)) for chunk in chunks]

        def body(k: Index, *totals: Any) -> list[Any]:
            return [
                lanes.add(term, total)
                for term, total in zip(terms(plus(lanes.builder, k, 1)), totals, strict=True)
            ]

        return code.repeat(depth - 1, body, terms(0))

    pad = Pad.ZERO if right.pad is Pad.ZERO else Pad.ANY
    shape = (left.shape[0], columns)
    if code.unrolled:
        cells: Any = code.computed(lambda i, chunk: vectors(i, [chunk])[0])
        return Tensor(shape, 1, line, cells, pad, ready)
    memory = code.allocate(rows, columns)
    count = code.chunks(columns)

    def write(i: Index, chunks: list[Index]) -> None:
        for chunk, vector in zip(chunks, vectors(i, chunks), strict=True):
            memory.store(i, chunk, vector)

    def write_row(i: Index) -> None:
        code.repeat(count // ROWS, lambda block: write(i, code.steps_from(block, ROWS)))
        if count % ROWS:
            write(i, list(range(count - count % ROWS, count)))

    code.repeat(rows, write_row)
    return Tensor(shape, 1, line, memory, pad, ready)


def _dots(code: Code, left: Tensor, right: Tensor) -> Tensor:
    """Dot products of the rows of the left with the columns of the right."""
    depth = left.shape[1]
    lanes = code.lanes
    shape = (left.shape[0], right.shape[1])
    varies_rows, varies_columns = left.line == 0, right.line == 1
    clean = Pad.ZERO in (left.pad, right.pad) and Pad.ANY not in (left.pad, right.pad)
    ready = max(left.ready, right.ready) + 16 + 4 * code.chunks(depth).bit_length()

    def product(i: Index, j: Index) -> Callable[[Index], Any]:
        return lambda chunk: lanes.multiply(left.cells.load(i, chunk), right.cells.load(j, chunk))

    def dot(i: Index, j: Index) -> Any:
        return line_vector(code, depth, product(i, j), ADDITION, clean=clean)

    if varies_columns:
        return code.packed(shape, 1, 0 if varies_rows else None, ready, dot, lanes.exact_add)
    if varies_rows:
        return code.packed(shape, 0, None, ready, lambda _, i: dot(i, 0), lanes.exact_add)
    if code.unrolled:
        vectors = chunks_of(code, depth, product(0, 0), ADDITION, clean=clean)
        return Tensor(shape, None, None, LaneSum(lanes, vectors), Pad.FINITE, ready)
    return code.uniform(lanes.total(dot(0, 0), lanes.exact_add), shape, ready)
