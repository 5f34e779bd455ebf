"""A part of a forward pass as a forward pass of its own: what stands behind a loop, or one of its rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from backproof.derive.forward import Forward, Parameter
from backproof.graph import Node, ancestors, apply


def part(
    forward: Forward,
    results: Sequence[tuple[Node, Node | None]],
    stops: Mapping[Node, Node],
    names: Mapping[Node, str],
    by: Sequence[tuple[Node, str]],
    applied: Mapping[Node, str],
    pattern: tuple[str, str],
) -> Forward:
    """The forward pass whose loss is the sum of ``results``, each times the adjoint beside it.

    The derivative of that by what the results are computed from is the derivative of the loss (Pearlmutter
    1994). ``stops`` are nodes that become the leaves given for them, ``names`` the names of values, by the
    nodes of ``forward`` or by such a leaf. ``by`` are the leaves to derive by with their texts; ``applied``
    are the names of derivatives, by node as well, ``pattern`` what the others are named like.
    """
    copies: dict[Node, Node] = dict(stops)
    for node in ancestors([result for result, _ in results], stops.__contains__):
        if node not in copies:
            copies[node] = (
                Node(
                    node.operation,
                    tuple(copies[o] for o in node.operands),
                    node.attributes,
                    node.value,
                    node.name,
                    node.origin,
                )
                if node.operands
                else node
            )
    total: Node | None = None
    for result, adjoint in results:
        term = copies[result]
        if adjoint is not None and adjoint.operation == "divide":
            number, divisor = adjoint.operands
            term = apply("divide", term if number.value == 1 else apply("multiply", number, term), divisor)
        elif adjoint is not None:
            term = apply("multiply", adjoint, term)
        if np.ndim(term.value):
            term = apply("sum", term)
        total = term if total is None else apply("add", total, term)
    assert total is not None
    order = ancestors([total])
    given = {copies.get(node, node): name for node, name in names.items()}
    known = {node: name for node, name in given.items() if node in set(order)}
    back = {copy: node for node, copy in copies.items()}
    return replace(
        forward,
        loss=total,
        names=known,
        texts={node: forward.texts.get(back.get(node, node), name) for node, name in known.items()},
        parameters=tuple(Parameter(text, known[leaf], leaf) for leaf, text in by if leaf in known),
        calls={
            copies[r]: (function, copies[g])
            for r, (function, g) in forward.calls.items()
            if r in copies and g in copies and copies[r].operands
        },
        local={copies[n]: name for n, name in forward.local.items() if n in copies and copies[n].operands},
        written={},
        backward=(),
        applied={copies.get(node, node): name for node, name in applied.items()},
        loops=(),
        pattern=pattern,
    )
