"""Who uses a value: the other way round through a graph that grows."""

from __future__ import annotations

from collections.abc import Iterable

from backproof.graph.node import Node

PARTS = frozenset({"index", "identity", "reshape"})


class Users:
    """The nodes that are computed from each node, as far as they have been entered."""

    def __init__(self) -> None:
        self.of: dict[Node, list[Node]] = {}
        self.entered: set[Node] = set()

    def enter(self, nodes: Iterable[Node]) -> None:
        """Enter nodes, and what they are computed from."""
        for node in nodes:
            stack = [node]
            while stack:
                user = stack.pop()
                if user in self.entered:
                    continue
                self.entered.add(user)
                for operand in user.operands:
                    self.of.setdefault(operand, []).append(user)
                    if operand.operands and operand not in self.entered:
                        stack.append(operand)

    def only(self, before: Node, after: Node, operations: frozenset[str], limit: int = 64) -> bool:
        """Do all uses of ``before`` lead to ``after`` only, by ``operations`` and by taking parts?

        False as well where that takes more than ``limit`` uses to see. Then nothing else of what ``after``
        is computed from can have been computed from ``before``.
        """
        stack, done, reached = [(before, True)], {before}, False
        while stack:
            node, part = stack.pop()
            for user in self.of.get(node, ()):
                inside = part and user.operation in PARTS
                if not inside and user.operation not in operations:
                    return False
                if user is after:
                    reached = True
                elif user not in done:
                    if len(done) >= limit:
                        return False
                    done.add(user)
                    stack.append((user, inside))
        return reached
