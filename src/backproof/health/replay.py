"""Compute a step again and again, quickly: what does not depend on what changes is computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.graph import OPERATIONS, Node, ancestors
from backproof.graph.evaluate import cast

Entry = tuple[Node, Callable[..., Any], tuple[Node, ...], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Replay:
    """The nodes of some results that have to be computed anew, in order, and the values of the others."""

    line: tuple[Entry, ...]
    known: Mapping[Node, Any]

    @property
    def cost(self) -> float:
        """About how many seconds one evaluation takes, by the number of operations and of elements."""
        elements = 0.0
        for node, _, operands, _ in self.line:
            product = node.operation in ("matmul", "dot", "einsum") and np.ndim(operands[0].value)
            inner = np.shape(operands[0].value)[-1] if product else 1
            elements += np.size(node.value) * max(1.0, 0.2 * inner)
        return 3e-6 * len(self.line) + 4e-9 * elements

    def at(self, point: Mapping[Node, Any]) -> dict[Node, Any]:
        """Compute every node of the results for the values of a point; floating point warnings are off."""
        table = {**self.known, **point}
        with np.errstate(all="ignore"):
            for node, value, operands, attributes in self.line:
                table[node] = value(*[table[operand] for operand in operands], **attributes)
        return table


def replay(
    results: Sequence[Node], varying: Iterable[Node], fixed: Mapping[Node, Any] | None = None
) -> Replay:
    """Prepare results for evaluation: ``varying`` get new values, ``fixed`` the given ones."""
    moving, held = set(varying), fixed or {}
    known: dict[Node, Any] = {}
    line: list[Entry] = []
    with np.errstate(all="ignore"):
        for node in ancestors(results):
            if node in moving or node in held or not node.operands:
                known[node] = cast(held.get(node, node.value), np.float64)
                continue
            attributes = node.attributes
            if attributes and "dtype" in attributes and np.dtype(attributes["dtype"]).kind == "f":
                attributes = {**attributes, "dtype": np.float64}
            value = OPERATIONS[node.operation].value
            if any(operand in moving for operand in node.operands):
                moving.add(node)
                line.append((node, value, node.operands, attributes))
            else:
                known[node] = value(*[known[operand] for operand in node.operands], **attributes)
    return Replay(tuple(line), known)
