"""Logistic losses of a margin, of which the program writes the slope alone: ``e = 1 / (1 + exp(x))``.

So learns who ranks pairs, ``x`` being the score of the better less that of the worse, and who has labels of 1
and -1, times which a score is ``x``. The loss is the logarithm of ``1 + exp(-x)``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from backproof.graph import Node, apply
from backproof.step.families import summed, total
from backproof.step.loss import Hypothesis
from backproof.step.update import time_of

THROUGH = frozenset({"identity", "reshape", "astype"})
MOST = 4000  # margins in one step


def margins(feeding: Sequence[Node], moving: set[Node], since: int) -> Iterator[Hypothesis]:
    """The losses of the margins whose slopes a step computes, one for each place in the source."""
    sites: dict[int, dict[Node, None]] = defaultdict(dict)
    apart = _differences(feeding, moving, since)
    for node in feeding:
        margin = _margin(node) if node in moving and node.origin is not None else None
        if margin is not None and margin in moving and (margin in apart or _is_labelled(margin, moving)):
            sites[node.origin.site][margin] = None
    for site, found in sites.items():
        if len(found) > MOST:
            continue
        terms = [summed(apply("logaddexp", 0.0, apply("negative", margin))) for margin in found]
        name = next(iter(found)).name or "margin"
        formula = f"sum(log(1 + exp(-{name})))"
        yield Hypothesis(total(terms), None, None, False, formula, 0, outputs=tuple(found), site=site)


def _margin(node: Node) -> Node | None:
    """The ``x`` of which a value is ``1 / (1 + exp(x))``, or one less the logistic function of ``x``.

    None of any other value, as of the logistic function of ``x`` itself, which is a probability.
    """
    if node.operation == "subtract" and _is_one(node.operands[0]):
        found, falls = _logistic(node.operands[1]), False
    else:
        found, falls = _logistic(node), True
    if found is None:
        return None
    inner, falling = found
    return inner if falling == falls else None


def _logistic(node: Node) -> tuple[Node, bool] | None:
    """What a value is the logistic function of, and whether it falls as that grows."""
    node, falling = _plain(node), False
    if node.operation == "sigmoid":
        inner = node.operands[0]
    elif node.operation in ("divide", "reciprocal"):
        *one, below = node.operands
        powers = [o for o in map(_plain, below.operands) if o.operation == "exp"]
        if below.operation != "add" or len(powers) != 1 or not all(map(_is_one, one)):
            return None
        if not any(map(_is_one, below.operands)):
            return None
        inner, falling = powers[0].operands[0], True
    else:
        return None
    inner = _plain(inner)
    while inner.operation == "negative":
        inner, falling = _plain(inner.operands[0]), not falling
    return inner, falling


def _plain(node: Node) -> Node:
    while node.operation in THROUGH:
        node = node.operands[0]
    return node


def _is_one(node: Node) -> bool:
    return not node.operands and np.size(node.value) == 1 and float(np.ravel(node.value)[0]) == 1.0


def _differences(feeding: Sequence[Node], moving: set[Node], since: int) -> set[Node]:
    """What is computed from differences of which both sides depend on the parameters, as of two scores."""
    found = set[Node]()
    for node in feeding:  # in order of time
        both = node.operation == "subtract" and moving.issuperset(node.operands) and time_of(node) > since
        if both or not found.isdisjoint(node.operands):
            found.add(node)
    return found


def _is_labelled(node: Node, moving: set[Node]) -> bool:
    """Is this a score times labels of 1 and -1?"""
    return node.operation == "multiply" and any(
        o not in moving and np.all(np.abs(np.asarray(o.value)) == 1) for o in node.operands
    )
