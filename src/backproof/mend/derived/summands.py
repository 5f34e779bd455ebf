"""Compare a value with the summands of the one that belongs in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from backproof.check.catalogue import SAME, Catalogue, Entry
from backproof.check.grades import is_multiple
from backproof.graph import Node, apply, evaluate

MOST = 8  # summands


def by_summands(catalogue: Catalogue, entry: Entry, scale: float, found: Sequence[Any]) -> str | None:
    """The rule by which ``found``, at every point, differs from a true value in one or two of its summands.

    None where it does not, or where the true value is no sum.
    """
    bench = catalogue.bench
    terms = summands(catalogue.compact(entry))
    if not 2 <= len(terms) <= MOST:
        return None
    points = [{**bench.step.state, **point} for point in bench.points]
    tables: list[Mapping[Node, Any]] = [evaluate(terms, point) for point in points]
    columns = [
        np.stack(
            [scale * np.broadcast_to(np.asarray(table[t], dtype=float), np.shape(f)).ravel() for t in terms]
        )
        for table, f in zip(tables, found, strict=True)
    ]
    columns = _joined(columns)
    each = len(columns[0])
    weights = [np.ones(each) for _ in found]
    for count in (1, 2):
        for chosen in combinations(range(each), count):
            for rule, factor in (("missing-term", 0.0), ("sign-flipped", -1.0)):
                if count < each:
                    changed = [_with(w, chosen, factor) for w in weights]
                    if all(_same(w @ c, f) for w, c, f in zip(changed, columns, found, strict=True)):
                        return rule
    return None


def _joined(columns: list[Any]) -> list[Any]:
    """The summands at every point, with those that are one value times numbers added up.

    As the two of the derivative of `x * x`: to turn the sign of one would be to leave both out.
    """
    found = list[list[Any]]()
    for term in (list(rows) for rows in zip(*columns, strict=True)):
        alike = next((known for known in found if is_multiple(list(zip(term, known, strict=True)))), None)
        if alike is None:
            found.append(term)
        else:
            alike[:] = [a + b for a, b in zip(alike, term, strict=True)]
    return [np.stack([term[k] for term in found]) for k in range(len(columns))]


def _with(weights: Any, chosen: Sequence[int], factor: float) -> Any:
    changed = weights.copy()
    changed[list(chosen)] = factor
    return changed


def _same(total: Any, found: Any) -> bool:
    value = np.ravel(np.asarray(found, dtype=float))
    return float(np.linalg.norm(total - value)) <= SAME * float(np.linalg.norm(value))


def summands(node: Node) -> list[Node]:
    """What a value is the sum of, products and quotients of sums multiplied out.

    >>> from backproof.graph import apply, leaf
    >>> x, y = leaf(2.0, "x"), leaf(3.0, "y")
    >>> [float(term.value) for term in summands(apply("divide", apply("subtract", x, y), y))]
    [0.6666666666666666, -1.0]
    """
    if node.operation == "add":
        return [*summands(node.operands[0]), *summands(node.operands[1])]
    if node.operation == "subtract":
        return [*summands(node.operands[0]), *(_negated(term) for term in summands(node.operands[1]))]
    if node.operation == "negative":
        return [_negated(term) for term in summands(node.operands[0])]
    if node.operation == "divide":
        return [apply("divide", term, node.operands[1]) for term in summands(node.operands[0])]
    if node.operation == "multiply":
        left, right = (summands(operand) for operand in node.operands)
        return [apply("multiply", a, b) for a in left for b in right]
    return [node]


def _negated(term: Node) -> Node:
    return apply("negative", term)
