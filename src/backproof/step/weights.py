"""Weights of samples and outputs: data that the backward pass multiplies a difference by, before all else.

A class that counts more, an advantage, a mask of what was observed: the loss has them before its sum, and a
program that never writes its loss shows them only here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from backproof.graph import Node, apply
from backproof.step.elements import Place, goes_to, number_at
from backproof.step.update import time_of

PRODUCTS = frozenset({"multiply", "matmul", "dot"})
CURVED = PRODUCTS | {"square", "power", "exp", "tanh", "sigmoid", "sqrt", "log", "sin", "cos", "reciprocal"}
DECIDING = frozenset(
    {"greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "argmax", "argmin"}
    | {"logical_and", "logical_or", "logical_not", "isnan", "isfinite", "sign", "round", "floor"}
)
THROUGH = frozenset({"identity", "negative", "astype"})
LINEAR = PRODUCTS | THROUGH | {"outer", "divide", "transpose", "reshape", "sum", "index"}
DEEPEST, MOST = 12, 200  # of what is computed from a difference, that is asked what it is multiplied by


def consumers(nodes: Iterable[Node]) -> Mapping[Node, list[Node]]:
    """Who uses a node, among ``nodes``."""
    found: dict[Node, list[Node]] = defaultdict(list)
    for node in nodes:
        for operand in set(node.operands):
            found[operand].append(node)
    return found


def factors_of(
    difference: Node, data: Iterable[Node], users: Mapping[Node, list[Node]], moving: set[Node], since: int
) -> list[tuple[Node, int | None]]:
    """The data that a difference is multiplied by, as long as it goes one way in one shape; and their sites.

    A difference that is one number may be put into an array, with those of other samples.
    A factor that depends on the parameters belongs to the chain rule and is passed; so are the plain numbers
    of the source and signs, which say nothing of one sample against another. None of them counts where
    one is a function of ``data``, the target and the inputs, as a derivative that is
    taken at the wrong one of them would be.
    """
    found: list[tuple[Node, int | None]] = []
    node, known, found_data = difference, {d for d in data if d.operation != "constant"}, False
    place: Place | None = None if np.ndim(difference.value) else ()  # of one that is a number
    while len(users.get(node, ())) == 1:
        user = users[node][0]
        put = None if place is None else goes_to(user, node, place)
        if put is not None:
            node, place = user, put
            continue
        if np.shape(user.value) != np.shape(node.value) or not _passes(user, node):
            break
        factor = _factor(user, node, moving)
        if factor is not None and place:
            factor = number_at(factor, np.shape(node.value), place)
        if factor is not None:
            factor = _unsigned(factor)
            if _is_function(factor, known, since) or (_depends(factor, known, since) and found_data):
                return []
            found_data = found_data or _depends(factor, known, since)
            if factor.operation != "constant":
                found.append((factor, _site(user, node)))
        node = user
    numbers = (n for n in common_numbers(node, users, moving) if not _is_function(n, known, since))
    return [*found, *((n, None) for n in numbers)]


def common_numbers(node: Node, users: Mapping[Node, list[Node]], moving: set[Node]) -> list[Node]:
    """The numbers of the data that all is multiplied by which comes of a difference, in whatever shape.

    As one reward that weighs the whole step, ``rate * reward * outer(x, target - p)``.
    """
    found: list[Node] | None = None
    stack: list[tuple[Node, tuple[Node, ...], int]] = [(node, (), 0)]
    seen = 0
    while stack:
        node, numbers, depth = stack.pop()
        seen += 1
        following = users.get(node, ())
        ended = not following or depth == DEEPEST or seen > MOST
        if ended or not all(user.operation in LINEAR for user in following):
            found = list(numbers) if found is None else [n for n in found if n in numbers]
            if not found:
                return []
        else:
            stack += [(user, (*numbers, *_numbers(user, node, moving)), depth + 1) for user in following]
    return found or []


def _numbers(user: Node, node: Node, moving: set[Node]) -> Iterator[Node]:
    """The single numbers of the data that ``user`` multiplies a node by."""
    for operand in user.operands if user.operation == "multiply" else ():
        stack = [operand] if operand is not node and operand not in moving else []
        while stack:
            factor = _unsigned(stack.pop())
            if np.size(factor.value) == 1 and factor.operation == "multiply":
                stack += factor.operands
            elif np.size(factor.value) == 1 and factor.operation != "constant":
                yield factor


def _site(user: Node, node: Node) -> int | None:
    """Where the source has the other operand of ``user``."""
    if user.operation != "multiply" or user.origin is None:
        return None
    sites = user.origin.operand_sites
    position = 1 if user.operands[0] is node else 0
    return sites[position] if position < len(sites) else None


def _passes(user: Node, node: Node) -> bool:
    """Does every element go on to its own place, times something?"""
    places = [k for k, operand in enumerate(user.operands) if operand is node]
    if user.operation in THROUGH or user.operation == "multiply":
        return len(places) == 1
    if user.operation == "divide" or user.operation == "index_update":
        return places == [0] and (user.operation == "divide" or not np.any(user.operands[1].value))
    if user.operation == "where":
        return len(places) == 1 and places[0] > 0 and not np.any(user.operands[3 - places[0]].value)
    return False


def _factor(user: Node, node: Node, moving: set[Node]) -> Node | None:
    """What ``user`` multiplies a node by, where that is data."""
    if user.operation in THROUGH:
        return None
    if user.operation == "index_update":
        mask = np.ones(np.shape(node.value))
        mask[user.attributes["index"]] = 0.0
        return Node("leaf", (), value=mask, name="mask")
    if user.operation == "where":
        chosen = np.asarray(user.operands[0].value, dtype=float)
        kept = chosen if user.operands[1] is node else 1 - chosen
        return None if user.operands[0] in moving else Node("leaf", (), value=kept, name="mask")
    other = user.operands[0] if user.operands[1] is node else user.operands[1]
    if other in moving:
        return None
    return other if user.operation == "multiply" else apply("reciprocal", other)


def _unsigned(node: Node) -> Node:
    while node.operation in ("negative", "identity"):
        node = node.operands[0]
    return node


def _is_function(factor: Node, data: set[Node], since: int) -> bool:
    """Is a factor the data, or computed from them by anything curved or turned, as ``1 - t`` is?

    What is decided by comparing them is free of them.
    """
    plain = _arranged(factor)
    if plain.operation in ("add", "subtract"):
        x, y = (_arranged(operand) for operand in plain.operands)
        plain = x if y.operation == "constant" else y if x.operation == "constant" else plain
    if plain in data:
        return True
    stack, done = [factor], set[Node]()
    while stack:
        node = stack.pop()
        if node in done or node.operation in DECIDING:
            continue
        done.add(node)
        if node.operation in CURVED and sum(_depends(o, data, since) for o in node.operands) >= (
            2 if node.operation in PRODUCTS else 1
        ):
            return True
        stack.extend(node.operands)
    return False


def _arranged(node: Node) -> Node:
    while node.operation in ("index", "reshape", "transpose", "identity", "astype", "negative"):
        node = node.operands[0]
    return node


def _depends(node: Node, data: set[Node], since: int) -> bool:
    """Is a value computed from data? What is older is what other steps have made of them."""
    stack, done = [node], set[Node]()
    while stack:
        node = stack.pop()
        if node in data:
            return True
        if node not in done and node.operation not in DECIDING and not 0 <= time_of(node) < since:
            done.add(node)
            stack.extend(node.operands)
    return False
