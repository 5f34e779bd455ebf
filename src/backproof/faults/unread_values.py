"""What a statement computes is bound to a name that nothing reads then, where what follows reads another.

``dy = gamma * dy`` behind ``dxhat = dy * rstd``, of which all that follows is made; or
``dxhat = gamma * dy``, where all that follows is made of ``dy``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backproof.check.grades import RIGHT
from backproof.check.place import Place, Scenery, where
from backproof.check.trial import Bench, Build, Edge
from backproof.faults.correction import Correction, Part, occurrences, similarity
from backproof.graph import Node, ancestors
from backproof.graph.node import rebuilt
from backproof.source import Edit
from backproof.trace import Site

MOST = 8  # names for the value of one statement
UNLIKE = 0.2  # more for a name that is quite another


@dataclass(frozen=True, slots=True, eq=False)
class _Unread:
    """A value that nothing reads, bound to ``name`` by the statement around ``site`` in ``frame``."""

    site: Site
    name: str
    frame: int
    time: int
    value: Node


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Bind a value that nothing reads to the name that what follows reads, or let that read the value."""
    if not places:
        return
    scenery = places[0].scenery
    for unread in _unread(scenery):
        reads = _reads(scenery, unread)
        nearest = sorted(reads, key=lambda name: -similarity(name, unread.name))[:MOST]
        for name in nearest:
            yield from _bound_to(scenery, unread, name, reads[name])
            yield from _read_instead(scenery, unread, name, reads[name])


def _unread(scenery: Scenery) -> Iterator[_Unread]:
    """The values of statements that run once in the step, and on which nothing depends."""
    bench, sites = scenery.bench, scenery.bench.step.trace.sites
    window, found = bench.step.window, dict[int, list[_Unread]]()
    for frame, names in scenery.bound.items():
        for name, bindings in names.items():
            for time, node in bindings:
                site = sites[node.origin.site] if node.origin is not None and node.origin.site >= 0 else None
                if site is not None and site.target == name and window.start <= time < window.end:
                    found.setdefault(site.number, []).append(_Unread(site, name, frame, time, node))
    for group in found.values():
        value = bench.step.copies.get(group[0].value)
        if len(group) > 1 or value is None or not value.operands or value in bench.forward:
            continue
        if value not in bench.main and not bench.consumers.get(value) and np.ndim(value.value):
            yield replace(group[0], value=value)


def _reads(scenery: Scenery, unread: _Unread) -> dict[str, dict[int, list[Edge]]]:
    """What is read behind a statement of that which other names held there, by name and by place."""
    found = dict[str, dict[int, list[Edge]]]()
    shape = np.shape(unread.value.value)
    for number, edge in scenery.bench.reads:
        site = scenery.bench.step.trace.sites[number]
        if site.kind != "Name" or site.text == unread.name or site.file != unread.site.file:
            continue
        frame, time = where(edge)
        if frame != unread.frame or time <= unread.time or np.shape(edge.operand.value) != shape:
            continue
        if not any(unread.time < since < time for since, _ in scenery.bound[frame].get(site.text, ())):
            found.setdefault(site.text, {}).setdefault(number, []).append(edge)
    return found


def _bound_to(
    scenery: Scenery, unread: _Unread, name: str, reads: dict[int, list[Edge]]
) -> Iterator[Correction]:
    """The value under the name that is read behind it, also computed from what that name held."""
    site, sites = unread.site, scenery.bench.step.trace.sites
    statement = sites[site.statement] if site.statement is not None else site
    uses = [Place(scenery, sites[number], tuple(edges)) for number, edges in reads.items()]
    begin = statement.span
    left = replace(begin, end_row=begin.row, end_column=begin.column + len(unread.name))
    if not statement.text.startswith(unread.name):
        return
    own = [inner for inner in occurrences(Place(scenery, site, ()), unread.name) if inner.kind == "Name"]
    old, new = _held(scenery, unread, unread.name), _held(scenery, unread, name)
    less = UNLIKE * (1 - similarity(name, unread.name))
    options: list[tuple[Node, tuple[Edit, ...], float]] = [(unread.value, (Edit(left, name),), 1.45)]
    if own and old is not None and new is not None:
        outside = {node: node for node in ancestors([unread.value]) if not _is_inside(node, site, sites)}
        value = rebuilt(unread.value, {**outside, old: new})
        options.append((value, tuple(Edit(span, name) for span in (left, *(i.span for i in own))), 1.3))
    for value, edits, cost in options:
        text = name + statement.text[len(unread.name) :]
        if len(edits) > 1:
            text = _renamed(statement.text, unread.name, name)
        parts = tuple(Part(use, use.text, _always(value)) for use in uses)
        why = (
            f"nothing reads `{unread.name}` behind this, and what follows is made of `{name}`, which is not "
            "what belongs there"
        )
        yield Correction("wrong-operand", parts, cost + less, why, at=statement, expected=text, edits=edits)


def _read_instead(
    scenery: Scenery, unread: _Unread, name: str, reads: dict[int, list[Edge]]
) -> Iterator[Correction]:
    """The value where gradients that are not right read another name behind it, at several places."""
    bench, sites = scenery.bench, scenery.bench.step.trace.sites
    wrong = {number: edges for number, edges in reads.items() if _reaches_wrong(bench, edges)}
    if len(wrong) < 2:
        return  # one name is another at one place
    uses = [Place(scenery, sites[number], tuple(edges)) for number, edges in wrong.items()]
    uses.sort(key=lambda use: use.site.span)
    parts = tuple(Part(use, unread.name, _always(unread.value)) for use in uses)
    why = f"`{name}` stands where `{unread.name}` belongs, which is computed for this and not read"
    cost = 1.4 + UNLIKE * (1 - similarity(name, unread.name))
    yield Correction("wrong-operand", parts, cost, why, expected=unread.name)


def _always(value: Node) -> Build:
    return lambda _: value


def _held(scenery: Scenery, unread: _Unread, name: str) -> Node | None:
    """What a name held before a statement."""
    return scenery.resolve(name, unread.frame, unread.time - 1)


def _is_inside(node: Node, site: Site, sites: Sequence[Site]) -> bool:
    """Was a value computed in an expression?"""
    number = node.origin.site if node.operands and node.origin is not None else -1
    while number >= 0 and number != site.number:
        parent = sites[number].parent
        number = -1 if parent is None else parent
    return number == site.number


def _reaches_wrong(bench: Bench, edges: Sequence[Edge]) -> bool:
    """Does a gradient that is not right depend on some uses of a value?"""
    line = set(bench.affected([edge.consumer for edge in edges]))
    return any(d in line and s != RIGHT for d, s in zip(bench.step.descents, bench.initial, strict=True))


def _renamed(text: str, old: str, new: str) -> str:
    """The text with another name for one."""
    return re.sub(rf"(?<![\w.]){re.escape(old)}(?!\w)", new, text)
