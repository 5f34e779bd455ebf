"""Two products of a sum have a factor in each other's place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from backproof.check.place import Place
from backproof.check.reading import parsed
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, make, product
from backproof.graph import Node

COST = 1.6
SIGNS = {ast.Add: ("+", "add"), ast.Sub: ("-", "subtract")}


def exchanged(place: Place) -> Iterator[Correction]:
    """Exchange two factors: ``b * x + a * y`` for ``a * x + b * y``, or for ``b * a + x * y``."""
    whole = parsed(place.text)
    if not isinstance(whole, ast.BinOp) or type(whole.op) not in SIGNS or len(place.children) != 2:
        return
    if not all(isinstance(e, ast.BinOp) and isinstance(e.op, ast.Mult) for e in (whole.left, whole.right)):
        return
    sites = [place.trace.sites[number] for child in place.children for number in child.children]
    sign, operation = SIGNS[type(whole.op)]
    if len(sites) != 4 or any(child.kind != "BinOp" for child in place.children):
        return
    for first, second in (((2, 1), (0, 3)), ((3, 1), (2, 0))):

        def build(edge: Edge, pairs: tuple[tuple[int, int], ...] = (first, second)) -> Node | None:
            factors = [place.inside(edge.operand, site.number) for site in sites]
            terms = (make("multiply", factors[a], factors[b]) for a, b in pairs)
            return make(operation, *terms)

        a, b = sites[0].text, sites[first[0]].text
        if a == b:
            continue
        left, right = (product(sites[x].text, sites[y].text) for x, y in (first, second))
        text, why = f"{left} {sign} {right}", f"`{a}` and `{b}` stand in each other's place"
        yield Correction("wrong-operand", (Part(place, text, build),), COST, why, expected=text)
