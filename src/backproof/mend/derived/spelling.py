"""Write a true value in the names that can be read at a place."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from backproof.check.catalogue import SAME, Catalogue, Entry
from backproof.check.place import Place, where
from backproof.check.trial import Bench
from backproof.faults.correction import bracketed, called, parsed
from backproof.graph import Node, ancestors, apply, evaluate, leaf, simplify
from backproof.graph.node import rebuilt
from backproof.graph.products import cancelled
from backproof.notation import to_numpy
from backproof.notation.tidy import tidy

LONGEST = 150  # characters of an expression that somebody would still write
LONGER = 2  # times what stands there, where its author has written more
ATOM = 9  # how tightly a name binds
DEEPEST = 60  # operations
DIGITS = 6  # behind the point
MORE = 2  # digits than the numbers that stand there have: those of twice or half of one
PRODUCTS = 5  # how tightly a product binds
TERMS = 5  # of a sum
UNWRITTEN = "opaque_vjp"  # which only we can call
MOST = 8  # the largest number that a derivative has as a factor


def spelled(
    catalogue: Catalogue, place: Place, entry: Entry, scale: float, apart: Collection[str] = ()
) -> str | None:
    """The text of ``scale`` times a true value, at the first evaluation of a place.

    None where it would be long, or needs what cannot be read there, or is ``apart``.
    """
    found = [*_readable(place), *_own_numbers(place)]
    readable = [(text, node) for text, node in found if text not in apart]
    node = catalogue.compact(entry)
    known = {found: text for text, found in reversed(readable) if found is not node}
    known |= {n: text for n, text in _right_values(catalogue, readable, scale) if n is not node}
    stops = _stops(catalogue.bench, node, known, readable)
    if stops is None:
        return None
    if abs(scale - round(scale)) <= SAME * abs(scale):
        scale = float(round(scale))
    scaled = abs(scale - 1.0) > SAME and not any(catalogue.is_adjoint(n) for n in stops)
    simple = _simple(apply("multiply", scale, node) if scaled else node, stops)
    if simple is None:
        return None
    text = _beside(catalogue.bench, place, simple, dict(reversed(readable))) or to_numpy(simple)
    longest = max(LONGEST, LONGER * len(place.text))
    if len(text) > longest or _computed(text, place.text) or (scaled and not _plain(text)):
        return None
    return _own_numpy(text, place)


def _beside(bench: Bench, place: Place, whole: Node, readable: Mapping[str, Node]) -> str | None:
    """What a place lacks of a sum, behind what is written there, where that is all the rest of it."""
    terms = _terms(whole)
    if not 2 <= len(terms) <= TERMS:
        return None
    own, values = place.edges[0].operand, list[list[Any]]()
    read = {n: readable[n.name] for n in ancestors([whole]) if n.name and n.name in readable}
    for base in bench.base:
        table = evaluate([t for t, _ in terms], {n: bench.value(made, {}, base) for n, made in read.items()})
        values.append([sign * np.asarray(table[t], dtype=float) for t, sign in terms])
    for count in range(1, len(terms)):
        for there in combinations(range(len(terms)), count):
            sums = [sum(each[k] for k in there) for each in values]
            if all(_is_same(base[own], total) for base, total in zip(bench.base, sums, strict=True)):
                missing = [term for k, term in enumerate(terms) if k not in there]
                return place.text + "".join(
                    f" {'+' if sign > 0 else '-'} {bracketed(to_numpy(t), PRODUCTS)}" for t, sign in missing
                )
    return None


def _terms(node: Node, sign: int = 1) -> list[tuple[Node, int]]:
    """The summands of a sum, each with its sign."""
    if node.operation not in ("add", "subtract"):
        return [(node, sign)]
    x, y = node.operands
    return [*_terms(x, sign), *_terms(y, sign if node.operation == "add" else -sign)]


def _is_same(value: Any, other: Any) -> bool:
    return np.shape(value) == np.shape(other) and bool(np.allclose(value, other, rtol=SAME, atol=0))


def _stops(
    bench: Bench, node: Node, known: Mapping[Node, str], readable: list[tuple[str, Node]]
) -> dict[Node, str] | None:
    """What a value is computed from and how it is read at the place; None where some of it cannot be read."""
    order = ancestors([node], known.__contains__)
    if len(order) > DEEPEST * 3:
        return None
    tables = [evaluate([node], {**bench.step.state, **point}) for point in bench.points]
    inside = [n for n in order if (n.operands or n.operation == "leaf") and n not in known and n is not node]
    names = {**known, **_equal(bench, tables, inside, readable)}
    stops: dict[Node, str] = {}
    for n in ancestors([node], names.__contains__):
        if n in names:
            stops[n] = names[n]
        elif _picks(bench, n) or n.operation == "leaf" or (n.operation == "constant" and not _uniform(n)):
            return None
    return stops


def _picks(bench: Bench, node: Node) -> bool:
    """Does a value pick by an index that the program computed, of which only this run's number is known?"""
    index = node.attributes.get("index")
    parts = index if isinstance(index, tuple) else (index,)
    if index is None or all(part is None or part is Ellipsis or isinstance(part, slice) for part in parts):
        return False
    site = node.origin.site if node.origin is not None else -1
    tree = parsed(bench.step.trace.sites[site].text) if site >= 0 else None
    if not isinstance(tree, ast.Subscript):
        return True
    return any(isinstance(each, ast.Name) for each in ast.walk(tree.slice))


