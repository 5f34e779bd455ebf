"""A weight is updated first, and the adjoint of the layer before it is then computed with the new weight.

## What it does
Finds a read of a parameter in the backward pass that comes after the update of that parameter in the same
step.

## Why is this wrong?
The gradient belongs to one point: the parameters that the forward pass has used. With a weight that has
moved in the meantime, the other gradients are those of no loss at all. The error is of the size of the
learning rate, so small rates hide it, and a check of the gradients with the update switched off never sees
it.

## Example
```python
h = np.tanh(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
W2 -= lr * h.T @ d_out
d_h = d_out @ W2.T * (1 - h**2)
W1 -= lr * x.T @ d_h
```

## Use instead
```python
h = np.tanh(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
d_h = d_out @ W2.T * (1 - h**2)
W2 -= lr * h.T @ d_out
W1 -= lr * x.T @ d_h
```

## How the derivation goes
At the point W of the forward pass ∂L/∂h = ∂L/∂out · W2ᵀ. The Example has W2 − lr·hᵀ∂L/∂out in place of W2,
and so computes

    ∂L/∂out · W2ᵀ − lr · ∂L/∂out · ∂L/∂outᵀ · h,

whose second summand is the mistake: proportional to the rate, and quadratic in the error, so it is largest
at the start.

Updating in the same loop that goes back through the layers is safe only when the adjoint is carried on
*before* the weight is touched.

## Fix safety
The statements are reordered: first all gradients, then all updates. Only statements between which nothing
else reads or writes the names are moved; the mended program is run to verify it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backproof.check.place import Place, Scenery, where
from backproof.check.trial import Build, Edge
from backproof.faults.correction import Correction, Part
from backproof.faults.moving import moved_behind
from backproof.faults.overwritten import copying, given
from backproof.faults.rule import Rule
from backproof.graph import Node
from backproof.trace import Site

RULE = Rule(
    code="BP301",
    name="updated-weights",
    group="update",
    summary="The backward pass reads a weight after its update in the same step.",
)


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Let every read of an updated parameter in the backward pass see the value that the forward pass saw."""
    if not places:
        return
    step = places[0].scenery.bench.step
    leaf_of: dict[Node, Node] = {}
    stores: dict[Node, Node] = {}
    rows: dict[Node, int] = {}
    names = {leaf: parameter.name for parameter in step.parameters for leaf in parameter.leaves}
    for parameter in step.parameters:
        pairs = zip(parameter.changes, parameter.leaves, strict=True)
        for store, leaf in ((store, leaf) for change, leaf in pairs for store in change.stores):
            node = step.copies.get(store.after)
            if node is not None:
                leaf_of[node] = leaf
                rows[node], stores[node] = store.site, store.after
    scenery = places[0].scenery
    late: dict[int, list[Edge]] = {}
    for site, edge in scenery.bench.reads:
        known = _read(edge.operand, leaf_of)
        if known is not None and not _own(edge, leaf_of) and site not in rows.values():
            shown = _shown(scenery, _read_by_view(scenery, site, edge, rows[known]), edge)
            late.setdefault(shown, []).append(edge)

    def build(edge: Edge) -> Node | None:
        node = _read(edge.operand, leaf_of)
        return leaf_of[node] if node is not None else edge.operand

    reading = [Place(scenery, step.trace.sites[site], tuple(edges)) for site, edges in late.items()]
    updates = {
        place: step.trace.sites[rows[node]]
        for place in reading
        if (node := _read(place.edges[0].operand, leaf_of)) is not None
    }
    yield from _by_another_name(updates, build)
    for group in [*([reading] if len(reading) > 1 else []), *([place] for place in reading)]:
        first = group[0]
        node = _read(first.edges[0].operand, leaf_of)
        assert node is not None
        update = step.trace.sites[rows[node]]
        arrays = isinstance(first.edges[0].operand.value, np.ndarray)
        statement = _seen_from(scenery, first.edges[0], stores[node], update)
        edits = moved_behind(step.trace, statement, [place.site for place in group], arrays)
        parts = tuple(Part(place, place.text, build) for place in group)
        what = names[leaf_of[node]] if first.site.kind == "Call" else first.text
        why = f"`{what}` is read after `{update.text}` has updated it; the forward pass used the value before"
        yield Correction(
            "updated-weights",
            parts,
            1.0 + 0.1 * len(group),
            why,
            expected=f"{what} before its update",
            edits=edits,
        )


