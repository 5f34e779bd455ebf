"""Products and sums that are not yet computed, so that they can be multiplied and added in the best order.

The step of a small network is one long chain of operations, each waiting for the one before; what is not on
that chain costs nothing. So a product is kept as its factors, a sum as its terms, until somebody needs the
value; then the two that are ready first are combined first, and whatever waits for the error of this sample
comes in last. Where networks are trained side by side nothing waits; then small factors are combined first.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

from backproof.training.kernel.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Product:
    """``scale`` times the factors; each is a tensor of the product's shape."""

    shape: tuple[int, ...]
    scale: float
    factors: tuple[Tensor, ...]

    def renamed(self, shape: Sequence[int], axes: Callable[[int], int]) -> Product:
        """The same product seen with other axes."""
        return Product(
            tuple(shape), self.scale, tuple(factor.renamed(shape, axes) for factor in self.factors)
        )


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of signed terms."""

    shape: tuple[int, ...]
    terms: tuple[tuple[float, Product], ...]

    def renamed(self, shape: Sequence[int], axes: Callable[[int], int]) -> Sum:
        """The same sum seen with other axes."""
        return Sum(tuple(shape), tuple((sign, term.renamed(shape, axes)) for sign, term in self.terms))


Value = Tensor | Product | Sum


def as_product(value: Value) -> Product | None:
    """See a value as a product, if it is not a sum."""
    if isinstance(value, Sum):
        return None
    return value if isinstance(value, Product) else Product(value.shape, 1.0, (value,))


def terms_of(value: Value, sign: float) -> tuple[tuple[float, Product], ...]:
    """See a value as signed terms."""
    if isinstance(value, Sum):
        return tuple((sign * inner, term) for inner, term in value.terms)
    product = as_product(value)
    assert product is not None
    return ((sign, product),)


Rank = Callable[[Tensor], tuple[int, int]]


def by_time(tensor: Tensor) -> tuple[int, int]:
    """Rank what is ready first before the rest: for one network, whose steps wait for each other."""
    return tensor.ready, tensor.size


def by_work(tensor: Tensor) -> tuple[int, int]:
    """Rank what is small before the rest: side by side, where only the number of operations counts."""
    return tensor.size, tensor.ready


def combine_first(
    tensors: Sequence[Tensor], rank: Rank, combine: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """Combine all by an associative operation: always the two that rank first."""
    order = count()
    heap = [(rank(tensor), next(order), tensor) for tensor in tensors]
    heapq.heapify(heap)
    while len(heap) > 1:
        first = heapq.heappop(heap)[-1]
        second = heapq.heappop(heap)[-1]
        both = combine(first, second)
        heapq.heappush(heap, (rank(both), next(order), both))
    return heap[0][-1]


def negated(value: Value) -> Value:
    """Minus a value, at no cost."""
    if isinstance(value, Sum):
        return Sum(value.shape, tuple((-sign, term) for sign, term in value.terms))
    product = as_product(value)
    assert product is not None
    return replace(product, scale=-product.scale)
