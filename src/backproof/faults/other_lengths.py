"""Gradients that are divided by the length of the wrong thing, as by ``len(w)`` for ``len(X)``."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, is_among, make
from backproof.faults.wrong_scale import ELSEWHERE, LENGTH, is_from_elsewhere, numbers
from backproof.graph import Node

COST = 1.25
COUNT = re.compile(r"len\(.+\)|.+\.shape\[\d+\]|.+\.size")


def corrections(place: Place) -> Iterator[Correction]:
    """Divide by another length where one is a divisor that no other statement divides by."""
    node = place.edges[0].operand
    if place.site.kind != "BinOp" or node.operation != "divide" or len(place.children) != 2:
        return
    (whole, divisor), number = place.children, node.operands[1]
    if np.ndim(number.value) or not COUNT.fullmatch(divisor.text) or not place.text.endswith(divisor.text):
        return
    used = [site.text for site in place.trace.sites if COUNT.fullmatch(site.text)]
    if used.count(divisor.text) > 1:
        return
    old, ratios = float(number.value), place.scenery.bench.ratios()
    for text, value in numbers(place):
        if LENGTH.fullmatch(text) is None or not value or value == old or not is_among(old / value, ratios):
            continue

        def build(edge: Edge, ratio: float = old / value) -> Node | None:
            return make("multiply", edge.operand, ratio)

        new = place.text.removesuffix(divisor.text) + text
        why = f"`{whole.text}` has to be divided by `{text}`, not by `{divisor.text}`"
        cost = COST + ELSEWHERE * (is_from_elsewhere(place, text) + (text not in used))
        yield Correction("wrong-scale", (Part(place, new, build),), cost, why, expected=new)
