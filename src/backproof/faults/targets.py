"""Subscripts of what is written to that are off: `d[i, j] += ...` for `d[j, i] += ...`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from backproof.check.overwritten import is_of_base
from backproof.check.place import Place, where
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, make
from backproof.faults.subscripts import subscripts
from backproof.faults.wrong_index import MOST, borrowed
from backproof.graph import Node, shape_of
from backproof.trace import Site


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Another subscript of what is written to: `d[i, j] += ...` for `d[j, i] += ...`."""
    for place in places:
        if place.site.kind == "AugAssign" and all(e.operand.operation == "index_update" for e in place.edges):
            yield from _targets(place, place.trace.sites[place.site.children[0]])
        elif place.site.kind == "AugAssign" and place.shape:
            yield from _parts(place)
        elif (written := _assigned(place)) is not None:
            yield from _targets(*written)


def _assigned(place: Place) -> tuple[Place, Site] | None:
    """All uses of an array that a statement writes the place into, and the subscript that it writes at."""
    statement, target = place.statement, place.site.target
    known = {e.consumer for e in place.edges if e.consumer.operation == "index_update"}
    consumers = [e.consumer for e in place.edges if not is_of_base(e.operand, known)]
    if statement is None or statement.kind != "Assign" or not target or not target.endswith("]"):
        return None
    if place.site.parent is not None or not statement.text.startswith(f"{target} = "):
        return None
    if any(n.operation != "index_update" or n.origin.site != place.site.number for n in consumers):
        return None
    users, own = place.scenery.bench.consumers, statement.span
    edges = [Edge(u, u.operands.index(n), True) for n in dict.fromkeys(consumers) for u in users.get(n, ())]
    span = replace(own, end_row=own.row, end_column=own.column + len(target))
    at = replace(statement, kind="Subscript", text=target, span=span)
    return (Place(place.scenery, place.site, tuple(edges)), at) if edges else None


def _parts(place: Place) -> Iterator[Correction]:
    """A part of what is written to as a whole: ``b[i] -= ...`` for ``b -= ...``, which moves all of it."""
    target = place.trace.sites[place.site.children[0]]
    if target.kind not in ("Name", "Attribute"):
        return
    for key in dict.fromkeys([*place.keys[:MOST], *place.scenery.forward_keys[:MOST]]):

        def build(edge: Edge, key: str = key) -> Node | None:
            return _written_part(place, edge, key)

        text = f"{target.text}{key}"
        why = f"`{target.text}` is written to as a whole: what is added belongs to `{text}`"
        part = Part(place, text, build, target.span)
        yield Correction("wrong-index", (part,), 1.4, why, at=target, expected=text)


def _written_part(place: Place, edge: Edge, text: str) -> Node | None:
    """The array with the change made at a subscript alone, where it has the shape of that."""
    frame, time = where(edge)
    result = edge.operand
    if result.operation not in ("add", "subtract"):
        return None
    base, change = result.operands
    key = place.scenery.memory.key(f"x{text}", place.scenery.enclosing(frame), time)
    part = None if key is None else make("index", base, index=key)
    if part is None or shape_of(part) != shape_of(change) or shape_of(part) == shape_of(base):
        return None
    return _changed_at(base, result, key)


def _targets(place: Place, target: Site) -> Iterator[Correction]:
    if target.kind != "Subscript":
        return
    for text, far in (*subscripts(target.text, place.counters), *borrowed(place, target.text)):

        def build(edge: Edge, text: str = text) -> Node | None:
            return written_at(place, edge, text)

        why = f"`{target.text}` is not what this belongs to: it has to be `{text}`"
        part = Part(place, text, build, target.span)
        yield Correction("wrong-index", (part,), 1.3 + far, why, at=target, expected=text)


def written_at(place: Place, edge: Edge, text: str) -> Node | None:
    """The array with the change made at another subscript."""
    frame, time = where(edge)
    key = place.scenery.memory.key(text, place.scenery.enclosing(frame), time)
    return None if key is None else _moved(edge.operand, key, place.site.kind == "AugAssign")


def _moved(result: Node, key: Any, added: bool) -> Node | None:
    """An array that is written to at another key, perhaps by way of a view of it.

    ``added`` says that what is written there is a change of what was there.
    """
    base, changed = result.operands
    if changed.operation == "index_update" and changed.origin.site == result.origin.site:
        inner = _moved(changed, key, added)
        return None if inner is None else make("index_update", base, inner, **result.attributes)
    if not added:
        return make("index_update", base, changed, index=key)
    return _changed_at(base, changed, key) if changed.operation in ("add", "subtract") else None


def _changed_at(base: Node, sum_: Node, key: Any) -> Node | None:
    """An array of which an entry is changed by what a sum adds or takes off."""
    new = make(sum_.operation, make("index", base, index=key), sum_.operands[1])
    return make("index_update", base, new, index=key)
