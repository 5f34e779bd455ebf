"""Arrays that a step writes into: what they were, and who sees them as they are by now."""

from __future__ import annotations

from collections.abc import Mapping

from backproof.check.place import Place
from backproof.check.trial import Bench
from backproof.graph import Node, unnamed
from backproof.step import TrainingStep
from backproof.step.put_in import VIEWS, is_put_in
from backproof.step.update import time_of
from backproof.trace import Store


def versions(bench: Bench) -> tuple[dict[Node, Node], dict[Node, Store]]:
    """For each array that was written into: what it was when it was made, and the last write to it."""
    step = bench.step
    leaves = {leaf for parameter in step.parameters for leaf in parameter.leaves}
    first: dict[Node, Node] = {}
    written: dict[Node, Store] = {}
    for store in step.trace.stores:
        before, after = (None if n is None else step.copies.get(n) for n in (store.before, store.after))
        if store.place[0] != "object" or before is None or after is None:
            continue
        origin = first.get(unnamed(before), unnamed(before))
        if origin in leaves:
            if not is_put_in(after, origin):
                continue  # a parameter that is updated
        elif not origin.operands:
            continue  # a buffer that was made empty
        first[after], written[after] = origin, store
    return first, written


def seen_anew(bench: Bench, first: Mapping[Node, Node]) -> dict[Node, tuple[Node, Node]]:
    """The views of written arrays that were there before, each as it was then, and the array as it is."""
    older: dict[tuple[int, Node], Node] = {}
    found: dict[Node, tuple[Node, Node]] = {}
    for node in sorted(bench.order, key=time_of):
        if node.operation not in VIEWS or node.origin is None:
            continue
        base = unnamed(node.operands[0])
        known = older.setdefault((node.origin.site, first.get(base, base)), node)
        if known is not node and base in first:
            found[node] = known, base
    return found


def read_by(
    step: TrainingStep, place: Place, first: Mapping[Node, Node], written: Mapping[Node, Store]
) -> tuple[Store, str]:
    """What has written into the array that is read here, and by which name that is; none where by any.

    A parameter is the same array for all that read it, whatever they call it.
    """
    version = unnamed(place.edges[0].operand)
    origin = first[version]
    while origin.operation in VIEWS:
        (origin,) = origin.operands
    return written[version], "" if origin in step.leaves else place.text


def is_of_base(node: Node, written: set[Node]) -> bool:
    """Is this an array that has become another since one of its views was ``written`` to?"""
    while node.operation in VIEWS:
        (node,) = node.operands
        if node in written:
            return True
    return False
