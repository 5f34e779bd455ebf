"""Learning rates of their own: where the updates of some parameters are multiplied by another named number.

Which rate a parameter has is the program's own choice, as long as each is called one: `lr_w` and `lr_b`, or
`rates[i]` for each.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from backproof.graph import Node
from backproof.step.update import THROUGH, terms
from backproof.trace import Trace

RATE = re.compile(
    r"(^|[._])(lr|eta|alpha|rate|learning_?rate|step_?size)(s|_\w+|\d+)?$",
    re.IGNORECASE,
)
OTHERS = re.compile(r"drop|keep|decay|momentum|mix|clip|noise|forget|leak|slope", re.IGNORECASE)
PRODUCTS = frozenset({"matmul", "dot", "outer"})
ITEM = re.compile(r"^(?P<of>.*?)\[(?P<key>.*)\]$")


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate as the program calls it, with the ``value`` that gives all updates one."""

    name: str
    value: float


def own_rates(
    trace: Trace, updates: Iterable[tuple[Node, Node]], nodes: Collection[Node], counted: Collection[Node]
) -> dict[Node, Rate]:
    """Values that give all updates one rate: the largest, for the rates by which the others are multiplied.

    ``updates`` are what parameters become and what they were. Nothing where one of them has no named rate, or
    where all have the same; a number that the loss is ``counted`` from is none, nor one that any of the
    ``nodes`` has for something else.
    """
    updates = list(updates)
    found = [_rates(trace, after, before, counted) for after, before in updates]
    if not all(len(rates) == 1 for rates in found):
        found = _of_one_statement(trace, updates, counted)
    if not all(len(rates) == 1 for rates in found):
        return {}
    every = {node: name for rates in found for node, name in rates.items()}
    words = {match[2].lower() for name in every.values() if (match := RATE.search(_called(name)))}
    values = {float(np.ravel(node.value)[0]) for node in every}
    if len(words) > 1 or len(values) < 2:
        return {}
    places = {_site(term, k) for term, k in _numbers(updates, counted)} - {None}
    used = ((node, k, o) for node in nodes for k, o in enumerate(node.operands) if o in every)
    if any(
        _site(node, k) not in places and _name(trace, node, k) is None for node, k, o in used if not o.name
    ):
        return {}
    first = min(values, key=lambda value: (value < 0, -value))
    return {
        node: Rate(name, float(np.copysign(first, np.ravel(node.value)[0]))) for node, name in every.items()
    }


def _rates(trace: Trace, after: Node, before: Node, counted: Collection[Node]) -> dict[Node, str]:
    """The named rates by which the terms of an update are multiplied."""
    found, stack = dict[Node, str](), list(terms(after, before)[1])
    while stack:
        term = stack.pop()
        if term.operation in ("multiply", "divide"):
            named = [(o, _name(trace, term, k)) for k, o in enumerate(term.operands) if o not in counted]
            rates = [(node, name) for node, name in named if name is not None]
            found.update(rates[:1])
            stack += [] if rates else [o for o in term.operands if o.operands and np.size(o.value) > 1]
        elif term.operation in PRODUCTS:  # `lr * x.T @ g` is a product of the scaled input
            stack += [o for o in term.operands if o.operation in ("multiply", "divide") and _rated(trace, o)]
        elif term.operation in ("negative", *THROUGH):
            stack.append(term.operands[0])
    return found


def _of_one_statement(
    trace: Trace, updates: Sequence[tuple[Node, Node]], counted: Collection[Node]
) -> list[dict[Node, str]]:
    """The numbers by which one statement multiplies all gradients, each by its own, as a loop gives them."""
    found = [(_site(term, k), term.operands[k]) for term, k in _numbers(updates, counted)]
    sites = {site for site, _ in found}
    site = sites.pop() if len(sites) == 1 and len(found) == len(updates) else None
    name = "" if site is None else trace.sites[site].text
    return [{node: name} for _, node in found] if name.isidentifier() and not OTHERS.search(name) else [{}]


def _numbers(updates: Iterable[tuple[Node, Node]], counted: Collection[Node]) -> list[tuple[Node, int]]:
    """The products of updates that have a number beside the gradient, and where they have it."""
    return [
        (term, k)
        for after, before in updates
        for term in terms(after, before)[1]
        if term.operation == "multiply"
        for k, o in enumerate(term.operands)
        if not o.operands and np.size(o.value) == 1 and o not in counted
        if np.asarray(o.value).dtype.kind == "f" and np.all(np.asarray(o.value) > 0)
    ]


def _site(term: Node, position: int) -> int | None:
    sites = term.origin.operand_sites if term.origin is not None else ()
    return sites[position] if position < len(sites) else None


def _rated(trace: Trace, node: Node) -> bool:
    return any(_name(trace, node, k) is not None for k in range(len(node.operands)))


def _name(trace: Trace, term: Node, position: int) -> str | None:
    """What an operand is called, if after a rate: itself, or the place where this term has it from."""
    node = term.operands[position]
    if node.operands or np.size(node.value) != 1 or np.asarray(node.value).dtype.kind != "f":
        return None
    sites = term.origin.operand_sites if term.origin is not None else ()
    site = sites[position] if position < len(sites) else None
    text = node.name or ("" if site is None else " ".join(trace.sites[site].text.split()))
    called = _called(text.lstrip("-"))
    is_rate = RATE.search(called) and not OTHERS.search(called) and np.all(node.value)
    return text if is_rate else None


def _called(text: str) -> str:
    """What a text is named after: that which has the item, or the item itself where its key is a name."""
    item = ITEM.match(text)
    if item is None:
        return text
    key = item["key"].strip("\"'")
    return key if key != item["key"] and RATE.search(key) else _called(item["of"])
