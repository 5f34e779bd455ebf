"""Where one number of an array goes, where arrays are put together and take other shapes."""

from __future__ import annotations

import numpy as np

from backproof.graph import Node, apply

Place = tuple[int, ...]
JOINING = frozenset({"stack", "concatenate", "reshape", "transpose"})


def goes_to(user: Node, node: Node, place: Place) -> Place | None:
    """The place in ``user`` of a number that ``node`` has at a place; None where it has several, or none.

    Examples
    --------
    >>> from backproof.graph import leaf
    >>> one, other = leaf(np.float64(3.0)), leaf(np.float64(5.0))
    >>> both = apply("stack", one, other, axis=0)
    >>> goes_to(both, other, ())
    (1,)
    >>> goes_to(apply("reshape", both, shape=(2, 1)), both, (1,))
    (1, 0)
    """
    if user.operation not in JOINING or sum(operand is node for operand in user.operands) != 1:
        return None
    marks = []
    for operand in user.operands:
        mark = np.zeros(np.shape(operand.value))
        if operand is node:
            mark[place] = 1.0
        marks.append(Node("leaf", (), value=mark))
    found = np.argwhere(np.asarray(apply(user.operation, *marks, **user.attributes).value))
    return tuple(int(k) for k in found[0]) if len(found) == 1 else None


def number_at(node: Node, shape: tuple[int, ...], place: Place) -> Node | None:
    """The number of a node that meets the one at a place of an array of this shape; None where none does."""
    try:
        whole = apply("broadcast_to", node, shape=shape) if np.shape(node.value) != shape else node
    except ValueError:
        return None
    return apply("index", whole, index=place) if shape else whole
