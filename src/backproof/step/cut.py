"""Cut one training step out of the trace.

A graph of its own, whose leaves are the parameters and the data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from backproof.graph import Node, ancestors, apply, unnamed
from backproof.step.parts import Parts
from backproof.step.update import time_of

ARITHMETIC = frozenset({"add", "subtract", "multiply", "divide", "power", "negative"})


def cut(
    results: Iterable[Node],
    parameters: Iterable[Node],
    keep: Iterable[Node] = (),
    opened: Mapping[Node, Node] | None = None,
    written: Collection[Node] = (),
    earlier: Mapping[Node, Node] | None = None,
) -> dict[Node, Node]:
    """Copy what the results are computed from, as seen from the parameters.

    A parameter becomes a leaf; so does everything that does not depend on any parameter, whatever it was
    computed from: for this step it is data, but for sums and products of data that the step itself takes
    between other values, as a difference may be of the wrong two, and what is ``written``. ``keep`` are
    nodes that become leaves as well, and for those ``opened`` another is taken that they are computed from. A
    value that is reached by another name is the same leaf, and so is the value that a parameter had
    ``earlier``; a part of a parameter is of the version in which that part was written. The result maps every
    old node to its copy; places and names are kept.
    """
    parameters, keep = list(parameters), list(keep)
    earlier = {unnamed(old): now for old, now in (earlier or {}).items()}
    leaves = set(parameters) | {node for node in keep if unnamed(node) not in earlier}
    known = {unnamed(node): node for node in [*reversed(keep), *reversed(parameters)]} | earlier
    since = min((time_of(p) for p in parameters), default=-1)
    parts = Parts(set(parameters))
    order = bounded(results, leaves, since, parts)
    copies: dict[Node, Node] = {}
    moving: set[Node] = set()
    other_names = {
        node: leaf for node in order if (leaf := _under_other_name(node, leaves, known)) is not None
    }
    for node in order:
        operands = parts.operands(node) if node not in leaves and not _older(node, since) else ()
        own = node in written and bool(operands)
        if own or node in leaves or node in other_names or any(o in moving for o in operands):
            moving.add(node)
    kept = moving | set(_of_data(order, moving, leaves, since))
    for node in [*other_names.values(), *order]:
        if node in other_names:
            copies[node] = copies[other_names[node]]
        elif node in leaves and node not in copies:
            copies[node] = Node("leaf", (), value=node.value, name=node.name, origin=node.origin)
        elif node in leaves:
            continue
        elif node in kept:
            inner = opened.get(node) if opened else None
            copies[node] = Node(
                node.operation if inner is None else "identity",
                tuple(copies[o] for o in (parts.operands(node) if inner is None else (inner,))),
                node.attributes if inner is None else {},
                node.value,
                node.name,
                node.origin,
            )
        else:
            kind = "constant" if node.operation == "constant" else "leaf"
            copies[node] = Node(kind, (), value=node.value, name=node.name, origin=node.origin)
    return copies


def _of_data(order: Iterable[Node], moving: set[Node], leaves: set[Node], since: int) -> Iterator[Node]:
    """The sums and products of data alone that are taken after the step has begun to use its parameters.

    Also under the names that they are given; what is filled with them, an entry at a time; and those of a
    loss that is inferred, as 1 - t.
    """
    used = (time_of(node) for node in moving if node.operands and node not in leaves)
    begun = min((time for time in used if time >= since), default=None)
    filled = set[Node]()  # buffers that the step writes to, an entry at a time
    added = set[Node]()
    for node in order:
        inferred = node.origin is None
        if begun is None or node in moving or (time_of(node) <= begun and not inferred):
            continue
        if node.operation == "index_update" or (node.operation == "index" and node.operands[0] in filled):
            filled.add(node)
            yield node
        elif (node.operation == "identity" and node.operands[0] in added) or (
            node.operation in ARITHMETIC and not all(o.operation == "constant" for o in node.operands)
        ):
            added.add(node)
            yield node


def _under_other_name(node: Node, leaves: set[Node], known: Mapping[Node, Node]) -> Node | None:
    """The leaf whose value a node is, where it is not reached through the leaf itself."""
    value = node
    while value not in leaves and value.operation == "identity":
        value = value.operands[0]
    return None if value in leaves else known.get(value)


def _older(node: Node, since: int) -> bool:
    return node.origin is not None and time_of(node) < since


def bounded(
    results: Iterable[Node], leaves: set[Node], since: int = -1, parts: Parts | None = None
) -> list[Node]:
    """What the results are computed from, operands first.

    Going no further than ``leaves`` and what is older. ``parts`` tells what a part of an array is of.
    """
    parts = parts or Parts(())
    order: list[Node] = []
    done: set[Node] = set()
    stack = [(node, False) for node in results]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in done:
            done.add(node)
            stack.append((node, True))
            if node not in leaves and not _older(node, since):
                stack.extend((operand, False) for operand in parts.operands(node) if operand not in done)
    return order


def dependent(nodes: Iterable[Node], roots: Iterable[Node]) -> set[Node]:
    """Those of ``nodes`` (operands first) that are computed from ``roots``, the roots included."""
    found = set(roots)
    for node in nodes:
        if node not in found and any(operand in found for operand in node.operands):
            found.add(node)
    return found


def recomputed(results: Iterable[Node], replace: Mapping[Node, Node]) -> dict[Node, Node]:
    """Copy what the results are computed from, some nodes replaced and all values computed anew.

    What is not touched is shared. Raises what an operation raises that cannot take its new operands.
    """
    copies: dict[Node, Node] = {}
    for node in ancestors(results):
        operands = tuple(copies.get(o, o) for o in node.operands)
        if node in replace:
            copies[node] = _on(replace[node], copies)
        elif any(a is not b for a, b in zip(operands, node.operands, strict=True)):
            copies[node] = apply(
                node.operation, *operands, name=node.name, origin=node.origin, **node.attributes
            )
    return {node: copies.get(node, node) for node in results}


def _on(node: Node, copies: Mapping[Node, Node]) -> Node:
    """A replacement, computed from the copies of its operands; a leaf as it is."""
    if not node.operands:
        return node
    operands = tuple(copies.get(o, o) for o in node.operands)
    return apply(node.operation, *operands, name=node.name, origin=node.origin, **node.attributes)
