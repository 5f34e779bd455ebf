"""The derivation of a forward pass: one line for each derivative that is worth a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backproof.derive.counts import count, counted
from backproof.derive.differences import differences
from backproof.derive.elements import WRITES, past_writes
from backproof.derive.factors import known_functions
from backproof.derive.forward import Forward
from backproof.derive.gathered import gathered
from backproof.derive.naming import adjoint_names, fresh
from backproof.derive.spelling import definition, spelled
from backproof.derive.unnamed import named
from backproof.graph import Node, adjoints, ancestors, constant, evaluate, leaf, simplify
from backproof.graph.compositions import Composition, hidden
from backproof.graph.node import rebuilt, shape_of
from backproof.graph.products import cancelled
from backproof.notation import to_numpy
from backproof.notation.tidy import tidy
from backproof.step.cut import dependent

POINTS = 4
ZERO = 1e-9  # of the derivative by what a maximum is of: less is none
SPREAD = (0.3, 0.3, 1.0, 3.0)  # how far points lie from the program's values, in their size
LONGEST = 6  # operations that are still written inside another expression


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One statement: ``name`` becomes ``node``, an expression in leaves that bear names.

    ``of`` is the forward value whose adjoint it is, None for an expression that several lines share and for a
    forward value itself.
    """

    name: str
    node: Node
    of: Node | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Derivation:
    """The lines that lead from the loss to every parameter, in order of computation.

    ``steps`` are all of them, one for each named value on the way; ``lines`` those of a backward pass, where
    what is used once stands inside the expression that uses it. ``forward_lines`` are the forward values
    as they are computed, ``first`` those of them that the backward pass has to compute itself. ``helped`` are
    the values whose derivative a function of the program gives, with the call, ``still`` those by which the
    derivative is zero though they lead to the loss. ``found`` are the adjoints as
    nodes, by the value they belong to, ``named`` their names. ``given`` is the forward pass with no names but
    those of the program.
    """

    forward: Forward
    steps: tuple[Line, ...]
    lines: tuple[Line, ...]
    gradients: Mapping[Node, str]
    known: Mapping[Node, Composition] = field(default_factory=dict)
    short: Mapping[Node, Node] = field(default_factory=dict)
    forward_lines: tuple[Line, ...] = ()
    first: tuple[Line, ...] = ()
    helped: Mapping[Node, str] = field(default_factory=dict)
    still: frozenset[Node] = frozenset()
    found: Mapping[Node, Node] = field(default_factory=dict)
    named: Mapping[Node, str] = field(default_factory=dict)
    given: Forward | None = None


def derivation(forward: Forward, given: Mapping[Node, Composition] | None = None) -> Derivation:
    """Derive the gradient of the loss by every parameter.

    ``given`` are the functions to differentiate as a whole; else they are looked for.
    """
    loss, leaves = forward.loss, [p.leaf for p in forward.parameters]
    order = ancestors([loss])
    moving = dependent(order, set(leaves) & set(order))
    points = random_points(forward, POINTS)
    tables = [evaluate([loss], {**forward.state, **point}) for point in points]
    finite = [np.all(np.isfinite(np.asarray(table[loss], dtype=float))) for table in tables]
    points = [point for point, good in zip(points, finite, strict=True) if good] or points
    tables = [table for table, good in zip(tables, finite, strict=True) if good] or tables
    known, factors = known_functions(forward, order, moving, tables) if given is None else (dict(given), {})
    apart: frozenset[Node] = frozenset()
    while True:
        spoken = named(forward, moving, known, apart)
        made = _derived(spoken, order, moving, known, factors, points, tables)
        often = _often(made)
        if not often - apart:
            return replace(made, given=forward)
        apart |= often


def _derived(
    forward: Forward,
    order: Sequence[Node],
    moving: set[Node],
    known: Mapping[Node, Composition],
    factors: Mapping[Node, tuple[str, Node]],
    points: Sequence[Mapping[Node, Any]],
    tables: Sequence[Mapping[Node, Any]],
) -> Derivation:
    loss, leaves = forward.loss, [p.leaf for p in forward.parameters]
    inside = hidden(known.values())
    spoken = [n for n in order if n in moving and n in forward.names and n not in inside and n is not loss]
    wanted = list(
        dict.fromkeys([*spoken, *(c.inner for c in known.values() if c.inner not in inside), *leaves])
    )
    plain = adjoints(loss, wanted, known)
    short = differences(forward, plain, tables, points)
    still = _still(forward, order, moving - inside, known, points)
    given = {**short, **still}
    found = adjoints(loss, wanted, known, given) if given else plain
    found = {**found, **{node: g for node, g in short.items() if node in found}}
    names = adjoint_names(forward, found, points)
    made = _lines(forward, found, names, factors)
    texts = {**forward.lengths, **spelled(forward)}
    spoken_of = [n for n in order if n in moving and n in forward.names and n.operands]
    lines = [Line(forward.names[n], definition(forward, n, texts), None) for n in spoken_of if n is not loss]
    lines.append(Line(forward.loss_name, definition(forward, loss, _without(texts, loss)), None))
    return replace(
        made,
        known=known,
        short=short,
        still=frozenset(still),
        forward_lines=tuple(line for line in lines if line.name.isidentifier()),
        first=tuple(_first(forward, made.lines, texts)),
        helped=_helped(known, factors, texts),
        found=found,
        named=names,
    )


