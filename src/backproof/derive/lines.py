"""The lines of a backward pass: which adjoints are worth a statement, and how each is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from backproof.derive.counts import count, counted
from backproof.derive.elements import WRITES, past_writes
from backproof.derive.forward import Forward
from backproof.derive.gathered import gathered
from backproof.derive.naming import fresh
from backproof.derive.plan import Derivation, Line
from backproof.derive.spelling import spelled
from backproof.graph import Node, ancestors, constant, leaf, simplify
from backproof.graph.node import rebuilt
from backproof.graph.products import cancelled
from backproof.notation import to_numpy
from backproof.notation.tidy import tidy

LONGEST = 6  # operations that are still written inside another expression


def lines_of(
    forward: Forward,
    found: Mapping[Node, Node],
    names: Mapping[Node, str],
    factors: Mapping[Node, tuple[str, Node]],
) -> Derivation:
    """The lines of all adjoints ``found``, and of a backward pass, under their ``names``."""
    leaves = [p.leaf for p in forward.parameters]
    texts = spelled(forward)
    readable = {node: leaf(node.value, name) for node, name in texts.items()}
    for factor, (function, argument) in factors.items():
        if argument in texts:
            readable[factor] = leaf(factor.value, f"{function}({texts[argument]})")
    roots = [found[of] for of in found if of in names]
    copies = _copied(forward, roots, readable)
    written = cancelled(simplify(past_writes([copies[root] for root in roots])))
    simple = dict(zip(roots, gathered(written, lambda number: _read_as(forward, number)), strict=True))
    gradients = {p: names[p] for p in leaves}
    ordered = sorted(
        {of: simple[found[of]] for of in found if found[of] in simple}.items(),
        key=lambda pair: len(ancestors([pair[1]])),
    )
    by_node: dict[Node, tuple[str, Node | None]] = {}
    for of, node in ordered:
        if node.operands and (node not in by_node or of in gradients):
            by_node.setdefault(node, (names[of], of))
    targets = [simple[found[p]] for p in leaves]
    backwards = [simple[found[p]] for p in _backwards(forward, leaves)]
    every = _statements(backwards, by_node, set(by_node), texts)
    shared = _worth_a_name(backwards, by_node, set(targets))
    lines = _statements(backwards, {**by_node, **shared}, {*shared, *targets}, texts)
    final = {}
    for p, node in zip(leaves, targets, strict=True):
        final[p] = by_node[node][0] if node in by_node else names[p]
        if not node.operands:
            zero = node.operation == "constant" and not np.any(node.value) and np.ndim(node.value)
            given = leaf(node.value, f"np.zeros_like({forward.names[p]})") if zero else node
            every.append(Line(names[p], given, p))
            lines.append(Line(names[p], given, p))
    return Derivation(forward, tuple(every), tuple(lines), final)


def _read_as(forward: Forward, number: int) -> Node:
    """A number of elements, as the program could read it."""
    text = count(forward, number)
    return constant(float(number)) if text is None else leaf(float(number), text)


def _backwards(forward: Forward, leaves: Sequence[Node]) -> list[Node]:
    """The parameters in the order in which a backward pass comes by them: the last layer first."""
    first: dict[Node, int] = {}
    for position, node in enumerate(ancestors([forward.loss])):
        for operand in node.operands:
            first.setdefault(operand, position)
    layer: dict[Node, int] = {}
    current = 0
    ordered = sorted(leaves, key=lambda p: first.get(p, 0))
    for before, p in zip([None, *ordered], ordered, strict=False):
        # a bias comes right behind its weights
        current += before is None or first.get(p, 0) - first.get(before, 0) > 1
        layer[p] = current
    return sorted(ordered, key=lambda p: -layer[p])


def _copied(forward: Forward, roots: Iterable[Node], readable: Mapping[Node, Node]) -> dict[Node, Node]:
    """The graph above the readable values, which become leaves with their names."""
    copies: dict[Node, Node] = {}
    for node in ancestors(roots, readable.__contains__):
        if node in readable:
            copies[node] = readable[node]
        elif node.operands:
            operands = [copies[o] for o in node.operands]
            if node.operation == "divide":
                operands[1] = counted(forward, node.operands[1]) or operands[1]
            copies[node] = Node(node.operation, tuple(operands), node.attributes, node.value)
        else:
            copies[node] = node
    return copies


def _statements(
    targets: Sequence[Node],
    named: Mapping[Node, tuple[str, Node | None]],
    kept: set[Node],
    texts: Mapping[Node, str],
) -> list[Line]:
    """One statement for each kept node that the targets need, operands first."""
    stops: dict[Node, Node] = {}
    lines: list[Line] = []
    for node in ancestors(targets):
        if node in kept and node in named and node.operands:
            name, of = named[node]
            like = None if of is None else texts.get(of)
            lines.append(Line(name, _filled(tidy(rebuilt(node, stops)), like), of))
            stops[node] = leaf(node.value, name)
        elif node in named and node.operation == "broadcast_to" and named[node][1] is not None:
            stops[node] = _filled(rebuilt(node, stops), texts.get(named[node][1]))  # type: ignore[arg-type]
    return lines


def _filled(node: Node, like: str | None) -> Node:
    """One number, repeated, in the shape of the value that it is the derivative by."""
    if like is None or node.operation != "broadcast_to" or np.ndim(node.operands[0].value):
        return node
    return leaf(node.value, f"np.full_like({like}, {to_numpy(node.operands[0])})")


def _is_product(node: Node) -> bool:
    """A number times or by a number, which a product around it takes up: ``lam / (2 * m)``."""
    return all(n.operation in ("multiply", "divide", "leaf", "constant") for n in ancestors([node]))


def _worth_a_name(
    targets: Sequence[Node], named: Mapping[Node, tuple[str, Node | None]], final: set[Node]
) -> dict[Node, tuple[str, Node | None]]:
    """The values that are used more than once, and those that would make an expression too long."""
    uses: dict[Node, int] = {}
    order = ancestors(targets)
    written = set()
    for node in order:
        for operand in node.operands:
            uses[operand] = uses.get(operand, 0) + 1
        if node.operation in WRITES:
            written.add(node)
            inner = node.operands[0]
            if inner.operation in WRITES and uses[inner] == 1:
                written.discard(inner)  # one array, written to in several statements
    chosen: dict[Node, tuple[str, Node | None]] = {}
    size: dict[Node, int] = {}
    taken = {name for name, _ in named.values()}
    for node in order:
        if not node.operands:
            size[node] = 0
            continue
        size[node] = 1 + sum(size[o] for o in node.operands)
        least = 0 if node in named else 3 if np.ndim(node.value) == 0 and _is_product(node) else 1
        often = uses.get(node, 0) > 1 and size[node] > least
        long = size[node] > LONGEST and node in named
        if node in final or often or long or node in written:
            chosen[node] = named.get(node) or (fresh("t", taken), None)
            size[node] = 0
    return chosen
