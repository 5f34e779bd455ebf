"""Guards: what a program has decided by its values, so that it is known where it would decide otherwise.

A graph holds the branch that was taken, the items that were picked, the order that was found. At other values
it is the program's own only where the nodes that decided have the values that they had.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from backproof.graph import Node, apply
from backproof.trace.events import Guard
from backproof.trace.flow.nodes import Nodes, Promise
from backproof.trace.flow.values import NUMBER, TRACKED, of_objects

MOST = 200  # values of which one was the largest, or that were sorted; of more, the order is not guarded


def decided(nodes: Nodes, value: Any, site: int | None) -> None:
    """The program went by this value: by a condition, or by an index."""
    if isinstance(value, tuple):
        for part in value:
            decided(nodes, part, site)
    elif isinstance(value, TRACKED) and not of_objects(value) and np.asarray(value).dtype.kind in "biu":
        waiting = nodes.waiting.get(id(value))
        if isinstance(waiting, Promise) and _is_data(waiting.array):
            return
        node = nodes.find(value)
        if node is not None and not _is_data(node):
            _guard(nodes, node, site)


def _is_data(node: Node) -> bool:
    """Is this an array that was not computed, or a part of one?"""
    while node.operation in ("index", "identity", "reshape", "astype", "transpose"):
        node = node.operands[0]
    return not node.operands


def truth(nodes: Nodes, value: Any, site: int) -> Any:
    """The program asked whether this value is true."""
    if isinstance(value, float | np.floating):
        node = nodes.find(value)
        if node is not None and node.operands:
            compared(nodes, "not_equal", value, 0.0, site)
    elif isinstance(value, np.bool_ | np.ndarray):
        decided(nodes, value, site)
    return value


def compared(nodes: Nodes, operation: str, left: Any, right: Any, site: int | None) -> None:
    """Two numbers were compared, and the result was a plain truth value, which has no node of its own."""
    operands = [nodes.find(value) if isinstance(value, TRACKED) else None for value in (left, right)]
    if any(node is not None and node.operands for node in operands):
        given = [value if n is None else n for n, value in zip(operands, (left, right), strict=True)]
        origin = nodes.origin(site if site is not None else -1, (None, None))
        try:
            node = apply(operation, *given, origin=origin)
        except (TypeError, ValueError):
            return
        _guard(nodes, node, site)


def rounded(nodes: Nodes, value: Any, function: Any, site: int) -> None:
    """A number was made whole, or a truth value, which has no node of its own."""
    node = nodes.find(value) if isinstance(value, TRACKED) else None
    if node is None or not node.operands or np.size(node.value) != 1:
        return
    if np.asarray(value).dtype.kind in "biu":
        _guard(nodes, node, site)
    elif function is bool:
        compared(nodes, "not_equal", value, 0.0, site)
    else:
        operation, origin = "round" if function is round else "floor", nodes.origin(site, (None,))
        try:
            whole = apply(operation, node, origin=origin)
        except (TypeError, ValueError):
            return
        _guard(nodes, whole, site)


def extreme(nodes: Nodes, values: Sequence[Any], result: Any, largest: bool, site: int) -> None:
    """``max`` or ``min`` of several values gave one of them."""
    if len(values) <= MOST:
        for value in values:
            if value is not result:
                compared(nodes, "greater_equal" if largest else "less_equal", result, value, site)


def ordered(nodes: Nodes, values: Sequence[Any], site: int) -> None:
    """Values were sorted: each is followed by the next."""
    if len(values) <= MOST:
        for value, following in itertools.pairwise(values):
            if isinstance(value, NUMBER) and isinstance(following, NUMBER):
                compared(nodes, "less_equal", value, following, site)


def _guard(nodes: Nodes, node: Node, site: int | None) -> None:
    guards = nodes.trace.guards
    if not guards or guards[-1].node is not node:
        guards.append(Guard(nodes.moment.time, node, site if site is not None else -1))
