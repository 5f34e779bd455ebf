"""Names for the forward values that the program gives none: ``z1`` before an activation, ``h1`` behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from backproof.derive.forward import Forward
from backproof.graph import Node, ancestors
from backproof.graph.compositions import Composition, hidden

ACTIVATIONS = frozenset({"tanh", "sigmoid", "softplus", "sin", "cos", "erf", "arctan"})
PRODUCTS = frozenset({"matmul", "dot", "einsum", "tensordot", "outer"})
LINEAR = frozenset({"multiply", "divide", "negative", "sum", "mean", "add", "subtract", "reshape", "astype"})
ROLES = {"softmax": "p", "standardize": "x_hat"}
ALTERNATIVES = {"h": "a", "z": "u"}  # where the program numbers its own


def named(
    forward: Forward, moving: set[Node], known: Mapping[Node, Composition], apart: frozenset[Node]
) -> Forward:
    """Name every value that a derivation speaks of.

    What a function of the program gives for a value with a name is written as that call, but for those in
    ``apart``, which get a name of their own.
    """
    order = [n for n in ancestors([forward.loss]) if n in moving]
    inside = hidden(known.values())
    roles = dict(_roles(forward, order, known, inside))
    names = dict(forward.names)
    taken = set(names.values()) | {n for n, _ in forward.labels} | {"np"}
    written = dict(forward.written)
    counts: dict[str, int] = {}
    for node, role in roles.items():
        counts[role] = counts.get(role, 0) + (node not in names)
    numbers: dict[Node, str] = {}
    for node in order:
        if node in names or node not in roles:
            continue
        call = forward.calls.get(node)
        given = None if call is None else names.get(call[1])
        if call is not None and given is not None and given.isidentifier() and node not in apart:
            names[node] = f"{call[0]}({given})"
            continue
        role = roles[node]
        if f"{role}_1" in taken:
            role = ALTERNATIVES.get(role, role)
        numbers[node] = _number(forward, node, numbers)
        name = f"{role}{numbers[node]}" if counts[roles[node]] > 1 or role in taken else role
        number = 1
        while name in taken:
            name = f"{role}{number}"
            number += 1
        taken.add(name)
        names[node] = written[node] = name
    return replace(forward, names=names, written=written)


def _roles(
    forward: Forward, order: Sequence[Node], known: Mapping[Node, Composition], inside: set[Node]
) -> Iterator[tuple[Node, str]]:
    """What the values that deserve a name are called, operands first."""
    wholes = {w.outer: w for w in known.values() if w.outer not in inside}
    inner = {w.inner for w in wholes.values()}
    moving = set(order)
    users: dict[Node, list[Node]] = {}
    for node in order:
        for operand in dict.fromkeys(node.operands):
            users.setdefault(operand, []).append(node)
    tail = _tail(forward.loss, moving)
    spreads = {_spread(outer) for outer, whole in wholes.items() if whole.name == "standardize"}
    for node in order:
        if node in spreads:
            yield node, "std" if node.operation in ("sqrt", "power") else "inv_std"
        if node in inside or node is forward.loss or not node.operands:
            continue
        if node in wholes:
            yield node, ROLES.get(wholes[node].name, "h")
        elif node in forward.local and node not in tail:
            yield node, forward.local[node]
        elif node in inner or _feeds_activation(node, users.get(node, ())):
            yield node, "z"
        elif node in forward.calls or _is_activation(node):
            yield node, "h"
        elif node.operation in PRODUCTS and node not in tail:
            alone = users.get(node, ())
            if not (len(alone) == 1 and alone[0].operation == "add"):
                yield node, "z"
        elif node.operation == "add" and any(o.operation in PRODUCTS for o in node.operands):
            if node not in tail:
                yield node, "z"
        elif node.operation in ("sum", "mean") and node not in tail and np.size(node.operands[0].value) > 1:
            yield node, "s" if node.operation == "sum" else "m"


def _spread(node: Node) -> Node:
    """What a standardised value is divided by, or the inverse that it is multiplied by."""
    divisor = node.operands[1]
    if node.operation == "multiply":
        divisor = min(node.operands, key=lambda o: np.size(o.value))
    while divisor.operation in ("reshape", "index", "broadcast_to"):
        divisor = divisor.operands[0]
    return divisor


def _is_activation(node: Node) -> bool:
    rectifier = node.operation == "maximum" and any(np.size(o.value) == 1 for o in node.operands)
    return node.operation in ACTIVATIONS or rectifier


def _feeds_activation(node: Node, users: Sequence[Node]) -> bool:
    return any(_is_activation(user) for user in users) and node.operation in {*PRODUCTS, "add", "multiply"}


def _tail(loss: Node, moving: set[Node]) -> set[Node]:
    """What the loss is made of by sums and constants only."""
    tail = {loss}
    stack = [loss]
    while stack:
        node = stack.pop()
        parts = [o for o in node.operands if o in moving]
        if node.operation in LINEAR and (
            len(parts) == 1 or (node.operation in ("add", "subtract") and np.ndim(node.value) == 0)
        ):
            for operand in parts:
                # what is summed is no sum itself
                if operand not in tail and operand.operation in LINEAR and np.ndim(node.value) == 0:
                    tail.add(operand)
                    stack.append(operand)
    return tail


def _number(forward: Forward, node: Node, numbers: Mapping[Node, str]) -> str:
    """The number of the layer: that of the value it is an activation of, or of the parameter it uses."""
    parameters = {p.leaf: p.name for p in forward.parameters}
    stack, seen = [node], 0
    while stack and seen < 12:
        here = stack.pop(0)
        seen += 1
        if here in numbers and here is not node:
            return numbers[here]
        if here in parameters:
            name = parameters[here]
            digits = name[len(name.rstrip("0123456789")) :]
            return digits.lstrip("_") or "1"
        if here is node or here not in forward.names:
            stack.extend(sorted(here.operands, key=lambda o: o not in parameters))
    return "1"
