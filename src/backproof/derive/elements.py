"""Arrays written part by part: elements read past the writes of others, and sums of parts as one array."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors, apply, attribute
from backproof.graph.node import shape_of, with_operands

LARGEST = 100_000  # elements of an array whose indices are compared by marking them
ADDS = frozenset({"index_add"})
WRITES = frozenset({"index_update", "index_add"})


def past_writes(roots: Iterable[Node]) -> list[Node]:
    """Give equal nodes in which an element is read from the first array that has it.

    The sum of arrays that are zero but for a part is one array of which the parts are written.

    >>> from backproof.graph import leaf
    >>> x = leaf(np.ones(5), "x")
    >>> written = apply("index_update", apply("index_update", x, 2.0, index=3), 0.0, index=1)
    >>> [node.operation for node in past_writes([apply("index", written, index=k) for k in (0, 3)])]
    ['index', 'constant']
    """
    roots = list(roots)
    new: dict[Node, Node] = {}
    for node in ancestors(roots):
        operands = tuple(new[o] for o in node.operands)
        here = with_operands(node, operands)
        new[node] = _read(here) if here.operation == "index" else _joined(here)
    return [new[root] for root in roots]


def _read(node: Node) -> Node:
    index, array = attribute(node, "index"), node.operands[0]
    passed = array
    while passed.operation in WRITES:
        other = attribute(passed, "index")
        if _equal(index, other) and passed.operation == "index_update":
            written = passed.operands[1]
            return written if shape_of(written) == shape_of(node) else node
        if not apart(index, other, shape_of(array)):
            break
        passed = passed.operands[0]
    return node if passed is array else apply("index", passed, index=index)


def _joined(node: Node) -> Node:
    """A sum of two arrays that begin as zeros, as writes to one."""
    if node.operation != "add" or not all(o.operation in ADDS and not o.name for o in node.operands):
        return node
    parts = []
    second = node.operands[1]
    for operand in node.operands:
        below = operand
        while below.operation in ADDS:
            below = below.operands[0]
        if below.operation != "constant" or np.any(below.value) or shape_of(operand) != shape_of(node):
            return node
    while second.operation in ADDS:
        parts.append((second.operands[1], attribute(second, "index")))
        second = second.operands[0]
    whole = node.operands[0]
    for value, index in reversed(parts):
        whole = apply("index_add", whole, value, index=index)
    return whole


def _numbers(index: Any) -> tuple[int, ...] | None:
    parts = index if isinstance(index, tuple) else (index,)
    whole = all(isinstance(p, (int, np.integer)) and not isinstance(p, bool) for p in parts)
    return tuple(int(p) for p in parts) if whole else None


def _equal(first: Any, second: Any) -> bool:
    one, other = _numbers(first), _numbers(second)
    return one is not None and one == other


def apart(first: Any, second: Any, shape: tuple[int, ...]) -> bool:
    """Do two indices into one array have no element in common?"""
    one, other = _numbers(first), _numbers(second)
    if one is not None and other is not None and len(one) == len(other):
        return any(a % n != b % n for a, b, n in zip(one, other, shape, strict=False))
    if np.prod(shape) > LARGEST:
        return False
    marked = np.zeros(shape, dtype=bool)
    marked[first] = True
    return not np.any(marked[second])
