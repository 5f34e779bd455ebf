"""Several contributions belong to one place, and the last of them replaces the others.

## What it does
Finds an assignment, or an indexed `+=` with repeated indices, where the contributions have to be added up.

## Why is this wrong?
`d[ids] += g` reads d[ids] once, adds, and writes back: for an index that is drawn twice only the last value
stays. The same happens when a shared weight's gradient is assigned for each of its uses. Rows that are used
often learn too slowly, rare ones correctly, and with no repetition in the batch there is nothing to see.

## Example
```python
rows = E[ids]
error = rows @ W - t
loss = 0.5 * np.sum(error**2)

dE = np.zeros_like(E)
dE[ids] += error @ W.T
```

## Use instead
```python
rows = E[ids]
error = rows @ W - t
loss = 0.5 * np.sum(error**2)

dE = np.zeros_like(E)
np.add.at(dE, ids, error @ W.T)
```

## How the derivation goes
The look-up rows_i = E[ids_i] is a product with a matrix of zeros and ones, S_ik = [ids_i = k]: rows = S E.
Hence

    ∂L/∂E = Sᵀ · ∂L/∂rows,        ∂L/∂E_k = Σ over all i with ids_i = k of ∂L/∂rows_i.

The sum is over *all* positions at which row k was drawn. `np.add.at` adds without buffering, so each of
them counts; `np.bincount` with weights does the same for numbers. For a weight that is used twice, ∂L/∂W is
the sum of the gradients of its uses: the first may assign, every other one has to add.

## Fix safety
`=` becomes `+=`, or the indexed `+=` becomes `np.add.at`. Verified at fresh points and with repeated
indices.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Build, Edge
from backproof.faults.correction import Correction, Part, called, make
from backproof.faults.rule import Rule
from backproof.graph import Node
from backproof.source import Edit, Span

RULE = Rule(
    code="BP303",
    name="not-accumulated",
    group="update",
    summary="A gradient that comes by several paths or duplicates is assigned, not added.",
)
HANDED_ON = 1.9  # what is handed to a function: that may lack a term of what it hands back


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Add to what was stored before instead of replacing it; count an index that comes twice, twice."""
    yield from _items(places)
    for place in places:
        if place.site.kind == "AugAssign":
            yield from _repeated(place)
        elif place.statement is not None and place.statement.kind == "Assign" and place.site.parent is None:
            yield from _replaced(place)


def _repeated(place: Place) -> Iterator[Correction]:
    """``g[rows] += v`` keeps one of several additions to the same row; ``np.add.at`` makes them all."""
    node = place.edges[0].operand
    if node.operation != "index_update" or not _repeats(node):
        return

    def build(edge: Edge) -> Node | None:
        base, changed = edge.operand.operands
        if changed.operation not in ("add", "subtract"):
            return None
        value = changed.operands[1] if changed.operation == "add" else make("negative", changed.operands[1])
        return make("index_add", base, value, index=edge.operand.attributes["index"])

    target, value = (place.trace.sites[number] for number in place.site.children[:2])
    subscript = ast.parse(target.text, mode="eval").body
    if not isinstance(subscript, ast.Subscript):
        return
    container = ast.get_source_segment(target.text, subscript.value)
    key = _as_argument(target.text, subscript.slice)
    method = "add" if place.site.detail == "+" else "subtract"
    text = f"{called(place, method)}.at({container}, {key}, {value.text})"
    why = (
        f"`{target.text}` holds a row more than once where the index repeats, and `{place.site.detail}=` "
        "keeps only the last of them"
    )
    yield Correction("not-accumulated", (Part(place, text, build),), 1.1, why, expected=text)


def _as_argument(text: str, key: ast.expr) -> str:
    """What stands between the brackets of a subscript, as an argument of a call."""
    if isinstance(key, ast.Slice):
        bounds = (key.lower, key.upper, key.step) if key.step is not None else (key.lower, key.upper)
        parts = ["None" if bound is None else ast.get_source_segment(text, bound) or "" for bound in bounds]
        return "slice(None)" if set(parts) == {"None"} else f"slice({', '.join(parts)})"
    if isinstance(key, ast.Tuple):
        return f"({', '.join(_as_argument(text, part) for part in key.elts)})"
    return ast.get_source_segment(text, key) or ""


