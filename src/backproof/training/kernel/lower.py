"""From the nodes of a graph to instructions: elementwise operations, chains of them, and changes of axes.

Whatever has no instructions raises `NotCompilableError`; the training then runs on the NumPy evaluator of
the same graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from llvmlite import ir

from backproof.graph import Node
from backproof.training.kernel import indexing, products, reductions, softmax
from backproof.training.kernel.chains import (
    Product,
    Sum,
    Value,
    as_product,
    by_time,
    by_work,
    combine_first,
    negated,
    terms_of,
)
from backproof.training.kernel.code import Code, NotCompilableError
from backproof.training.kernel.elementwise import ELEMENTWISE, KEEPS_FINITE, KEEPS_ZERO
from backproof.training.kernel.lanes import POINTER
from backproof.training.kernel.tensor import Index, LaneSum, Memory, Pad, Tensor, computed, layout

MOST_FACTORS = 6  # a product that is used twice is computed twice rather than early, up to this length


class Lowering:
    """The values of a graph while its code is written. ``uses`` counts the operations that read each node."""

    def __init__(self, code: Code, leaves: dict[Node, Tensor], uses: dict[Node, int]) -> None:
        self.code = code
        self.lanes = code.lanes
        self.values: dict[Node, Value] = dict(leaves)
        self.uses = uses
        self.rank = by_time if code.lanes.networks == 1 else by_work

    # -- values
    # -------------------------------------------------------------------------------------------------

    def add(self, node: Node) -> None:
        """Write the code of one node; its operands must have been added before."""
        if node in self.values:
            return
        if node.operation == "constant":
            self.values[node] = self._constant(node.value)
            return
        if node.operation in ELEMENTWISE:
            value = self._elementwise(node)
        else:
            handler = HANDLERS.get(node.operation)
            if handler is None:
                raise NotCompilableError(f"the kernel has no instructions for {node.operation}")
            value = handler(self, node)
        self.values[node] = self._shared(value) if self.uses.get(node, 0) > 1 else value

    def tensor(self, value: Value) -> Tensor:
        """Compute what has been put off."""
        if isinstance(value, Sum):
            fused = self._fused(value)
            if fused is not None:
                return fused
            signed = [(sign, self.tensor(term)) for sign, term in value.terms]
            positive = [tensor for sign, tensor in signed if sign > 0]
            negative = [tensor for sign, tensor in signed if sign < 0]
            return self._sum(value.shape, positive, negative)
        if isinstance(value, Product):
            factors = list(value.factors)
            if value.scale != 1.0 or not factors:
                scale = self.code.uniform(self.lanes.splat(value.scale), value.shape)
                factors.append(scale)
            return combine_first(factors, self.rank, lambda a, b: self.apply("multiply", [a, b], value.shape))
        return computed(value)

    def _sum(self, shape: tuple[int, ...], positive: list[Tensor], negative: list[Tensor]) -> Tensor:
        def plus(a: Tensor, b: Tensor) -> Tensor:
            return self.apply("add", [a, b], shape)

        # The term that comes last is added last, whatever its sign.
        last = max(positive + negative, key=self.rank)
        rest_positive = [tensor for tensor in positive if tensor is not last]
        rest_negative = [tensor for tensor in negative if tensor is not last]
        if not rest_positive and not rest_negative:
            return last if positive else self.apply("negative", [last], shape)
        late_is_positive = any(tensor is last for tensor in positive)
        if not rest_positive:
            early = combine_first(rest_negative, self.rank, plus)
            if late_is_positive and isinstance(last.cells, LaneSum) and early.lane is None:
                early = self.apply("negative", [early], shape)
                return replace(last, cells=last.cells.plus(early.cells.load(0, 0)))
            if late_is_positive:
                return self.apply("subtract", [last, early], shape)
            return self.apply("negative", [plus(early, last)], shape)
        early = combine_first(rest_positive, self.rank, plus)
        if rest_negative:
            early = self.apply("subtract", [early, combine_first(rest_negative, self.rank, plus)], shape)
        if late_is_positive and isinstance(last.cells, LaneSum) and early.lane is None:
            return replace(last, cells=last.cells.plus(early.cells.load(0, 0)))
        return self.apply("add" if late_is_positive else "subtract", [early, last], shape)

    def _fused(self, total: Sum) -> Tensor | None:
        """A sum whose last term is a product: all else first, then a multiply-add by the latest factor."""
        if len(total.terms) < 2:
            return None
        index = max(
            range(len(total.terms)),
            key=lambda i: max((self.rank(f) for f in total.terms[i][1].factors), default=(0, 0)),
        )
        sign, term = total.terms[index]
        if len(term.factors) < 2:
            return None
        rest, last = self.without_last(term, sign)
        terms = tuple(other for i, other in enumerate(total.terms) if i != index)
        return self.apply("multiply_add", [rest, last, self.tensor(Sum(total.shape, terms))], total.shape)

    def without_last(self, term: Product, sign: float = 1.0) -> tuple[Tensor, Tensor]:
        """Split a product into all but the factor that ranks last, computed, and that one."""
        last = max(range(len(term.factors)), key=lambda i: self.rank(term.factors[i]))
        others = tuple(factor for i, factor in enumerate(term.factors) if i != last)
        return self.tensor(Product(term.shape, sign * term.scale, others)), term.factors[last]

    def _shared(self, value: Value) -> Value:
        """Decide whether a value that several operations read is computed now or by each of them."""
        # Side by side, the work of other networks fills the time that one waits for its chain.
        early = self.code.unrolled and self.lanes.networks == 1
        if early and isinstance(value, Product) and len(value.factors) <= MOST_FACTORS:
            return value
        return self.code.stored(self.tensor(value))

    def operand(self, node: Node, position: int) -> Value:
        """The value of an operand."""
        return self.values[node.operands[position]]

    def _constant(self, value: Any) -> Value:
        array = np.asarray(value, dtype=np.float64)
        if array.size == 0:
            raise NotCompilableError("the kernel holds no empty arrays")
        if np.all(array == array.flat[0]):
            return Product(array.shape, float(array.flat[0]), ())
        try:
            lane, line = layout(array.shape)
        except ValueError as error:
            raise NotCompilableError(str(error)) from None
        assert lane is not None
        lines = np.squeeze(array).reshape(-1, array.shape[lane])
        width = self.code.chunks(array.shape[lane]) * self.lanes.width
        padded = np.zeros((len(lines), width))
        padded[:, : array.shape[lane]] = lines
        module = self.lanes.builder.module
        padded = np.repeat(padded, self.lanes.networks, axis=1)
        kind = ir.ArrayType(self.lanes.real, padded.size)
        data = ir.GlobalVariable(module, kind, module.get_unique_name("constant"))
        data.global_constant = True
        data.type = POINTER
        data.initializer = ir.Constant(kind, padded.ravel().tolist())
        return Tensor(array.shape, lane, line, Memory(self.lanes, data, width), Pad.ZERO, 0)

    # -- elementwise
    # --------------------------------------------------------------------------------------------

    def _elementwise(self, node: Node) -> Value:
        shape = np.shape(node.value)
        operands = [spread(self.values[operand], shape) for operand in node.operands]
        match node.operation:
            case "multiply":
                return self.product(shape, operands)
            case "square":
                return self.product(shape, [tensor := self.code.stored(self.tensor(operands[0])), tensor])
            case "negative":
                return negated(operands[0])
            case "add" | "subtract":
                sign = 1.0 if node.operation == "add" else -1.0
                return Sum(shape, terms_of(operands[0], 1.0) + terms_of(operands[1], sign))
        return self.apply(node.operation, [self.tensor(operand) for operand in operands], shape)

    def product(self, shape: tuple[int, ...], values: Sequence[Value]) -> Product:
        """The product of values of one shape: their factors together."""
        scale = 1.0
        factors: list[Tensor] = []
        for value in values:
            product = as_product(value) or Product(shape, 1.0, (self.tensor(value),))
            scale *= product.scale
            factors += product.factors
        return Product(shape, scale, tuple(factors))

    def apply(self, operation: str, operands: Sequence[Tensor], shape: tuple[int, ...]) -> Tensor:
        """One elementwise operation on tensors that have been given the result's shape."""
        emit, latency = ELEMENTWISE[operation]
        operands = [computed(operand) for operand in operands]
        lane, line = self._layout(operands)
        operands = [self._laid_out(operand, lane) for operand in operands]

        def compute(i: Index, chunk: Index) -> Any:
            vectors = []
            for operand in operands:
                if operand.lane is None:
                    vectors.append(operand.cells.load(0, 0))
                elif operand.lane == lane:
                    vectors.append(operand.cells.load(0 if operand.line is None else i, chunk))
                else:
                    vectors.append(operand.cells.element(0, i))
            return emit(self.lanes, *vectors)

        pad = _pad(operation, [operand.pad if operand.lane == lane else Pad.FINITE for operand in operands])
        ready = max((operand.ready for operand in operands), default=0) + latency
        if lane is None:
            return self.code.uniform(compute(0, 0), shape, ready)
        return Tensor(shape, lane, line, self.code.computed(compute), self._full(shape[lane], pad), ready)

    def _full(self, length: int, pad: Pad) -> Pad:
        return Pad.ZERO if length % self.lanes.width == 0 else pad

    def _layout(self, operands: Sequence[Tensor]) -> tuple[int | None, int | None]:
        """Which axis of the result runs along the lanes: as in the operands, so that none is turned."""
        varying = sorted(
            {axis for operand in operands for axis in (operand.lane, operand.line) if axis is not None}
        )
        if len(varying) > 2:
            raise NotCompilableError("the kernel holds arrays of at most two axes")
        if len(varying) < 2:
            return (varying[0] if varying else None), None
        for operand in operands:
            if operand.line is not None:
                return operand.lane, operand.line
        return varying[1], varying[0]

    def _laid_out(self, tensor: Tensor, lane: int | None) -> Tensor:
        if tensor.line is None:
            # Along the lines of the result it is read element by element.
            return tensor if tensor.lane in (None, lane) else self.code.stored(tensor)
        return tensor if tensor.lane == lane else self.turned(tensor)

    def laid_out_as(
        self, tensor: Tensor, shape: tuple[int, ...], lane: int | None, line: int | None
    ) -> Tensor:
        """A value as it is to be kept: with these axes along lanes and lines, though it vary along fewer."""
        if tensor.lane == lane and tensor.line == line:
            return tensor
        whole = Tensor(shape, lane, line, self.code.uniform(self.lanes.splat(0.0)).cells, Pad.ZERO)
        return self.apply("add", [tensor, whole], shape)

    def turned(self, tensor: Tensor) -> Tensor:
        """The same value with its lane and line axes exchanged: moved element by element."""
        tensor = self.code.stored(tensor)
        assert tensor.lane is not None
        assert tensor.line is not None

        def element(i: Index, j: Index) -> Any:
            # `packed` adds up the lanes of what it gets: all but the first are 0.
            return self.lanes.mask(1, tensor.cells.element(j, i), 0.0)

        return self.code.packed(
            tensor.shape, tensor.line, tensor.lane, tensor.ready + 8, element, self.lanes.exact_add
        )


