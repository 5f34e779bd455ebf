"""Softmax and the logarithm of a sum of exponentials, along one or more axes.

The largest of a line is taken off first, so that the largest exponential is 1 and nothing overflows; unused
lanes take no part in it. With d the largest distance of an element from the top, a probability is within
d + 6 units in the last place and four more for each doubling of the line's length: rounding z − max z
costs d, the exponential and the quotient the rest. tests/training/test_softmax.py holds it against extended
precision.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from backproof.graph import Node
from backproof.training.kernel.chains import Value
from backproof.training.kernel.reductions import ADDITION, MAXIMUM, axes_of, reduced, shaped
from backproof.training.kernel.tensor import Tensor

if TYPE_CHECKING:
    from backproof.training.kernel.lower import Lowering


def softmax_nodes(lowering: Lowering, node: Node) -> Value:
    """`softmax(axis)`: eᶻ / Σ eᶻ."""
    shape = np.shape(node.value)
    powers, total, _ = _powers(lowering, node)
    return lowering.apply("divide", [powers, _along(total, shape)], shape)


def logsumexp_nodes(lowering: Lowering, node: Node) -> Value:
    """`logsumexp(axis, keepdims)`: max z + ln Σ e^(z − max z)."""
    _, total, top = _powers(lowering, node)
    logarithm = lowering.apply("log", [total], total.shape)
    return shaped(node, lowering.apply("add", [logarithm, top], total.shape), axes_of(node, len(top.shape)))


def _powers(lowering: Lowering, node: Node) -> tuple[Tensor, Tensor, Tensor]:
    """e^(z − max z), its sum and the largest z; the reduced axes keep length 1."""
    code = lowering.code
    z = code.stored(lowering.tensor(lowering.operand(node, 0)))
    axes = axes_of(node, len(z.shape))
    top = code.stored(reduced(code, z, axes, MAXIMUM))
    distances = lowering.apply("subtract", [z, _along(top, z.shape)], z.shape)
    powers = code.stored(lowering.apply("exp", [distances], z.shape))
    total = reduced(code, powers, axes, ADDITION)
    repeated = math.prod(z.shape[axis] for axis in axes if axis not in (powers.lane, powers.line))
    if repeated != 1:
        scale = code.uniform(lowering.lanes.splat(float(repeated)), total.shape)
        total = lowering.apply("multiply", [total, scale], total.shape)
    return powers, code.stored(total), top


def _along(tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The same value along the axes that were reduced."""
    return tensor.renamed(shape, lambda axis: axis)
