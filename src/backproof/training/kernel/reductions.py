"""Sums and maxima along axes: across vectors where lines are combined, across lanes at the end."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.graph import Node
from backproof.training.kernel.chains import Product, Value
from backproof.training.kernel.code import Code
from backproof.training.kernel.elementwise import ELEMENTWISE
from backproof.training.kernel.lanes import Lanes
from backproof.training.kernel.tensor import Index, Pad, Tensor, plus

if TYPE_CHECKING:
    from backproof.training.kernel.lower import Lowering


@dataclass(frozen=True, slots=True)
class Reduction:
    """An associative operation and the number that changes nothing under it."""

    combine: Callable[[Lanes, Any, Any], Any]
    neutral: float
    adds: bool = False


ADDITION = Reduction(Lanes.add, 0.0, adds=True)
MAXIMUM = Reduction(ELEMENTWISE["maximum"][0], -math.inf)
MINIMUM = Reduction(ELEMENTWISE["minimum"][0], math.inf)


def sum_nodes(lowering: Lowering, node: Node) -> Value:
    """`sum(axis, keepdims)`: an axis along which nothing varies is a factor."""
    tensor = lowering.tensor(lowering.operand(node, 0))
    axes = axes_of(node, len(tensor.shape))
    scale = math.prod(tensor.shape[axis] for axis in axes if axis not in (tensor.lane, tensor.line))
    total = reduced(lowering.code, tensor, axes, ADDITION)
    return shaped(node, Product(total.shape, float(scale), (total,)), axes)


def mean_nodes(lowering: Lowering, node: Node) -> Value:
    """`mean(axis, keepdims)`."""
    tensor = lowering.tensor(lowering.operand(node, 0))
    axes = axes_of(node, len(tensor.shape))
    count = math.prod(tensor.extent(axis) for axis in axes if axis in (tensor.lane, tensor.line))
    total = reduced(lowering.code, tensor, axes, ADDITION)
    return shaped(node, Product(total.shape, 1.0 / count, (total,)), axes)


def max_nodes(lowering: Lowering, node: Node) -> Value:
    """`max(axis, keepdims)`."""
    return _extreme(lowering, node, MAXIMUM)


def min_nodes(lowering: Lowering, node: Node) -> Value:
    """`min(axis, keepdims)`."""
    return _extreme(lowering, node, MINIMUM)


def _extreme(lowering: Lowering, node: Node, reduction: Reduction) -> Value:
    tensor = lowering.tensor(lowering.operand(node, 0))
    axes = axes_of(node, len(tensor.shape))
    return shaped(node, reduced(lowering.code, tensor, axes, reduction), axes)


def axes_of(node: Node, rank: int) -> set[int]:
    """The axes that a node reduces, none of them negative."""
    axis = node.attributes.get("axis")
    if axis is None:
        return set(range(rank))
    return {one % rank for one in (axis if isinstance(axis, tuple) else (axis,))}


def shaped(node: Node, value: Value, axes: set[int]) -> Value:
    """Drop the axes that were reduced, unless they are to be kept."""
    shape = np.shape(node.value)
    if len(shape) == len(value.shape):
        return value
    kept = [axis for axis in range(len(value.shape)) if axis not in axes]
    return value.renamed(shape, kept.index)


def reduced(code: Code, tensor: Tensor, axes: set[int], reduction: Reduction) -> Tensor:
    """Combine along axes, which keep length 1."""
    shape = tuple(1 if axis in axes else length for axis, length in enumerate(tensor.shape))
    if tensor.line in axes:
        tensor = _combine_lines(code, tensor, reduction)
    if tensor.lane in axes:
        tensor = combine_lanes(code, tensor, reduction)
    return replace(tensor, shape=shape)


def _combine_lines(code: Code, tensor: Tensor, reduction: Reduction) -> Tensor:
    count = tensor.extent(tensor.line)

    def compute(_: Index, chunk: Index) -> Any:
        def body(i: Index, total: Any) -> list[Any]:
            line = plus(code.lanes.builder, i, 1)
            return [reduction.combine(code.lanes, total, tensor.cells.load(line, chunk))]

        return code.repeat(count - 1, body, [tensor.cells.load(0, chunk)])[0]

    pad = tensor.pad if reduction.adds else Pad.ANY
    ready = tensor.ready + 4 * count
    return code.stored(Tensor(tensor.shape, tensor.lane, None, code.computed(compute), pad, ready))


def combine_lanes(code: Code, tensor: Tensor, reduction: Reduction) -> Tensor:
    """Combine along the lane axis; what is left varies along the line axis, if there is one."""
    length = tensor.extent(tensor.lane)
    clean = reduction.adds and tensor.pad is Pad.ZERO
    ready = tensor.ready + 8 + 4 * code.chunks(length).bit_length()
    lanes = code.lanes

    def combine(a: Any, b: Any) -> Any:
        return reduction.combine(lanes, a, b)

    def vector(line: Index) -> Any:
        return line_vector(code, length, lambda chunk: tensor.cells.load(line, chunk), reduction, clean=clean)

    if tensor.line is None:
        return code.uniform(lanes.total(vector(0), combine), tensor.shape, ready)
    return code.packed(tensor.shape, tensor.line, None, ready, lambda _, i: vector(i), combine)


def line_vector(
    code: Code, length: int, load: Callable[[Index], Any], reduction: Reduction, *, clean: bool
) -> Any:
    """One vector whose lanes combine to the result for a line of chunks."""
    lanes = code.lanes
    if code.unrolled:
        vectors = chunks_of(code, length, load, reduction, clean=clean)
        while len(vectors) > 1:
            pairs = zip(vectors[::2], vectors[1::2], strict=False)
            vectors = [reduction.combine(lanes, a, b) for a, b in pairs] + vectors[len(vectors) & ~1 :]
        return vectors[0]
    last = code.chunks(length) - 1
    tail = _last_chunk(code, length, load, reduction, clean=clean)
    return code.repeat(last, lambda chunk, total: [reduction.combine(lanes, total, load(chunk))], [tail])[0]


def chunks_of(
    code: Code, length: int, load: Callable[[Index], Any], reduction: Reduction, *, clean: bool
) -> list[Any]:
    """All vectors of a line, the unused lanes of the last one neutral."""
    last = code.chunks(length) - 1
    tail = _last_chunk(code, length, load, reduction, clean=clean)
    return [load(chunk) for chunk in range(last)] + [tail]


def _last_chunk(
    code: Code, length: int, load: Callable[[Index], Any], reduction: Reduction, *, clean: bool
) -> Any:
    last = code.chunks(length) - 1
    tail = load(last)
    return tail if clean else code.lanes.mask(length - last * code.lanes.width, tail, reduction.neutral)
