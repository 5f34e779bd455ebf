"""The gradients of earlier steps, or the same gradient a second time, are still in the sum that is applied.

## What it does
Finds an accumulated gradient that holds more than this step's: a buffer that was made once and only ever
added to, or a contribution that is added in two places.

## Why is this wrong?
After k steps the update is the sum of k gradients, each from another point. It acts like momentum without
decay: the first steps look fine, then the loss oscillates with a growing amplitude. Correct gradients in
the first step are no evidence, since the buffer starts at zero.

## Example
```python
# dW = np.zeros_like(W) stands above the training loop
error = x @ W - t
loss = 0.5 * np.sum(error**2)

for sample, e in zip(x, error):
    dW += np.outer(sample, e)
W -= lr * dW
```

## Use instead
```python
error = x @ W - t
loss = 0.5 * np.sum(error**2)

dW = np.zeros_like(W)
for sample, e in zip(x, error):
    dW += np.outer(sample, e)
W -= lr * dW
```

## How the derivation goes
The gradient of a sum over samples is the sum of their gradients, which is why it is accumulated:

    ∂L/∂W = Σ_i x_i ⊗ e_i.

The sum runs over the samples of this batch and has to start at zero for each step. If it does not, step k
applies

    Σ_{j ≤ k} ∂L/∂W at W_j,

the gradients at all points passed so far with equal weight. Momentum is the same sum with weights μ^(k−j)
and μ < 1; that is meant, has a name and a factor, and is not reported.

## Fix safety
The line that makes the buffer is moved to where the step begins, or a reset is put there. The mended
program is run for several steps to verify it, since one step cannot show the fault.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, called
from backproof.faults.reset_aliases import begun_by_name
from backproof.faults.reset_loops import narrow_reset
from backproof.faults.resetting import assigned, of_loop, reset_before, reset_behind
from backproof.faults.rule import Rule
from backproof.graph import Node, constant
from backproof.source import Edit
from backproof.trace import Site
from backproof.trace.events import Activity

MOST = 400  # uses of a sum that are looked at
RULE = Rule(
    code="BP302",
    name="not-reset",
    group="update",
    summary="A gradient buffer is not zeroed, or is accumulated twice.",
)


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Let what a gradient buffer carries over from the step before be nothing.

    Buffers that are added to in other statements are other mistakes, unless the updates mix them, or one
    statement begins them.
    """
    if not places:
        return
    scenery = places[0].scenery
    bench = scenery.bench
    carried: dict[int, list[Edge]] = {}
    known = {change.before for parameter in bench.step.parameters for change in parameter.changes}
    kept = [change for change in bench.step.window.parameters if change.before not in known]
    for change in (*bench.step.window.others, *kept):
        leaf = bench.step.copies.get(change.before)
        if leaf is None or leaf in bench.step.state or np.asarray(leaf.value).dtype.kind != "f":
            continue  # no buffer of gradients: unknown, the memory of an optimizer, or whole numbers
        edges = [
            Edge(c, k) for c in bench.consumers.get(leaf, ()) for k, o in enumerate(c.operands) if o is leaf
        ]
        carried.setdefault(change.stores[0].site, []).extend(edges)
    found = [
        Place(scenery, bench.step.trace.sites[site], tuple(edges)) for site, edges in carried.items() if edges
    ]
    groups = [*_mixed(found), *_by_attribute(found), *_begun_together(found)]
    together = list({frozenset(each): each for each in groups if len(each) > 1}.values())
    named = _begun_by_name(found)
    for edit, (site, adding) in named.items():
        buffer = _buffer(adding[0])
        why = f"`{site.text}` is no new array: `{buffer}` still holds the gradients of the step before"
        parts = tuple(Part(place, place.text, _nothing) for place in adding)
        yield Correction("not-reset", parts, 1.1, why, at=site, expected=edit.content, edits=(edit,))
    explained = [place for _, adding in named.values() for place in adding]
    for group in [*([place] for place in found), *together]:
        if all(place in explained for place in group):
            continue
        edits = [_edits(place) for place in group]
        whole = tuple(edit for own in edits for edit in own) if all(edits) else ()
        buffers = list(dict.fromkeys(f"`{_buffer(place)}`" for place in group))
        names, verb = " and ".join(buffers), "holds" if len(buffers) == 1 else "hold"
        loop = _narrow_loop(group)
        at, expected = None, "zero at the start of the step"
        if loop is not None and (loop[1] or not whole):
            at, whole, expected = loop
        yield Correction(
            "not-reset",
            tuple(Part(place, place.text, _nothing) for place in group),
            1.1 + 0.1 * len(group),
            f"{names} still {verb} the gradients of the step before; every step has to start from zero",
            at=at,
            expected=expected,
            edits=whole,
        )
    yield from _between_rounds(places)


def _begun_by_name(places: list[Place]) -> dict[Edit, tuple[Site, list[Place]]]:
    """What lets a step begin a buffer with zeros: the edit, the name there, and what is added to it then."""
    found: dict[Edit, tuple[Site, list[Place]]] = {}
    for place in places:
        start = place.scenery.bench.step.window.start
        begun = begun_by_name(place.trace, _buffer(place), start, called(place, "zeros_like"))
        if begun is not None:
            site, edit = begun
            found.setdefault(edit, (site, []))[1].append(place)
    return found


