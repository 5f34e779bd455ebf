"""Reverse mode: from a loss and the nodes it depends on to the nodes of their adjoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from backproof.graph.compositions import Composition
from backproof.graph.node import Node, ancestors, constant, shape_of
from backproof.graph.operations import OPERATIONS, apply
from backproof.graph.operations.arrangement import zeros_like
from backproof.graph.quiet import quietly

NOTHING: Mapping[Node, Composition] = MappingProxyType({})
NONE_GIVEN: Mapping[Node, Node] = MappingProxyType({})


@quietly()
def adjoints(
    result: Node,
    wanted: Sequence[Node],
    known: Mapping[Node, Composition] = NOTHING,
    given: Mapping[Node, Node] = NONE_GIVEN,
    called: Callable[[Node, Node], Node] | None = None,
) -> dict[Node, Node]:
    """Give the adjoint of each wanted node: the derivative of a result of one element, as a graph of its own.

    Nodes that the result does not depend on get zeros. Only what lies between the wanted nodes and the result
    is derived. ``known`` are compositions to differentiate as a whole: what lies inside one gets nothing from
    its result, so it cannot be among the wanted nodes. ``given`` are adjoints that stand for what would
    be found; ``called(node, adjoint)`` gives what stands for a finished adjoint in those after it, such
    as a leaf with a name.

    Examples
    --------
    >>> from backproof.graph import adjoints, apply, leaf
    >>> x = leaf(np.array([1.0, 2.0]))
    >>> adjoints(apply("sum", apply("square", x)), [x])[x].value
    array([2., 4.])
    """
    if np.size(result.value) != 1:
        raise ValueError(f"adjoints are those of one number, but the result has shape {shape_of(result)}")
    order = ancestors([result])
    active = set(wanted)
    for node in order:
        if not active.isdisjoint(node.operands):
            active.add(node)
    seed = 1.0 if shape_of(result) == () else np.ones(shape_of(result))
    found: dict[Node, Node] = {result: constant(seed)}
    for node in reversed(order):
        if node in given:
            found[node] = given[node]
        if node not in active or node not in found or not node.operands:
            continue
        if called is not None:
            found[node] = called(node, found[node])
        whole = known.get(node)
        if whole is not None:
            cotangent = whole.rule(found[node], node, whole.inner)
            if cotangent is not None:
                term = un_broadcast(cotangent, shape_of(whole.inner))
                inner = whole.inner
                found[inner] = apply("add", found[inner], term) if inner in found else term
                continue
        needed = [k for k, operand in enumerate(node.operands) if operand in active]
        if not needed:
            continue
        cotangents = OPERATIONS[node.operation].vjp(found[node], node, *node.operands, wanted=needed)
        for operand, cotangent in zip(node.operands, cotangents, strict=True):
            if cotangent is not None:
                term = un_broadcast(cotangent, shape_of(operand))
                found[operand] = apply("add", found[operand], term) if operand in found else term
    return {node: found[node] if node in found else constant(zeros_like(node.value)) for node in wanted}


def contribution(g: Node, user: Node, operand: Node) -> Node | None:
    """What the cotangent of one user contributes to the adjoint of its operand."""
    wanted = [k for k, o in enumerate(user.operands) if o is operand]
    try:
        cotangents = OPERATIONS[user.operation].vjp(g, user, *user.operands, wanted=wanted)
    except (ValueError, TypeError, NotImplementedError):
        return None
    terms = [
        un_broadcast(c, np.shape(operand.value))
        for k, c in enumerate(cotangents)
        if k in wanted and c is not None
    ]
    total = terms[0] if terms else None
    for term in terms[1:]:
        total = apply("add", total, term)
    return total


def un_broadcast(g: Node, shape: tuple[int, ...]) -> Node:
    """Sum a cotangent over the axes along which its operand, of this shape, was repeated."""
    given = shape_of(g)
    if given == shape:
        return g
    extra = len(given) - len(shape)
    if extra > 0:
        g = apply("sum", g) if not shape else apply("sum", g, axis=0 if extra == 1 else tuple(range(extra)))
        given = shape_of(g)
    ones = tuple(k for k, n in enumerate(shape) if n == 1 and len(given) == len(shape) and given[k] != 1)
    if ones:
        g = apply("sum", g, axis=ones[0] if len(ones) == 1 else ones, keepdims=True)
    return g if shape_of(g) == shape else apply("broadcast_to", g, shape=shape)