def _repeats(node: Node) -> bool:
    """Is a place of the array written more than once?"""
    shape = np.shape(node.value)
    places = np.arange(int(np.prod(shape))).reshape(shape)[node.attributes["index"]]
    return np.size(places) > np.size(np.unique(places))


def _items(places: list[Place]) -> Iterator[Correction]:
    """``d[i] = v`` for ``d[i] += v``, where the item of the array held something already."""
    if not places:
        return
    scenery = places[0].scenery
    bench, sites = scenery.bench, scenery.bench.step.trace.sites
    writes: dict[int, list[Edge]] = defaultdict(list)
    for node in bench.main:
        if node.operation == "index_update" and node.origin is not None and node.origin.site >= 0:
            statement = sites[node.origin.site].statement
            if statement is not None and sites[statement].kind == "Assign":
                if node.operands[1].operation == "constant":
                    continue  # what the source says is no term of a gradient
                for consumer in bench.consumers.get(node, ()):
                    position = consumer.operands.index(node)
                    writes[node.origin.site].append(Edge(consumer, position, True))
    for number, edges in writes.items():
        if any(np.any(_old(edge).value) for edge in edges):
            yield from _added(Place(scenery, sites[number], tuple(edges)), _with_old)


def _old(edge: Edge) -> Node:
    """What the item held before it was written to."""
    base, index = edge.operand.operands[0], edge.operand.attributes["index"]
    found = make("index", base, index=index)
    return base if found is None else found


def _with_old(edge: Edge) -> Node | None:
    base, new = edge.operand.operands
    index = edge.operand.attributes["index"]
    total = make("add", make("index", base, index=index), new)
    return make("index_update", base, total, index=index)


def _replaced(place: Place) -> Iterator[Correction]:
    """The place held another term of the same gradient already, made in this step."""
    step = place.scenery.bench.step
    assert place.statement is not None
    earlier: dict[Node, Node] = {}
    held: dict[tuple[object, ...], Node] = {}
    corrected = {edge.operand for edge in place.edges if edge.whole}
    corrected |= {edge.consumer for edge in place.edges if edge.consumer.operation == "identity"}
    for store in step.trace.stores:
        new = _copied(store.after, step.copies)
        if not step.window.start <= store.time < step.window.end or new is None:
            continue
        before = held.get(store.place)
        held[store.place] = new
        if store.site != place.site.number or before is None or np.shape(before.value) != np.shape(new.value):
            continue
        if new not in corrected:  # nobody reads it but this sum
            total = make("add", new, before)
            held[store.place] = new if total is None else total
        earlier[new] = before
        if new.operation == "identity":
            earlier[new.operands[0]] = before
    if not any(node.operands or np.any(node.value) for node in earlier.values()):
        return

    def build(edge: Edge) -> Node | None:
        node = edge.operand if edge.operand in earlier else edge.consumer
        before = earlier.get(node)
        return edge.operand if before is None else make("add", edge.operand, before)

    yield from _added(place, build)


def _copied(node: Node, copies: Mapping[Node, Node]) -> Node | None:
    """The copy of a node in the step: of what it is another name of, where nothing reads it by that name."""
    while node not in copies and node.operation == "identity":
        node = node.operands[0]
    return copies.get(node)


def _added(place: Place, build: Build) -> Iterator[Correction]:
    """Write ``+=`` for ``=``."""
    assert place.statement is not None
    span = place.statement.span
    line = place.trace.files[place.site.file].split("\n")[place.site.span.row - 1]
    equals = line.rfind("=", 0, place.site.span.column - 1)
    if equals < 0 or span.row != place.site.span.row:
        return
    edit = Edit(Span(span.row, equals + 1, span.row, equals + 2, span.file), "+=")
    target = line[span.column - 1 : equals].strip()
    why = f"`{target}` holds a term of the gradient already; this throws it away instead of adding to it"
    expected = f"{target} += {place.text}"
    part = Part(place, place.text, build)
    cost = HANDED_ON if place.site.kind == "Call" and target in {c.text for c in place.children} else 1.1
    yield Correction("not-accumulated", (part,), cost, why, place.statement, expected, (edit,))
