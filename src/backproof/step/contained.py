"""Does a step lie wholly inside a stretch of a run, forward pass and backward pass and update?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from backproof.graph import Node
from backproof.step.change import Change, value_of
from backproof.step.update import time_of, walk

MOST = 64  # values that a step takes over which are asked for one by one


def taken_over(
    start: int, parameters: Sequence[Change], updated: Callable[[Node], bool]
) -> tuple[Node, ...] | None:
    """What the updates since ``start`` use that other steps have ``updated`` since these parameters changed.

    So do blocks of parameters that take turns. None where the updates use anything else that is neither made
    in the step nor older than what they change.
    """
    befores = {c.before for c in parameters}
    oldest = min(time_of(b) for b in befores)
    edge = [
        node
        for node in walk([c.after for c in parameters], lambda n: time_of(n) >= start and n not in befores)
        if time_of(node) < start and node not in befores
    ]
    values = {value_of(node) for node in befores}
    late = [n for n in edge if time_of(n) > oldest and n.operands and value_of(n) not in values]

    def is_fed(nodes: list[Node]) -> bool:
        return not befores.isdisjoint(walk(nodes, lambda n: time_of(n) > oldest and n not in befores))

    if not is_fed(late):
        return ()
    fed = [node for node in late if is_fed([node])] if len(late) <= MOST else []
    return tuple(fed) if fed and all(updated(node) for node in fed) else None
