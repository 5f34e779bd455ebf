"""Names that subscripts are made of, which the backward pass gives another value than the forward pass.

``top = i`` for ``top = i * stride``: every window that is cut at ``top`` and ``top + size`` is another.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace

import numpy as np

from backproof.check.place import Place, where
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, bracketed, parsed
from backproof.faults.targets import written_at
from backproof.faults.wrong_index import read_at
from backproof.graph import Node
from backproof.source import Edit
from backproof.trace import Site

COST = 1.1
DEPTH = 4  # names that are made of names
Given = Mapping[tuple[str, int, str], list[Site]]


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Give such names what the forward pass gives them, all of a function at once, or one."""
    given = _given(places[0].trace.sites) if places else {}
    forward = {(s.file, s.scope) for s in places[0].scenery.forward_sites} if places else set()
    uses: dict[int, list[Place]] = defaultdict(list)
    twins = dict[int, str | None]()
    for place in places:
        target = _subscript(place)
        tree = parsed(target.text) if target is not None else None
        for own in _behind(tree.slice, place.site, given, DEPTH) if isinstance(tree, ast.Subscript) else ():
            uses[own.number].append(place)
            if own.number not in twins:
                twins[own.number] = _twin(place, own, given, forward)
    groups: dict[tuple[str, int], dict[int, str]] = defaultdict(dict)
    for number, text in twins.items():
        own = places[0].trace.sites[number]
        if text is not None and any(_differs(place, own.text, text) for place in uses[number]):
            groups[own.file, own.scope][number] = text
    for together in groups.values():
        yield from _together(together, uses, given)
        if len(together) > 1:
            for number, text in together.items():
                yield from _together({number: text}, uses, given)


def _given(sites: list[Site]) -> Given:
    """What names are given, by the function that they stand in."""
    found: dict[tuple[str, int, str], list[Site]] = defaultdict(list)
    for site in sites:
        if site.parent is None and site.target and site.target.isidentifier():
            found[site.file, site.scope, site.target].append(site)
    return found


def _subscript(place: Place) -> Site | None:
    """What a place reads at a subscript, or changes there."""
    if place.site.kind == "Subscript":
        return place.site
    changed = place.site.kind == "AugAssign" and place.edges[0].operand.operation == "index_update"
    target = place.trace.sites[place.site.children[0]] if changed else None
    return target if target is not None and target.kind == "Subscript" else None


def _last(name: str, place: Site, given: Given) -> Site | None:
    """What a name was last given above a place."""
    above = [s for s in given.get((place.file, place.scope, name), ()) if s.span.row < place.span.row]
    return max(above, key=lambda site: site.span.row, default=None)


def _behind(tree: ast.expr, place: Site, given: Given, depth: int) -> Iterator[Site]:
    """What the names in a subscript were given, and those that these were made of."""
    for name in _names(tree):
        own = _last(name, place, given)
        inner = parsed(own.text) if own is not None and depth else None
        if own is not None and inner is not None:
            yield own
            yield from _behind(inner, own, given, depth - 1)


def _twin(place: Place, own: Site, given: Given, forward: set[tuple[str, int]]) -> str | None:
    """What the forward pass gives the name, as it can be written at a place; None where that is the same."""
    for (file, scope, name), sites in given.items():
        if name != own.target or (file, scope) not in forward or len(sites) > 2:
            continue
        for site in sites:
            text = _readable(place, site, given) if site is not own and site.text != own.text else None
            if text is not None and text != own.text:
                return text
    return None


def _readable(place: Place, site: Site, given: Given) -> str | None:
    """A text of the forward pass, where the place can read it; what it cannot read by what that is."""
    frame, time = where(place.edges[0])
    memory, frames = place.scenery.memory, place.scenery.enclosing(frame)
    text, tree = site.text, parsed(site.text)
    for name in _names(tree) if tree is not None else ():
        made = _last(name, site, given) if memory.read(name, frames, time) is None else None
        if made is not None:
            text = re.sub(rf"\b{name}\b", lambda _, made=made: bracketed(made.text, 9), text)  # type: ignore[misc]
    return text if memory.key(f"x[{text}]", frames, time) is not None else None


def _differs(place: Place, old: str, new: str) -> bool:
    """Do two texts mean something else in any use of a place? In the first round they may not."""
    memory, enclosing = place.scenery.memory, place.scenery.enclosing
    for frame, time in map(where, place.edges):
        one, other = (memory.key(f"x[{text}]", enclosing(frame), time) for text in (old, new))
        if not np.array_equal(one, other):
            return True
    return False


def _together(new: Mapping[int, str], uses: Mapping[int, list[Place]], given: Given) -> Iterator[Correction]:
    """Give some names what the forward pass gives them."""
    places = {place.site.number: place for number in new for place in uses[number]}
    parts = tuple(_part(place, new, given) for place in places.values())
    found = []
    for number, text in new.items():
        own = parts[0].place.trace.sites[number]
        why = (
            f"`{own.target}` is `{text}` in the forward pass: what is read there is another part of the array"
        )
        found.append(Correction("wrong-index", parts, COST, why, own, text, (Edit(own.span, text),)))
    yield replace(found[0], beside=tuple(found[1:]))


def _part(place: Place, new: Mapping[int, str], given: Given) -> Part:
    """What a place reads, or writes, at the subscript that the new values make."""
    target = _subscript(place)
    tree = parsed(target.text) if target is not None else None
    assert target is not None
    assert isinstance(tree, ast.Subscript)
    index = _made(tree.slice, place.site, new, given, DEPTH)
    text = ast.unparse(ast.Subscript(tree.value, index, ast.Load()))

    def build(edge: Edge) -> Node | None:
        return read_at(place, edge, text) if target is place.site else written_at(place, edge, text)

    return Part(place, text, build, target.span)


def _made(tree: ast.expr, place: Site, new: Mapping[int, str], given: Given, depth: int) -> ast.expr:
    """An expression in which names that depend on the new values are what they are made of."""
    put = dict[str, ast.expr]()
    for name in _names(tree):
        own = _last(name, place, given)
        inner = parsed(new.get(own.number, own.text)) if own is not None else None
        if own is None or inner is None:
            continue
        if own.number in new:
            put[name] = inner
        elif depth and any(s.number in new for s in _behind(inner, own, given, depth)):
            put[name] = _made(inner, own, new, given, depth - 1)
    return _with(tree, put)


def _names(tree: ast.expr) -> list[str]:
    return list(dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)))


def _with(tree: ast.expr, put: Mapping[str, ast.expr]) -> ast.expr:
    """An expression with others for some names."""

    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return put.get(node.id, node)

    made = Put().visit(deepcopy(tree))
    assert isinstance(made, ast.expr)
    return made
