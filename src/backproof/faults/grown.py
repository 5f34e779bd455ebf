"""A share of a parameter that its own update adds to it, where momentum has a share of the last change.

``w += lr * g + 0.5 * w`` makes every parameter half as large again in each step. What is mended is the
gradient step; a momentum needs a name more, which holds the change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from backproof.check.growth import LEAST, NO_LESS, growing
from backproof.check.place import Place
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part
from backproof.graph import Node, constant
from backproof.source import Edit

COST = 1.6
MOMENTUM = re.compile("moment|inertia", re.IGNORECASE)  # of which a share as small as a decay's is meant
PASSED = frozenset({"identity", "index", "reshape"})


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Leave out what updates add to parameters of these themselves, in all statements at once."""
    if not places:
        return
    shares, small = (growing(places[0].scenery.bench.step, least) for least in (LEAST, NO_LESS))
    by_name = [(place, small if MOMENTUM.search(place.text) else shares) for place in places]
    found = [c for place, own in by_name if own and (c := _left_out(place, own)) is not None]
    if found:
        parts = tuple(part for each in found for part in each.parts)
        yield replace(found[0], parts=parts, beside=tuple(found[1:]))


def _left_out(place: Place, shares: dict[Node, float]) -> Correction | None:
    """Leave a place out of the sum that it stands in, where it is such a share; None of any other."""
    parent = place.parent
    if place.site.kind != "BinOp" or place.site.detail != "*" or parent is None:
        return None
    if parent.kind != "BinOp" or parent.detail != "+" or len(parent.children) != 2:
        return None
    added = [_share(edge, shares) for edge in place.edges]
    if not added or None in added:
        return None
    (other,) = (n for n in parent.children if n != place.site.number)
    rest = place.trace.sites[other].text
    why = (
        f"`{place.text}` adds {added[0]:g} times the parameter to itself in every step; a momentum adds a "
        "share of the last change, which is kept under a name of its own"
    )
    part = Part(place, rest, lambda edge: constant(np.zeros(np.shape(edge.operand.value))))
    edits = (Edit(parent.span, rest),)
    return Correction("loss-mismatch", (part,), COST, why, edits=edits)


def _share(edge: Edge, shares: dict[Node, float]) -> float | None:
    """The share of a parameter that a product of it adds; None where it is no such product."""
    node = edge.operand
    found = [shares[leaf] for leaf in map(_plain, node.operands) if leaf in shares]
    return found[0] if found and node.operation == "multiply" else None


def _plain(node: Node) -> Node:
    while node.operation in PASSED:
        node = node.operands[0]
    return node
