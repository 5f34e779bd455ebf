"""A graph as text, one node a line."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from backproof.graph.node import Node, ancestors, shape_of


def print_graph(nodes: Iterable[Node]) -> str:
    """List a graph, operands first, with attributes, types, shapes and names.

    Examples
    --------
    >>> from backproof.graph import apply, leaf, print_graph
    >>> print(print_graph([apply("sum", leaf(np.zeros((2, 3)), "W"), axis=0)]))
    %0 W = leaf             float64 (2, 3)
    %1   = sum(%0, axis=0)  float64 (3,)
    """
    numbers: dict[Node, str] = {}
    rows = []
    for node in ancestors(nodes):
        numbers[node] = f"%{len(numbers)}"
        inside = [numbers[operand] for operand in node.operands]
        inside += [f"{key}={value!r}" for key, value in node.attributes.items()]
        if node.operation == "constant":
            inside = [
                np.array2string(np.asarray(node.value), threshold=8, edgeitems=1, separator=", ").replace(
                    "\n", ""
                )
            ]
        text = node.operation + (f"({', '.join(inside)})" if inside else "")
        rows.append(
            (numbers[node], node.name or "", text, f"{np.asarray(node.value).dtype} {shape_of(node)}")
        )
    widths = [max((len(row[k]) for row in rows), default=0) for k in range(3)]
    lines = [
        "{} {} = {}  {}".format(*[cell.ljust(w) for cell, w in zip(row, widths, strict=False)], row[3])
        for row in rows
    ]
    return "\n".join(lines)