def _readable(place: Place) -> list[tuple[str, Node]]:
    """The names that can be read at a place, nearest first, with what they hold in its first evaluation.

    Not arrays of the module that the function around does not read: of all its calls they are those of one.
    """
    edge = place.edges[0]
    texts = dict.fromkeys([*place.scenery.texts(*where(edge)), *place.names])
    found = ((text, place.value(text, edge)) for text in texts)
    return [
        (t, node) for t, node in found if node is not None and not (np.ndim(node.value) and place.foreign(t))
    ]


def _own_numbers(place: Place) -> Iterator[tuple[str, Node]]:
    """The numbers that an expression computes of data, as the forward pass may: `np.sqrt(2 / np.pi)`."""
    sites, stack = place.trace.sites, list(place.site.children)
    while stack:
        site = sites[stack.pop()]
        node = place.inside(place.edges[0].operand, site.number)
        if node is None or np.ndim(node.value) or node.operands:
            stack += site.children
        elif site.kind in ("BinOp", "Call") and _is_fraction(node.value):
            yield bracketed(site.text, ATOM), node


def _right_values(
    catalogue: Catalogue, readable: Iterable[tuple[str, Node]], scale: float
) -> Iterator[tuple[Node, str]]:
    """The adjoints that a readable name holds, times the constant in question, nearest last."""
    for text, node in reversed(list(readable)):
        for entry, by in catalogue.matches(node) if text.isidentifier() else ():
            if abs(by - scale) <= SAME * abs(scale):
                yield catalogue.compact(entry), text


def _equal(
    bench: Bench,
    tables: Sequence[Mapping[Node, Any]],
    nodes: Iterable[Node],
    readable: list[tuple[str, Node]],
) -> dict[Node, str]:
    """Values that a readable name holds as well, computed or read once more."""
    found: dict[Node, str] = {}
    for node in nodes:
        if not (np.ndim(node.value) or (node.operation == "leaf" and _is_fraction(node.value))):
            continue
        for text, other in readable:
            if np.shape(other.value) == np.shape(node.value) and all(
                np.allclose(
                    table[node] if node in table else bench.value(node, {}, base),
                    bench.value(other, {}, base),
                    rtol=SAME,
                    atol=0,
                )
                for table, base in zip(tables, bench.base, strict=True)
            ):
                found[node] = text
                break
    return found


def _is_fraction(value: Any) -> bool:
    """Is this a number that no other is equal to by chance?"""
    return bool(np.asarray(value).dtype.kind == "f" and float(value) != round(float(value)))


def _uniform(node: Node) -> bool:
    """Is a constant the same number everywhere, so that broadcasting a number does?"""
    return bool(np.all(node.value == np.ravel(node.value)[0])) if np.size(node.value) else False


def _simple(node: Node, stops: Mapping[Node, str]) -> Node | None:
    """A value as one would write it, with the names in ``stops`` for what they hold."""
    named = rebuilt(node, {n: leaf(n.value, text) for n, text in stops.items()})
    simple = tidy(cancelled(simplify([named]))[0])
    line = ancestors([simple])
    if sum(1 for n in line if n.operands) > DEEPEST or any(n.operation == UNWRITTEN for n in line):
        return None
    return simple


def _plain(text: str) -> bool:
    """Are all factors in a text numbers as derivatives have them, and not the sizes of this run's arrays?"""
    numbers = [float(digits) for digits in re.findall(r"(?<![\w.])\d+\.?\d*(?:e-?\d+)?", text)]
    return all(4 * number == int(4 * number) and number <= MOST for number in numbers)


def _computed(text: str, own: str) -> bool:
    """Does a text hold a number that nobody would write, such as a third of something, and ``own`` none?"""
    most = max([DIGITS, *(MORE + digits for digits in _digits(own))])
    return any(digits > most for digits in _digits(text))


def _digits(text: str) -> list[int]:
    """How many digits the numbers in a text have behind the point."""
    return [len(digits) for digits in re.findall(r"\d*\.(\d+)", text)]


def _own_numpy(text: str, place: Place) -> str:
    return re.sub(r"\bnp\.(\w+)", lambda found: called(place, found[1]), text)
