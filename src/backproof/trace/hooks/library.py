"""Library calls: made, and recorded as operations of the table where these give what the call gave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace.flow.claims import hanging, opaque
from backproof.trace.flow.foreign import described
from backproof.trace.flow.nodes import Nodes
from backproof.trace.flow.values import NUMBER, TRACKED, same
from backproof.trace.flow.writes import changed_in_place
from backproof.trace.lowering import Context, Lowering


def lowered(
    nodes: Nodes,
    site: int,
    places: Sequence[int],
    function: Any,
    lowering: Lowering,
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
    method: bool = False,
) -> Any:
    """Call a library function and record it as operations of the table, if they give what it gave.

    ``places`` are the sites of the arguments. Of a ``method`` the first argument is its owner.
    """
    if lowering.iterates and isinstance(arguments[0], Iterator):
        arguments = (list(arguments[0]), *arguments[1:])
    given, out = _output(function, arguments, keywords)
    values = [*arguments, *keywords.values()]
    context = Context(nodes, site, {id(v): s for v, s in zip(values, places, strict=False)})
    named = {k: v for k, v in keywords.items() if k != "out"}
    target = arguments[0] if lowering.mutates else out
    before: Node | None = None
    made: Node | list[Node] | None = None
    if isinstance(target, np.ndarray):
        before = nodes.refreshed(target, context.own.get(id(target)))
        made = _build_where(lowering, context, given, named, before)
    current = nodes.moment.current
    result = function(*(arguments[1:] if method else arguments), **keywords)
    nodes.moment.current = current
    what = getattr(function, "__name__", "a call")
    if before is not None:
        _written(nodes, site, target, before, made, context, hanging(nodes, values), what)
    elif isinstance(result, TRACKED):
        _computed(nodes, site, lowering, context, given, named, result, function)
    elif isinstance(result, list | tuple) and any(isinstance(v, NUMBER) for v in result):
        made = _build(lowering, context, given, named)
        parts = made if isinstance(made, list) and len(made) == len(result) else []
        if not all(same(node.value, value) for node, value in zip(parts, result, strict=False)):
            parts = []
        if not parts:
            opaque(nodes, site, values, result, what, described(function, arguments, keywords))
        for node, value in zip(parts, result, strict=False):
            if isinstance(value, TRACKED):
                nodes.keep(value, node)
                nodes.note_view(value, arguments[0])
    return result


def _output(
    function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], Any]:
    """The inputs of a call, and the array that it is to write to, if any."""
    out = keywords.get("out")
    if isinstance(function, np.ufunc) and len(arguments) > function.nin:
        arguments, out = arguments[: function.nin], arguments[function.nin]
    if isinstance(out, tuple) and len(out) == 1:
        out = out[0]
    return arguments, out


def _build(
    lowering: Lowering, context: Context, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> Node | list[Node] | None:
    try:
        return lowering.build(context, *arguments, **keywords)
    except Exception:  # an argument that is misread costs the derivative, never the run
        return None


def _build_where(
    lowering: Lowering, context: Context, given: tuple[Any, ...], named: dict[str, Any], before: Node
) -> Node | list[Node] | None:
    """What is written to an array, of which some elements may stay as they are: ``out=a, where=c``."""
    chosen = named.get("where")
    if not isinstance(chosen, np.ndarray):
        return _build(lowering, context, given, named)
    with np.errstate(all="ignore"):
        made = _build(lowering, context, given, {k: v for k, v in named.items() if k != "where"})
        return context.apply("where", chosen, made, before) if isinstance(made, Node) else None


def _fits(context: Context, made: Node | list[Node] | None, value: Any) -> Node | None:
    """What was made, in the shape of the value, if it is equal to it."""
    if not isinstance(made, Node):
        return None
    if np.shape(made.value) != np.shape(value) and np.size(made.value) == np.size(value):
        made = context.apply("reshape", made, shape=np.shape(value))
    return made if same(made.value, value) else None


def _written(
    nodes: Nodes,
    site: int,
    target: Any,
    before: Node,
    made: Any,
    context: Context,
    given: list[Node],
    what: str,
) -> None:
    """The call wrote to ``target``."""
    node = _fits(context, made, target)
    if node is None:
        node = nodes.unknown(target, what, site, (before, *given), before.name)
    elif node.operation != "constant" and np.asarray(node.value).dtype != target.dtype:
        node = context.apply("astype", node, dtype=target.dtype)
    changed_in_place(nodes, target, before, node, site)


def _computed(
    nodes: Nodes,
    site: int,
    lowering: Lowering,
    context: Context,
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
    result: Any,
    function: Any,
) -> None:
    """The call gave ``result``."""
    what = getattr(function, "__name__", "a call")
    node: Node | None = None
    for fresh in (False, True):
        context.fresh = fresh
        made = _build(lowering, context, arguments, keywords)
        node = _fits(context, made, result)
        if node is not None or made is None:
            break
    if node is None:
        call = described(function, arguments, keywords)
        opaque(nodes, site, [*arguments, *keywords.values()], result, what, call)
    elif nodes.known.get(id(result)) is not node:
        target = nodes.sites[site].target
        if target and node.name is None and node.operation not in ("leaf", "constant"):
            node = nodes.renamed(node, target)
        nodes.keep(result, node)
        if arguments:
            nodes.note_view(result, arguments[0])