def _by_another_name(updates: dict[Place, Site], build: Build) -> Iterator[Correction]:
    """Copy what is read by a name that was given to the parameter, or to a part of it.

    Where more than one statement reads it, or the update cannot be moved behind the one that does.
    """
    for text in dict.fromkeys(place.text for place in updates if place.text.isidentifier()):
        group = [place for place in updates if place.text == text]
        if (
            sum(map(_statements, group)) > 1 or any(_is_before(updates[place], place) for place in group)
        ) and (alias := given(group[0].trace, text, group[0].site)) is not None:
            why = f"`{text}` is no copy of `{alias.text}`: it is read after that has been updated"
            parts = tuple(Part(place, text, build) for place in group)
            expected = f"{alias.text}.copy()"
            yield Correction("updated-weights", parts, 1.05, why, alias, expected, copying(alias))


def _is_before(update: Site, reader: Place) -> bool:
    """Does an update read what the statement changes that reads what it has updated, by whatever name?"""
    trace, behind = reader.trace, reader.statement
    if behind is None or behind.kind != "AugAssign":
        return False
    changed = trace.sites[behind.children[0]].text.partition("[")[0]
    own = [s for s in trace.sites if s.statement == update.number and s.kind in ("Name", "Attribute")]
    named = (given(trace, s.text, s) for s in own)
    return changed in {s.text for s in own} | {s.text.partition("[")[0] for s in named if s is not None}


def _statements(place: Place) -> int:
    """How many statements read what a place reads: a part of an array with a name is one value in all."""
    sites, found = place.trace.sites, {place.site.statement}
    for view in (edge.consumer for edge in place.edges if edge.consumer.operation == "index"):
        found.update(sites[n].statement for _, n in place.scenery.readers(view))
    return len(found)


def _shown(scenery: Scenery, site: int, edge: Edge) -> int:
    """The expression to show for a read: itself, or the call from the backward pass that leads to it."""
    trace = scenery.bench.step.trace
    frame = trace.frames[where(edge)[0]]
    while site not in scenery.bench.edges and frame.call is not None and frame.parent is not None:
        site, frame = frame.call, trace.frames[frame.parent]
    return site


def _read_by_view(scenery: Scenery, site: int, edge: Edge, update: int) -> int:
    """Where a part of an array is read by a name that was given to it in a statement above the update."""
    sites, view = scenery.bench.step.trace.sites, edge.consumer
    if view.operation != "index" or sites[site].span.row >= sites[update].span.row:
        return site
    views = [view]
    while views:  # of parts of it
        for user, number in scenery.readers(views.pop()):
            if sites[number].statement != sites[site].statement:
                return number
            if user.operation == "index":
                views.append(user)
    return site


def _seen_from(scenery: Scenery, edge: Edge, store: Node, update: Site) -> Site:
    """The update where a read sees it: itself, or the call beside the read that leads to it."""
    trace, reader = scenery.bench.step.trace, where(edge)[0]
    origin: Any = store.origin
    frame, site = origin.frame, update.number
    while frame != reader:
        own = trace.frames[frame]
        if own.call is None or own.parent is None:
            return update
        site, frame = own.call, own.parent
    return trace.sites[site]


def _read(node: Node, leaf_of: dict[Node, Node]) -> Node | None:
    """The updated value that an operand is, under whatever name."""
    while node not in leaf_of and node.operation == "identity" and node.operands:
        node = node.operands[0]
    return node if node in leaf_of else None


def _own(edge: Edge, leaf_of: dict[Node, Node]) -> bool:
    """Is this the update itself, going on?"""
    return edge.consumer in leaf_of or edge.consumer.operation in ("index_update", "identity")
