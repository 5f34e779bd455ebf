"""Derivatives that exist though the chain rule, operation by operation, gives something that is no number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from backproof.graph.adjoint import adjoints
from backproof.graph.compositions import compositions
from backproof.graph.evaluate import evaluate
from backproof.graph.node import Node, ancestors

APART = 1 / 16  # the leaves of the second point differ by this, and by as much of what they are


def finite_adjoints(result: Node, wanted: Sequence[Node]) -> dict[Node, Node]:
    """Give the adjoints of leaves; where one is not finite, though the result is, by functions as a whole.

    ``1 / (1 + exp(-x))`` is 0 at −∞ and flat there, but its factors are ∞ and 0: their product is not a
    number. As σ it has the derivative σ(1 − σ), which is 0. So too tanh, the softplus and the softmax.

    Examples
    --------
    >>> from backproof.graph import apply, leaf
    >>> x, below = leaf(0.0), leaf(np.array([2.0, -np.inf]))
    >>> e = apply("exp", apply("negative", apply("subtract", below, x)))
    >>> z = apply("sum", apply("divide", 1.0, apply("add", 1.0, e)))
    >>> with np.errstate(all="ignore"):
    ...     print(adjoints(z, [x])[x].value, round(float(finite_adjoints(z, [x])[x].value), 4))
    nan -0.105
    """
    found = adjoints(result, wanted)
    if not _is_finite([result]) or _is_finite(found.values()):
        return found
    order = ancestors([result])
    moving = set(wanted)
    for node in order:
        if not moving.isdisjoint(node.operands):
            moving.add(node)
    aside = {node: np.asarray(node.value, dtype=float) * (1 + APART) + APART for node in wanted}
    known = compositions(order, moving, [evaluate([result]), evaluate([result], aside)])
    whole = adjoints(result, wanted, known)
    return whole if _is_finite(whole.values()) else found


def _is_finite(nodes: Iterable[Node]) -> bool:
    return all(bool(np.all(np.isfinite(np.asarray(node.value, dtype=float)))) for node in nodes)