def spread(value: Value, shape: tuple[int, ...]) -> Value:
    """Broadcast: axes are aligned at the end; along the new ones and those of length 1 nothing varies."""
    added = len(shape) - len(value.shape)
    return value.renamed(shape, lambda axis: axis + added)


def _pad(operation: str, pads: Sequence[Pad]) -> Pad:
    """What the unused lanes of a result hold, by what those of the operands do."""
    if operation in ("add", "subtract", "maximum", "minimum") and all(pad is Pad.ZERO for pad in pads):
        return Pad.ZERO
    if operation == "multiply_add":
        return _pad("add", [_pad("multiply", pads[:2]), pads[2]])
    if operation in KEEPS_ZERO and min(pads) >= Pad.FINITE and max(pads) is Pad.ZERO:
        return Pad.ZERO
    return Pad.FINITE if operation in KEEPS_FINITE and min(pads) >= Pad.FINITE else Pad.ANY


def _transpose(lowering: Lowering, node: Node) -> Value:
    shape = np.shape(node.value)
    axes = node.attributes.get("axes")
    order = list(reversed(range(len(shape)))) if axes is None else [axis % len(shape) for axis in axes]
    return lowering.operand(node, 0).renamed(shape, order.index)


def _broadcast_to(lowering: Lowering, node: Node) -> Value:
    return spread(lowering.operand(node, 0), np.shape(node.value))


