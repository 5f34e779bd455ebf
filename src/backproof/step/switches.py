"""What the program puts into an update on purpose: flags, masks of what is cut off, noise.

``w -= lr * g * (not frozen)`` leaves a parameter as it is, ``w -= lr * g * mask`` what the mask has set to
zero before, and ``w -= lr * (g + noise)`` shakes it. Neither is a part of the gradient.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from backproof.graph import Node
from backproof.step.update import THROUGH
from backproof.trace import Trace

LIMIT = 200  # nodes of an update that are looked through

Kind = Literal["flag", "mask", "noise"]


@dataclass(frozen=True, slots=True, eq=False)
class Switch:
    """A number or an array that an update holds beside the gradient, with the ``value`` that takes it out."""

    node: Node
    kind: Kind
    text: str
    value: Any


def switches(
    trace: Trace, updates: Iterable[tuple[Node, Node]], counted: Collection[Node], drawn: Collection[Node]
) -> list[Switch]:
    """Find the switches of some updates, what parameters become and what they were.

    What the loss is ``counted`` from is none. ``drawn`` are values that came from nowhere in this step.
    """
    found: dict[Node, Switch] = {}
    for after, before in updates:
        for switch in _of_update(trace, after, before, drawn):
            if switch.node not in counted:
                found[switch.node] = switch
    return list(found.values())


def _of_update(trace: Trace, after: Node, before: Node, drawn: Collection[Node]) -> Iterator[Switch]:
    stack: list[tuple[Node, str, bool]] = [(after, "", False)]  # with its text, and whether it is a factor
    seen = 0
    while stack and seen < LIMIT:
        node, text, factor = stack.pop()
        seen += 1
        if not node.operands:
            kind = _kind(trace, node, before, factor, drawn)
            if kind is not None:
                value = np.zeros if kind == "noise" else np.ones
                yield Switch(node, kind, text or node.name or "", value(np.shape(node.value)))
        elif node.operation in ("add", "subtract"):
            stack += _operands(trace, node, factor=False)
        elif node.operation == "multiply":
            stack += _operands(trace, node, factor=True)
        elif node.operation == "divide" or node.operation in THROUGH:
            stack.append((node.operands[0], text, factor))


def _operands(trace: Trace, node: Node, factor: bool) -> Iterator[tuple[Node, str, bool]]:
    sites = node.origin.operand_sites if node.origin is not None else ()
    for k, operand in enumerate(node.operands):
        site = sites[k] if k < len(sites) else None
        yield operand, "" if site is None else " ".join(trace.sites[site].text.split()), factor


def _kind(trace: Trace, node: Node, before: Node, factor: bool, drawn: Collection[Node]) -> Kind | None:
    value = np.asarray(node.value)
    if factor and value.dtype.kind == "b" and value.size == 1:
        return "flag"
    if factor and value.size > 1 and value.shape == np.shape(before.value) and not value.all():
        cut = np.isin(value, (0, 1)).all() and not np.any(np.asarray(before.value)[value == 0])
        return "mask" if cut else None
    if node in drawn and value.dtype.kind == "f" and node.origin is not None and node.origin.site >= 0:
        return "noise" if trace.sites[node.origin.site].kind == "Call" else None
    return None
