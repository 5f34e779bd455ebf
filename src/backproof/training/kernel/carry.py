"""The first layer of the next step, computed at the end of this one.

The step of a small network is one chain: the error changes the weights, the next sample is multiplied by
them, and so on. The next sample is known beforehand, though, and the first layer is linear in the weights:
with W' = W − ε·G, x'·W' = x'·W − ε·(x'·G). All but the last multiplication is done while ε is still being
waited for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from backproof.graph import Node, ancestors
from backproof.training.kernel.chains import Product, Sum, terms_of
from backproof.training.kernel.tensor import Tensor
from backproof.training.network import Step

if TYPE_CHECKING:
    from backproof.training.kernel.lower import Lowering


@dataclass(frozen=True, slots=True)
class Carried:
    """A node that each step computes for the next one: the input times a weight, plus a bias if there is one.

    ``weight`` and ``bias`` are positions in the state.
    """

    node: Node
    weight: int
    bias: int | None

    def first(self, lowering: Lowering) -> Tensor:
        """The node's value where no step came before."""
        for node in ancestors([self.node]):
            lowering.add(node)
        return lowering.tensor(lowering.values[self.node])

    def following(self, lowering: Lowering, step: Step, upcoming: Tensor) -> Tensor:
        """The node's value in the next step, from the updated parameters and the next sample."""
        shape = np.shape(self.node.value)
        terms: list[tuple[float, Product]] = []
        for sign, term in terms_of(lowering.values[step.updated[self.weight]], 1.0):
            seen = term.renamed(shape, lambda axis: axis - 1)
            factor = upcoming.renamed(shape, lambda axis: axis)
            terms.append((sign, replace(seen, factors=(*seen.factors, factor))))
        if self.bias is not None:
            terms += terms_of(lowering.values[step.updated[self.bias]], 1.0)
        return lowering.tensor(Sum(shape, tuple(terms)))


def find_carried(step: Step, uses: dict[Node, int]) -> Carried | None:
    """Find the product of a single input with a weight of the state, and the bias that is added to it."""
    if np.shape(step.x.value) != (1,):
        return None
    nodes = ancestors(step.updated)
    position = {node: index for index, node in enumerate(step.state)}
    for node in nodes:
        if node.operation not in ("matmul", "dot") or node.operands[0] is not step.x:
            continue
        weight = node.operands[1]
        if weight not in position or np.ndim(weight.value) != 2:
            continue
        for other in nodes:
            if other.operation == "add" and node in other.operands and uses[node] == 1:
                bias = other.operands[1] if other.operands[0] is node else other.operands[0]
                if bias in position and np.shape(bias.value) == np.shape(other.value):
                    return Carried(other, position[weight], position[bias])
        return Carried(node, position[weight], None)
    return None