def _between_rounds(places: list[Place]) -> Iterator[Correction]:
    """Let a sum inside the step begin anew in every round of a loop around the one that adds it up."""
    scenery = places[0].scenery
    trace, window = places[0].trace, scenery.bench.step.window
    rounds: dict[int, list[Activity]] = {}
    for activity in trace.activities:
        if activity.kind == "round" and window.start <= activity.start and activity.end <= window.end:
            rounds.setdefault(activity.site, []).append(activity)
    for place in places:
        adding = place.statement
        if adding is None or adding.kind != "AugAssign" or adding.detail != "+" or len(place.edges) > MOST:
            continue
        if place.site.kind != "Name" or place.site.number != adding.children[0]:
            continue
        edges = sorted(place.edges, key=_time)
        for site, every in rounds.items():
            firsts = list(_firsts(edges, every))
            if len(firsts) < 2 or len(firsts) == len(edges):
                continue
            part = Part(Place(scenery, place.site, tuple(firsts)), place.text, _nothing)
            text = f"{place.text} = 0.0" if not place.shape else f"{place.text}[...] = 0"
            yield Correction(
                "not-reset",
                (part,),
                1.15,
                f"`{place.text}` still holds the sum of the round before; every round has to start from zero",
                at=adding,
                expected="zero at the start of the round",
                edits=reset_before(trace, adding, trace.sites[site], text),
            )


def _firsts(edges: list[Edge], rounds: list[Activity]) -> Iterator[Edge]:
    """The first use in each round that has one."""
    starts = sorted((activity.start, activity.end) for activity in rounds)
    last = -1
    for edge in edges:
        index = bisect_right(starts, (_time(edge), 10**18)) - 1
        if index >= 0 and index != last and _time(edge) <= starts[index][1]:
            last = index
            yield edge


def _time(edge: Edge) -> int:
    """When a value was used."""
    origin: Any = edge.consumer.origin
    return -1 if origin is None else int(origin.time)


def _nothing(edge: Edge) -> Node | None:
    return constant(np.zeros(np.shape(edge.operand.value)))


def _mixed(places: list[Place]) -> Iterator[list[Place]]:
    """Those of the buffers that an update mixes: it depends on several of them."""
    if len(places) < 2:
        return
    updated = {place.site.number: _updated(place) for place in places}
    left = list(places)
    while left:
        group, reached = [left.pop(0)], set[Node]()
        for place in group:
            reached |= updated[place.site.number]
            group += [each for each in left if updated[each.site.number] & reached]
            left = [each for each in left if each not in group]
        yield group


def _updated(place: Place) -> set[Node]:
    """The updates that depend on a buffer."""
    bench = place.scenery.bench
    line = set(bench.affected([edge.consumer for edge in place.edges]))
    return {descent for descent in bench.step.descents if descent in line}


def _by_attribute(places: list[Place]) -> list[list[Place]]:
    """The statements that add to one attribute of objects, which one loop is to reset."""
    found: dict[str, list[Place]] = {}
    for place in places:
        owner, _, attribute = _buffer(place).rpartition(".")
        if owner:
            found.setdefault(attribute, []).append(place)
    return list(found.values())


def _begun_together(places: list[Place]) -> list[list[Place]]:
    """Those of the buffers that one statement begins, which stands outside of the step."""
    found: dict[int, list[Place]] = {}
    for place in places:
        trace, buffer = place.trace, _buffer(place)
        begun = (s for s in trace.sites if s.kind == "Assign" and s.parent is None and "," in s.text)
        for site in begun:
            names = [name.strip() for name in site.text.partition(" = ")[0].split(",")]
            if site.file == place.site.file and buffer in names:
                found.setdefault(site.number, []).append(place)
    return list(found.values())


def _narrow_loop(group: list[Place]) -> tuple[Site, tuple[Edit, ...], str] | None:
    """The loop that resets the attribute which statements add to, of other objects alone."""
    attributes = {_buffer(place).rpartition(".")[2] for place in group if "." in _buffer(place)}
    if len(attributes) != 1:
        return None
    place, numbers = group[0], {each.site.number for each in group}
    window = place.scenery.bench.step.window
    return narrow_reset(place.trace, window.start, window.end, numbers, attributes.pop())


def _buffer(place: Place) -> str:
    """What the program calls the buffer that a statement adds to."""
    text = place.children[0].text if place.site.kind == "AugAssign" else place.site.target or place.text
    return text.partition("[")[0]


def _edits(place: Place) -> tuple[Edit, ...]:
    """An assignment for an addition that happens once a step; else a reset before the first of them."""
    trace, buffer, window = place.trace, _buffer(place), place.scenery.bench.step.window
    inside = (store for store in trace.stores if window.start <= store.time < window.end)
    sums = {store.after for store in inside if store.site == place.site.number}
    if len(sums) == 1 and place.site.kind == "AugAssign" and place.children[0].text == buffer:
        return assigned(trace, place.site)
    number = window.kind[1]
    step = trace.sites[number] if 0 <= number < len(trace.sites) else None
    whole = all(np.ndim(edge.operand.value) == 0 for edge in place.edges)
    zero = " = 0.0" if whole else "[...] = 0"
    updates = [store.site for change in window.parameters for store in change.stores]
    sites = [trace.sites[k] for k in updates if k >= 0]
    if _is_called_again(place):
        return reset_behind(trace, place.site, sites, zero)
    behind = reset_behind(trace, place.site, sites, zero) if whole and of_loop(trace, place.site) else ()
    return behind or reset_before(trace, place.site, step, f"{buffer}{zero}")


def _is_called_again(place: Place) -> bool:
    """Do several calls of one function add to a buffer in one step, which are not to begin anew?"""
    window = place.scenery.bench.step.window
    frames = defaultdict[Any, set[int]](set)
    for store in place.trace.stores:
        if window.start <= store.time < window.end and store.site == place.site.number:
            frames[store.place].add(store.frame)
    return any(len(calls) > 1 for calls in frames.values())
