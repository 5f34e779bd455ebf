"""An axis that has a name, and is wrong in every reduction that reads it."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Build, Edge
from backproof.faults.correction import Correction, Part, make, parsed
from backproof.faults.wrong_axis import REDUCTIONS, with_axis
from backproof.graph import Node
from backproof.source import Edit
from backproof.trace import Site

COST = 1.15  # less than the same at each reduction


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Reduce along another axis wherever one name says which: the mistake is where the name is given."""
    groups: dict[tuple[str, int, str], list[Place]] = defaultdict(list)
    for place in places:
        name = _named_axis(place)
        if name is not None:
            groups[place.site.file, place.site.scope, name].append(place)
    for (_, _, name), group in groups.items():
        given = _given(group, name)
        for axis, far in _axes(group[0]):
            parts = tuple(
                Part(place, with_axis(place.text, axis, _is_kept(place)), _along(axis)) for place in group
            )
            edits = (Edit(given.span, repr(axis)),) if given is not None else None
            why = f"`{name}` has to be {axis}: the forward pass reduces along that axis"
            expected = repr(axis) if given is not None else parts[0].text
            if given is not None or len(group) > 1:
                yield Correction("wrong-axis", parts, COST + far, why, given, expected, edits)


def _named_axis(place: Place) -> str | None:
    """The name of the axis along which a place reduces."""
    node = parsed(place.text) if place.site.kind == "Call" else None
    if not isinstance(node, ast.Call) or any(e.operand.operation not in REDUCTIONS for e in place.edges):
        return None
    return next(
        (k.value.id for k in node.keywords if k.arg == "axis" and isinstance(k.value, ast.Name)), None
    )


def _given(group: list[Place], name: str) -> Site | None:
    """What the name is given, where nothing but these reductions reads it."""
    sites, own = group[0].trace.sites, group[0].site
    here = [s for s in sites if (s.file, s.scope) == (own.file, own.scope)]
    given = [s for s in here if s.target == name and s.parent is None]
    readers = {s.parent for s in here if s.kind == "Name" and s.text == name}
    only = readers <= {place.site.number for place in group}
    return given[0] if len(given) == 1 and only else None


def _axes(place: Place) -> Iterator[tuple[int, float]]:
    """The axes along which the forward pass reduces arrays of this many, then the others."""
    inner = place.edges[0].operand.operands[0]
    rank, current = np.ndim(inner.value), place.edges[0].operand.attributes.get("axis")
    every = {
        node.attributes.get("axis")
        for node in place.scenery.bench.forward
        if node.operation in REDUCTIONS and np.ndim(node.operands[0].value) == rank
    }
    own = {axis for axis in every if isinstance(axis, int) and axis != current}
    yield from ((axis, 0.0) for axis in sorted(own))
    yield from ((axis, 0.1) for axis in range(rank) if not {axis, axis - rank} & {*own, current})


def _is_kept(place: Place) -> bool:
    return bool(place.edges[0].operand.attributes.get("keepdims"))


def _along(axis: int) -> Build:
    def build(edge: Edge) -> Node | None:
        kept = bool(edge.operand.attributes.get("keepdims"))
        return make(edge.operand.operation, edge.operand.operands[0], axis=axis, keepdims=kept)

    return build
