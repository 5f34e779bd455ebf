"""A cumulative sum, whose derivative sums from the other end."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.reading import parsed
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, bracketed, make
from backproof.graph import Node

COST = 1.3


def reversed_sums(place: Place) -> Iterator[Correction]:
    """Sum what ``np.cumsum`` sums from its end, and put the sums in the order of before."""
    call, node = parsed(place.text), place.edges[0].operand
    if not isinstance(call, ast.Call) or not isinstance(call.func, (ast.Name, ast.Attribute)):
        return
    if any(edge.operand.operation != "cumsum" for edge in place.edges):
        return
    named = call.func.value if isinstance(call.func, ast.Attribute) else None
    of_module = named is None or (
        isinstance(named, ast.Name) and place.value(named.id, place.edges[0]) is None
    )
    argument = next(iter(call.args), None) if of_module else named
    axis = node.attributes.get("axis")
    if argument is None or "\n" in place.text or not (np.ndim(node.value) == 1 or isinstance(axis, int)):
        return
    along = 0 if axis is None else axis
    key = "[..., ::-1]" if along < 0 else f"[{':, ' * along}::-1]"
    first, last = argument.col_offset, argument.end_col_offset or 0
    inner = bracketed(place.text[first:last], 9) + key
    text = place.text[:first] + inner + place.text[last:] + key
    why = f"`{place.text}` has to sum from the other end: each value enters the sums behind it"
    part = Part(place, text, lambda edge: _from_the_end(edge, along))
    yield Correction("wrong-transpose", (part,), COST, why, expected=text)


def _from_the_end(edge: Edge, axis: int) -> Node | None:
    value = edge.operand.operands[0]
    return make("flip", make("cumsum", make("flip", value, axis=axis), axis=axis), axis=axis)
