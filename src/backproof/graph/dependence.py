"""Which of many values each node is computed from, for all of them in a few passes through the graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from backproof.graph.node import Node

AT_ONCE = 4096  # goals of one pass, a bit each


def computed_from(order: Sequence[Node], goals: Sequence[Node]) -> Iterator[tuple[int, dict[Node, int]]]:
    """Pass through nodes (operands first) for some goals at a time.

    Gives the number of the first goal of a pass, and for every node that is one of them or computed from one
    a number that has the bit 1 for the first, 2 for the next, and so on.
    """
    for first in range(0, len(goals), AT_ONCE):
        own: dict[Node, int] = {}
        for number, goal in enumerate(goals[first : first + AT_ONCE]):
            own[goal] = own.get(goal, 0) | 1 << number
        bits = dict(own)
        for node in order:
            found = 0
            for operand in node.operands:
                mine = bits.get(operand, 0)
                if mine is not found and mine:
                    found = found | mine if found else mine
            if found:
                bits[node] = found | own.get(node, 0) if node in own else found
        yield first, bits


def depend(order: Sequence[Node], questions: Sequence[tuple[Iterable[Node], Node]]) -> list[bool]:
    """Is any of some nodes a goal, or computed from it: for many ``(nodes, goal)`` at once.

    Examples
    --------
    >>> from backproof.graph import apply, leaf
    >>> x, y = leaf(1.0), leaf(2.0)
    >>> z = apply("add", x, apply("exp", y))
    >>> depend([z.operands[1], z], [([z], y), ([z.operands[1]], x), ([y], y)])
    [True, False, True]
    """
    found: list[bool] = []
    for first, bits in computed_from(order, [goal for _, goal in questions]):
        for number, (nodes, _) in enumerate(questions[first : first + AT_ONCE]):
            found.append(any(bits.get(node, 0) >> number & 1 for node in nodes))
    return found
