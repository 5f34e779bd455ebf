"""Numbers of a parameter that are replaced by others, which is no step of it."""

from __future__ import annotations

from collections.abc import Iterable

from backproof.graph import Node
from backproof.step.update import any_reaches, reaches, time_of

VIEWS = frozenset({"identity", "reshape", "transpose"})


def is_put_in(after: Node, before: Node) -> bool:
    """Are some numbers of an array replaced by what is not computed from it, as by zero?

    >>> from backproof.graph import apply, leaf
    >>> x = leaf([1.0, 2.0, 3.0], "x")
    >>> zero, less = 0.0, apply("multiply", apply("index", x, index=1), 0.5)
    >>> [is_put_in(apply("index_update", x, part, index=1), x) for part in (zero, less)]
    [True, False]
    """
    while after.operation in VIEWS:
        (after,) = after.operands
    if after.operation != "index_update":
        return False
    return not reaches(after.operands[1], before, lambda node: time_of(node) >= time_of(before))


def used_as_it_was(results: Iterable[Node], array: Node, start: int) -> bool:
    """Are results computed since ``start`` from an array as it was, and not only with numbers put in?"""

    def inside(node: Node) -> bool:
        return time_of(node) >= start and not _is_written(node, array)

    return any_reaches(results, array, inside)


def _is_written(node: Node, array: Node) -> bool:
    """Is this an array, or a view of it, with something put in?"""
    if node.operation != "index_update":
        return False
    while node is not array and node.operation in VIEWS | {"index", "index_update"}:
        node = node.operands[0]
    return node is array
