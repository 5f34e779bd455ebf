"""A name got its next value before the last use of the one that it had: the statement belongs below."""

from __future__ import annotations

from collections.abc import Iterator

from backproof.check.place import Place, Scenery
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part
from backproof.faults.moving import moved_behind
from backproof.graph import Node, unnamed
from backproof.trace import Site

MOST = 4  # statements that a statement may have come before


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Let the first statements that read a name see what it was before `name = f(name)`."""
    if not places:
        return
    scenery = places[0].scenery
    sites = places[0].trace.sites
    renewed = _renewed(sites)
    reads: dict[int, dict[int, list[tuple[int, Edge]]]] = {}  # by what was assigned, then by statement
    for number, edge in scenery.bench.reads:
        origin, site = edge.operand.origin, sites[number]
        if origin is None or origin.site not in renewed or site.kind != "Name" or site.statement is None:
            continue
        if edge.operand in scenery.bench.forward:
            continue  # the loss was computed from what it became
        statement, old = renewed[origin.site]
        behind = site.span.row > statement.span.row and site.scope == statement.scope
        if behind and site.text == old.text and site.statement != statement.number:
            reads.setdefault(origin.site, {}).setdefault(site.statement, []).append((number, edge))
    yield from _kept_late(scenery, sites, renewed)
    for number, by_statement in reads.items():
        rows = sorted(by_statement, key=lambda s: sites[s].span)
        for count in range(1, min(len(rows), MOST) + 1):
            found = [pair for row in rows[:count] for pair in by_statement[row]]
            yield from _moved(scenery, renewed[number], found, count)


def _kept_late(
    scenery: Scenery, sites: list[Site], renewed: dict[int, tuple[Site, Site]]
) -> Iterator[Correction]:
    """Let a function see what a name was when its next value had not been computed, and was kept by mistake.

    As by ``saved.append((x, a))`` behind ``x = x + step``.
    """
    reads: dict[tuple[int, int], list[Edge]] = {}
    for number, edge in scenery.bench.reads:
        origin = unnamed(edge.operand).origin
        if origin is None or origin.site not in renewed or sites[number].kind != "Name":
            continue
        if sites[number].scope != renewed[origin.site][0].scope:
            reads.setdefault((origin.site, number), []).append(edge)
    for (made, number), edges in reads.items():
        statement, old = renewed[made]
        keeping = next((s for s in sites if _keeps(sites, s, statement, old.text)), None)
        edits = moved_behind(scenery.bench.step.trace, statement, [keeping]) if keeping is not None else ()
        if not edits or keeping is None:
            continue
        place = Place(scenery, sites[number], tuple(edges))

        def before(edge: Edge, place: Place = place, old: Site = old) -> Node | None:
            return place.inside(unnamed(edge.operand), old.number)

        why = f"`{statement.text}` gives `{old.text}` its next value before the one that it had is kept"
        part, expected = Part(place, place.text, before), f"{old.text} before line {statement.span.row}"
        yield Correction("overwritten", (part,), 1.3, why, at=statement, expected=expected, edits=edits)


def _keeps(sites: list[Site], site: Site, statement: Site, name: str) -> bool:
    """Is a name read below a statement, to be kept in a list or an object?"""
    if site.kind != "Name" or site.text != name or site.scope != statement.scope or site.statement is None:
        return False
    text = sites[site.statement].text
    return site.span.row > statement.span.row and (".append(" in text or text.startswith("self."))


def _renewed(sites: list[Site]) -> dict[int, tuple[Site, Site]]:
    """By where its value is made, each statement that computes a name from itself, and where it reads it."""
    found = {}
    for statement in sites:
        if statement.kind == "AugAssign":
            target = sites[statement.children[0]]
            if target.kind == "Name":
                found[statement.number] = (statement, target)
    for site in sites:
        if site.target and site.target.isidentifier() and site.parent is None and site.statement is not None:
            own = _reading(sites, site)
            if len(own) == 1:
                found[site.number] = (sites[site.statement], own[0])
    return found


def _reading(sites: list[Site], site: Site) -> list[Site]:
    """Where an expression reads the name that it is assigned to."""
    found, stack = [], list(site.children)
    while stack:
        inner = sites[stack.pop()]
        if inner.kind == "Name" and inner.text == site.target:
            found.append(inner)
        stack.extend(inner.children)
    return found


def _moved(
    scenery: Scenery, renewed: tuple[Site, Site], found: list[tuple[int, Edge]], count: int
) -> Iterator[Correction]:
    statement, old = renewed
    sites = scenery.bench.step.trace.sites
    by_site: dict[int, list[Edge]] = {}
    for number, edge in found:
        by_site.setdefault(number, []).append(edge)
    reading = [Place(scenery, sites[number], tuple(edges)) for number, edges in by_site.items()]

    def before(edge: Edge) -> Node | None:
        return reading[0].inside(edge.operand, old.number)

    edits = moved_behind(scenery.bench.step.trace, statement, [place.site for place in reading])
    if edits:
        why = f"`{statement.text}` gives `{old.text}` its next value before this reads the one that it had"
        parts = tuple(Part(place, place.text, before) for place in reading)
        expected = f"{old.text} before line {statement.span.row}"
        yield Correction("overwritten", parts, 1.25 + 0.05 * count, why, expected=expected, edits=edits)
