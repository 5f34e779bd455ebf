"""Parts of a value by numbers and slices that are known: an element, a row, a column, some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.graph import Node
from backproof.training.kernel.code import NotCompilableError
from backproof.training.kernel.tensor import Cells, Index, Pad, Tensor, layout, plus, times

if TYPE_CHECKING:
    from backproof.training.kernel.chains import Value
    from backproof.training.kernel.lower import Lowering

Axis = tuple[int | None, int, int]  # of the operand (None: a new one), where it begins, and its stride


class Line:
    """One line of some cells."""

    def __init__(self, cells: Cells, line: int) -> None:
        self.cells = cells
        self.line = line

    def load(self, _line: Index, chunk: Index, /) -> Any:
        """The vector of one chunk."""
        return self.cells.load(self.line, chunk)

    def element(self, _line: Index, lane: Index, /) -> Any:
        """One element in every lane."""
        return self.cells.element(self.line, lane)


def index(lowering: Lowering, node: Node) -> Value:
    """``x[3]``, ``x[:, 2:5]``, ``x[None]``: the index holds numbers, slices and new axes only."""
    code, lanes = lowering.code, lowering.lanes
    tensor = code.stored(lowering.tensor(lowering.operand(node, 0)))
    shape = np.shape(node.value)
    fixed, axes = _axes(node.attributes["index"], tensor.shape)
    whole = all(
        axis is None or (start == 0 and stride == 1 and shape[k] == tensor.shape[axis])
        for k, (axis, start, stride) in enumerate(axes)
    )
    after = {axis: position for position, (axis, _, _) in enumerate(axes) if axis is not None}
    varying = [axis for axis in (tensor.lane, tensor.line) if axis is not None and axis not in fixed]
    if not varying:
        return code.uniform(tensor.at(fixed), shape, tensor.ready)
    if whole and tensor.lane in after:
        line = tensor.line
        if line is None or line in after:
            return tensor.renamed(shape, after.__getitem__)
        return Tensor(
            shape, after[tensor.lane], None, Line(tensor.cells, fixed[line]), tensor.pad, tensor.ready
        )
    kept = [axes.index(entry) for entry in axes if entry[0] in varying]
    long = [axis for axis in kept if shape[axis] > 1]
    if not long:
        single = {axis: start for axis, start, _ in axes if axis is not None}
        return code.uniform(tensor.at({**fixed, **single}), shape, tensor.ready)
    lane, line_axis = layout([length if axis in long else 1 for axis, length in enumerate(shape)])
    assert lane is not None

    def element(i: Index, j: Index) -> Any:
        place: dict[int, Index] = dict(fixed)
        for position, number in ((lane, j), (line_axis, i)):
            if position is None:
                continue
            axis, start, stride = axes[position]
            if axis is not None:
                place[axis] = plus(lanes.builder, times(lanes.builder, number, stride), start)
        for axis, start, _ in axes:
            if axis is not None:
                place.setdefault(axis, start)
        # `packed` adds up the lanes of what it gets: all but the first are 0.
        return lanes.mask(1, tensor.at(place), 0.0)

    packed = code.packed(shape, lane, line_axis, tensor.ready + 8, element, lanes.exact_add)
    return Tensor(shape, lane, line_axis, packed.cells, Pad.ZERO, packed.ready)


def _axes(given: Any, shape: tuple[int, ...]) -> tuple[dict[int, int], list[Axis]]:
    """The axes that an index takes one element of, and those that it leaves, in order."""
    items = list(given) if isinstance(given, tuple) else [given]
    if any(item is Ellipsis for item in items):
        at = next(k for k, item in enumerate(items) if item is Ellipsis)
        missing = len(shape) - sum(item is not None and item is not Ellipsis for item in items)
        items[at : at + 1] = [slice(None)] * missing
    fixed: dict[int, int] = {}
    axes: list[Axis] = []
    axis = 0
    for item in items:
        if item is None:
            axes.append((None, 0, 1))
            continue
        if isinstance(item, slice):
            rows = range(shape[axis])[item]
            axes.append((axis, rows.start, rows.step))
        elif isinstance(item, int | np.integer) and not isinstance(item, bool):
            fixed[axis] = int(item) % shape[axis]
        else:
            raise NotCompilableError("the kernel takes parts of an array by numbers and slices only")
        axis += 1
    axes += [(k, 0, 1) for k in range(axis, len(shape))]
    return fixed, axes


__all__ = ["index"]
