"""Library calls: made, and recorded as operations of the table where these give what the call gave."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph import Node, leaf
from backproof.trace.flow.claims import opaque
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import TRACKED, same
from backproof.trace.flow.writes import changed_in_place
from backproof.trace.lowering import Context, Lowering, UnloweredError

REFUSALS = (UnloweredError, TypeError, ValueError, IndexError)


def lowered(
    nodes: Nodes,
    site: int,
    function: Any,
    lowering: Lowering,
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
    method: bool = False,
) -> Any:
    """Call a library function and record it as operations of the table, if they give what it gave."""
    here = nodes.sites[site]
    sites = here.children if method else here.children[here.arguments :]
    values = [*arguments, *keywords.values()]
    own = {id(v): s for v, s in zip(values, sites, strict=False)}
    context = Context(nodes, site, own)
    out = keywords.get("out")
    given = {k: v for k, v in keywords.items() if k != "out"}
    node: Node | None = None
    if lowering.mutates or out is not None:
        try:
            node = lowering.build(context, *arguments, **given)
        except REFUSALS:
            node = None
    real = arguments[1:] if method else arguments
    current = nodes.moment.current
    result = function(*real, **keywords)
    nodes.moment.current = current
    if lowering.mutates:
        target = arguments[0]
        before = nodes.node(target, own.get(id(target)))
        if node is None or not same(node.value, target):
            node = leaf(np.array(target), before.name, nodes.origin(site, ()))
            nodes.unknown(node, getattr(function, "__name__", "a call"))
        changed_in_place(nodes, target, before, node, site)
        return result
    if not isinstance(result, TRACKED):
        return result
    for attempt in range(2):
        if node is None:
            try:
                context.fresh = bool(attempt)
                node = lowering.build(context, *arguments, **given)
            except REFUSALS:
                node = None
                break
        if np.shape(node.value) != np.shape(result) and np.size(node.value) == np.size(result):
            node = context.apply("reshape", node, shape=np.shape(result))
        if same(node.value, result):
            break
        node = None
    if node is None:
        opaque(nodes, site, tuple(values), result, getattr(function, "__name__", "a call"))
    elif out is not None and isinstance(result, np.ndarray):
        before = nodes.node(result, None)
        changed_in_place(nodes, result, before, node, site)
    elif nodes.known.get(id(result)) is not node:
        if (
            here.target
            and node.name is None
            and node.origin is not None
            and node.operation not in ("leaf", "constant")
        ):
            node = nodes.renamed(node, here.target)
        nodes.keep(result, node)
        if arguments:
            nodes.note_view(result, arguments[0])
    return result