def _still(
    forward: Forward,
    order: Sequence[Node],
    moving: set[Node],
    known: Mapping[Node, Composition],
    points: Sequence[Mapping[Node, Any]],
) -> dict[Node, Node]:
    """The maxima by which the derivative is zero, as they are taken off only for safety: with that zero."""
    largest = [n for n in order if n in moving and n.operation == "max" and n.operands[0] in moving]
    if not largest:
        return {}
    wanted = [*largest, *dict.fromkeys(n.operands[0] for n in largest)]
    found = adjoints(forward.loss, wanted, known)
    tables = [evaluate(list(found.values()), {**forward.state, **point}) for point in points]

    def vanishes(node: Node) -> bool:
        sizes = [
            [float(np.linalg.norm(table[found[n]])) for n in (node, node.operands[0])] for table in tables
        ]
        return all(own <= ZERO * around and around > 0 for own, around in sizes)

    return {n: constant(np.zeros(shape_of(n))[()]) for n in largest if vanishes(n)}


def _helped(
    known: Mapping[Node, Composition], factors: Mapping[Node, tuple[str, Node]], texts: Mapping[Node, str]
) -> dict[Node, str]:
    """The calls of the program's functions that give derivatives, by the value derived."""
    found = {}
    for outer, whole in known.items():
        for function, argument in factors.values():
            if argument in (outer, whole.inner) and argument in texts:
                found[outer] = f"{function}({texts[argument]})"
    return found


def _without(texts: Mapping[Node, str], node: Node) -> dict[Node, str]:
    return {n: text for n, text in texts.items() if n is not node}


def _first(forward: Forward, lines: Sequence[Line], texts: Mapping[Node, str]) -> list[Line]:
    """The forward values without a name in the program that the lines read, in order."""
    by_name = {name: node for node, name in forward.written.items()}
    needed: dict[str, Line] = {}
    waiting = [name for line in lines for name in _read(line.node, by_name)]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            node = definition(forward, by_name[name], texts)
            if by_name[name].origin is None:  # a derivative, not the program's own
                node = tidy(simplify([node])[0])
            needed[name] = Line(name, node, None)
            waiting.extend(_read(needed[name].node, by_name))
    order = ancestors([forward.loss])
    return [needed[forward.written[node]] for node in order if forward.written.get(node) in needed]


def _read(node: Node, names: Mapping[str, Any]) -> list[str]:
    """Which of the names an expression reads."""
    import re

    words = {w for n in ancestors([node]) if not n.operands and n.name for w in re.findall(r"\w+", n.name)}
    return [name for name in names if name in words]


def _often(made: Derivation) -> frozenset[Node]:
    """The calls that are read more than once in the lines of the backward pass."""
    forward = made.forward
    uses: Counter[str] = Counter()
    for line in (*made.lines, *made.first):
        for node in ancestors([line.node]):
            for operand in node.operands:
                if not operand.operands and operand.name:
                    uses[operand.name] += 1
    return frozenset(n for n, name in forward.names.items() if not name.isidentifier() and uses[name] > 1)


def random_points(forward: Forward, count: int, seed: int = 5) -> list[dict[Node, Any]]:
    """Values for the parameters at which no coincidence of the program's own holds."""
    drawn = np.random.default_rng(seed)
    points = []
    for number in range(count):
        spread = SPREAD[number % len(SPREAD)]
        point: dict[Node, Any] = {}
        for parameter in forward.parameters:
            value = np.asarray(parameter.leaf.value, dtype=float)
            size = float(np.sqrt(np.mean(value**2))) if value.size else 0.0
            size = size if 0 < size < np.inf else 0.5
            moved = (value if spread < 1 else 0) + spread * size * drawn.standard_normal(value.shape)
            point[parameter.leaf] = moved if np.ndim(parameter.leaf.value) else float(moved)
        points.append(point)
    return points


def _lines(
    forward: Forward,
    found: Mapping[Node, Node],
    names: Mapping[Node, str],
    factors: Mapping[Node, tuple[str, Node]],
) -> Derivation:
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
