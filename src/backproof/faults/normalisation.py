"""The terms that a normalisation adds to its derivative: each of its outputs depends on all inputs of a row.

Softmax, and values whose mean is taken off and that are divided by their deviation, as in batch norm and
layer norm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Build, Edge
from backproof.faults.correction import Correction, Part, bracketed, inside_product, make
from backproof.graph import Node
from backproof.trace import Site

NEAR = 1e-2  # how near to one the squares of standardised values are in the mean: a small number is added
HANDED = 8  # adjoints that are tried
WHY = "every standardised value depends on all of its row, by the mean and by the deviation"


def terms_of_normalisation(place: Place) -> Iterator[Correction]:
    """Add what a derivative lacks, where a normalisation was derived as if each value had its own row."""
    yield from _of_softmax(place)
    yield from _of_deviations(place)


def _of_deviations(place: Place) -> Iterator[Correction]:
    """Take off the mean of an adjoint, and what the deviation hands on; as means, or as sums.

    With x̂ the standardised values and d their adjoint, σ·∂L/∂x is d − mean(d) − x̂·mean(d·x̂).
    """
    edge = place.edges[0]
    if not place.shape:
        return
    for standard, axis in _standardised(place, edge):
        along = _along(axis, len(place.shape))
        for handed in _adjoints(place, edge, standard):
            begun = place.site.detail == "-" and handed in place.text  # one of the terms is there
            cost = 1.8 - 0.1 * begun + inside_product(place)
            for total in ("mean", "sum"):
                level = f"{bracketed(handed, 9)}.{total}({along})"
                spread = f"{standard} * ({bracketed(handed, 5)} * {standard}).{total}({along})"
                for which in ((False, True), (True, False), (True, True)):
                    text = " - ".join(t for t, wanted in zip((level, spread), which, strict=True) if wanted)
                    new = f"{bracketed(place.text, 4)} - {text}"
                    part = Part(place, new, _less(place, standard, handed, axis, total, which))
                    yield Correction("missing-term", (part,), cost + 0.1 * sum(which), WHY, expected=new)


def _along(axis: int, dimensions: int) -> str:
    """The keywords of a sum along an axis that is broadcast against what it is the sum of."""
    if dimensions == 1:
        return ""
    return "axis=0" if axis == 0 and dimensions == 2 else f"axis={axis}, keepdims=True"


def _standardised(place: Place, edge: Edge) -> Iterator[tuple[str, int]]:
    """What can be read here, has the shape of the place, and along an axis the mean 0 and the deviation 1."""
    for text in place.names:
        node = place.value(text, edge)
        if node is None or not node.operands or np.shape(node.value) != place.shape:
            continue
        values = np.asarray(node.value)
        for axis in range(values.ndim) if values.dtype.kind == "f" else ():
            if (
                values.shape[axis] > 2
                and np.allclose(values.mean(axis=axis), 0.0, rtol=0, atol=1e-9)
                and np.allclose(np.square(values).mean(axis=axis), 1.0, rtol=0, atol=NEAR)
            ):
                yield text, axis


def _adjoints(place: Place, edge: Edge, standard: str) -> list[str]:
    """What might be the adjoint of standardised values: what stands at the place, and what can be read."""
    found = [place.text] if place.site.kind in ("Name", "Attribute") else []
    for text in place.names:
        node = place.value(text, edge)
        if node is None or text == standard or np.shape(node.value) != place.shape:
            continue
        if node in place.scenery.bench.main and node.operands and place.foreign(text) == 0:
            found.append(text)
    return list(dict.fromkeys(found))[:HANDED]


def _less(place: Place, standard: str, handed: str, axis: int, total: str, which: tuple[bool, bool]) -> Build:
    """What stands at a place less the terms that are missing."""

    def build(edge: Edge) -> Node | None:
        given = edge.operand if handed == place.text else place.value(handed, edge)
        values, result = place.value(standard, edge), edge.operand
        terms = (
            make(total, given, axis=axis, keepdims=True),
            make("multiply", values, make(total, make("multiply", given, values), axis=axis, keepdims=True)),
        )
        for term, wanted in zip(terms, which, strict=True):
            if wanted:
                less = make("subtract", result, term)
                if less is None or np.shape(less.value) != np.shape(edge.operand.value):
                    return None
                result = less
        return result

    return build


def _of_softmax(place: Place) -> Iterator[Correction]:
    """The whole derivative of softmax, where a product has its diagonal, or its output alone."""
    edge = place.edges[0]
    factors = {place.trace.sites[k].text: k for k in _factors(place, place.site)}
    if len(factors) < 2:
        return
    for text, node in _softmax_outputs(place, edge, factors):
        axis = _normalised(node)
        if axis is None:
            continue
        keyword = "" if node.value.ndim == 1 else f"axis={axis}, keepdims=True"
        for handed, number in factors.items():
            inner = place.inside(edge.operand, number)
            if inner is None or inner is node or np.shape(inner.value) != place.shape:
                continue
            given = bracketed(handed, 5)
            new = f"{text} * ({bracketed(handed, 4)} - ({given} * {text}).sum({keyword}))"
            build = _whole_derivative(place, text, number, axis)
            why = "every output of softmax depends on all inputs of its row, and each adds a term"
            yield Correction("missing-term", (Part(place, new, build),), 1.9, why, expected=new)


def _factors(place: Place, site: Site) -> Iterator[int]:
    """The expressions that a product is made of."""
    if site.kind == "BinOp" and site.detail == "*":
        for number in site.children:
            yield from _factors(place, place.trace.sites[number])
    elif site is not place.site:
        yield site.number


def _softmax_outputs(place: Place, edge: Edge, factors: Mapping[str, int]) -> Iterator[tuple[str, Node]]:
    """What can be read here, has the shape of the place, and depends on other values, as no target does."""
    for text in dict.fromkeys([*factors, *place.names]):
        node = place.value(text, edge)
        if node is not None and node.operands and np.shape(node.value) == place.shape:
            yield text, node


def _normalised(node: Node) -> int | None:
    """The axis along which positive values add up to one, as those of softmax do; None without one."""
    values = np.asarray(node.value)
    if values.dtype.kind != "f" or not values.ndim or np.any(values <= 0):
        return None
    for axis in reversed(range(values.ndim)):
        if values.shape[axis] > 1 and np.allclose(values.sum(axis=axis), 1.0, rtol=0, atol=1e-9):
            return axis
    return None


def _whole_derivative(place: Place, text: str, number: int, axis: int) -> Build:
    def build(edge: Edge) -> Node | None:
        output, given = place.value(text, edge), place.inside(edge.operand, number)
        if given is None:
            return None
        total = make("sum", make("multiply", given, output), axis=axis, keepdims=True)
        return make("multiply", output, make("subtract", given, total))

    return build