def _reshape(lowering: Lowering, node: Node) -> Value:
    """Only unit axes may come and go."""
    operand, shape = lowering.operand(node, 0), np.shape(node.value)
    before = [axis for axis, length in enumerate(operand.shape) if length != 1]
    after = [axis for axis, length in enumerate(shape) if length != 1]
    if [operand.shape[axis] for axis in before] != [shape[axis] for axis in after]:
        raise NotCompilableError(f"the kernel cannot reshape {operand.shape} to {shape}")
    return operand.renamed(shape, dict(zip(before, after, strict=True)).__getitem__)


def _astype(lowering: Lowering, node: Node) -> Value:
    if np.asarray(node.value).dtype.kind not in "fb":
        raise NotCompilableError("the kernel computes in floating point only")
    return lowering.operand(node, 0)


HANDLERS: dict[str, Callable[[Lowering, Node], Value]] = {
    "transpose": _transpose,
    "broadcast_to": _broadcast_to,
    "reshape": _reshape,
    "astype": _astype,
    "index": indexing.index,
    "sum": reductions.sum_nodes,
    "mean": reductions.mean_nodes,
    "max": reductions.max_nodes,
    "min": reductions.min_nodes,
    "softmax": softmax.softmax_nodes,
    "logsumexp": softmax.logsumexp_nodes,
    "matmul": products.matmul,
    "dot": products.matmul,
    "outer": products.outer,
}
