"""Gradients that a step computes and does not apply.

A value of the backward pass that no update depends on, and that equals the gradient of something the loss
depends on, is a gradient that was dropped. What is data has gradients too, which layers compute and nobody
wants; so it counts only for what is kept as the parameters are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from backproof.check.chosen import applied_sites, left_by_choice
from backproof.check.grades import is_multiple
from backproof.check.gradient_names import called_alike, pattern, shortened_alike
from backproof.check.points import informative_points
from backproof.check.sequences import taken_in_turn
from backproof.graph import Node, adjoints, ancestors, evaluate
from backproof.step import Change, Parameter, TrainingStep, training_step
from backproof.step.loss import DERIVED
from backproof.step.update import THROUGH, is_rewritten, time_of
from backproof.trace import Site, Store, Trace, unread_names

MOST = 40  # values that could be parameters; more are data
LARGEST = 1_000_000  # numbers of such a value: more are data as well
Place = tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Dropped:
    """``leaf``, called ``name``, has a gradient, and no update, unlike ``sibling``.

    ``called`` is the name of the gradient, where it has one.
    """

    leaf: Node
    name: str
    gradient: Node
    sibling: Parameter
    called: str | None = None


def dropped_gradients(step: TrainingStep) -> tuple[Dropped, ...]:
    """Find what the loss depends on, is kept like the parameters, and has a gradient that is not applied."""
    step = with_older_values_apart(step)
    kept = kept_leaves(step)
    if len(kept) > MOST:  # samples in lists, most of them
        kept = {leaf: found for leaf, found in kept.items() if found[0][0] == "name"}
    if not kept or len(kept) > MOST:
        return ()
    leaves = list(kept)
    forward = set(ancestors([step.loss]))
    found = adjoints(step.loss, leaves)
    points = informative_points(step, 2)
    truths = [found[leaf] for leaf in leaves]
    shapes = {np.shape(leaf.value) for leaf in leaves}
    idle = [node for node in idle_values(step) if np.shape(node.value) in shapes]
    backward = [n for n in ancestors(step.descents) if n.operands and n not in forward]
    applied = [n for n in backward if np.shape(n.value) in shapes]
    tables = [evaluate([*truths, *idle, *applied], {**step.state, **point}) for point in points]
    names, unread = names_of(step), unread_names(step.trace.files.values())
    ended = {names[n]: n for n in sorted(idle, key=time_of) if names.get(n) in unread}
    last = set(ended.values())  # what a sum comes to, and nothing on its way
    multiplied = {
        o for n in forward if set(n.operands) <= kept.keys() for o in n.operands
    }  # one of both is data
    dropped = []
    # A dropped gradient is called as the others are that are applied; or it comes out of their backward pass,
    # is used for nothing else, and its owner is kept beside their owners by an object or a container; or it
    # is called after its owner, and nothing reads that name; or a number's, and called a gradient.
    for leaf, truth in zip(leaves, truths, strict=True):
        if not all(np.any(np.asarray(table[truth])) for table in tables):
            continue
        matching = [n for n in idle if is_multiple([(t[n], t[truth]) for t in tables])]
        used = bool(matching) and any(is_multiple([(t[n], t[truth]) for t in tables]) for n in applied)
        place, name, sibling = kept[leaf]
        for node in sorted(matching, key=lambda n: (n not in names, -time_of(n))):
            if (
                called_alike(step, names, names.get(node, ""), name)
                or (leaf not in multiplied and names.get(node) in unread and pattern(names[node], name))
                or (node in last and np.ndim(leaf.value) == 0 and DERIVED.search(names[node]))
                or (node in last and shortened_alike(step, names, names[node], name))
                or (not used and place[0] != "name" and np.size(leaf.value) > 1 and _made_of(node, backward))
            ):
                dropped.append(Dropped(leaf, name, node, sibling, names.get(node)))
                break
    sites = applied_sites(step) if dropped else frozenset()
    return tuple(d for d in dropped if not left_by_choice(step, d.gradient, d.sibling, sites))


@lru_cache(1)  # the step of one program, for those who ask of it
def with_older_values_apart(step: TrainingStep) -> TrainingStep:
    """The step with everything older that its loss is computed from as leaves of their own.

    A matrix that no update changes is data for the step, and its product with other data is one leaf.
    """
    start, befores = step.window.start, {c.before for c in step.window.parameters}
    line = ancestors([step.hypothesis.node], lambda node: 0 <= time_of(node) < start)
    older = [
        node
        for node in line
        if 0 <= time_of(node) < start and node not in befores and np.asarray(node.value).dtype.kind == "f"
    ]
    wider = training_step(step.trace, step.window, step.hypothesis, older, step.opened)
    return wider if wider is not None and len(wider.parameters) == len(step.parameters) else step


def kept_leaves(step: TrainingStep) -> dict[Node, tuple[Place, str, Parameter]]:
    """The leaves that are kept where parameters are: their place, their name, and a parameter beside it."""
    trace, window = step.trace, step.window
    inside = {s.place for s in trace.stores if s.time >= window.start and s.place[0] != "object"}
    rounds = (a for a in trace.activities if (a.kind, a.site) == window.kind and a.end <= window.start)
    earlier = [(activity.start, activity.end) for activity in rounds]
    beside: dict[Any, Parameter] = {}
    holders, outer = owned(trace), _outer(trace)
    for parameter in step.parameters:
        for change in parameter.changes:
            for place in places_of(trace, change, holders):
                for family in _families(outer, place):
                    beside.setdefault(family, parameter)
    parameters = set(step.leaves)
    candidates: dict[Node, tuple[Place, str, Parameter]] = {}
    loss = ancestors([step.loss])
    traced = {copy: node for node, copy in step.copies.items()}
    data = {
        _unformed(operand)
        for node in loss
        if node.operation not in ("add", "subtract")
        and any(part_of(o) in parameters and not _is_looked_up(o) for o in node.operands)
        for operand in node.operands
    }
    data |= set(taken_in_turn(data))
    computed = (traced[node] for node in loss if node.operands and node in traced)
    working = {
        name
        for node in computed
        for place in holders.get(held_value(node), ())
        for name in (outer.get(place[1], ()) if place[0] == "item" else ())
    }
    for leaf in loss:
        if leaf.operands or leaf in parameters or leaf in data or leaf.operation != "leaf":
            continue
        node = traced.get(leaf)
        if node is None or np.asarray(leaf.value).dtype.kind != "f" or time_of(node) >= window.start:
            continue
        if np.size(leaf.value) > LARGEST:
            continue
        if any(start <= time_of(node) < end for start, end in earlier):
            continue  # what a round hands to the next, as the state of a recurrent network, is no parameter
        for place in holders.get(held_value(node), ()):
            if place in inside or (place[0] == "item" and working.intersection(outer.get(place[1], ()))):
                continue  # with what the forward pass computes, as the input is in a list of activations
            sibling = next((beside[f] for f in _families(outer, place) if f in beside), None)
            if sibling is not None:
                name = _label(trace, outer, place, sibling.name) or node.name or "?"
                candidates.setdefault(leaf, (place, name, sibling))
    return candidates


def owned(trace: Trace) -> dict[Node, list[Place]]:
    """The places that hold each value."""
    found: dict[Node, list[Place]] = defaultdict(list)
    for holding in trace.holdings:
        if isinstance(holding.content, Node):
            found[held_value(holding.content)].append(holding.place)
    for store in trace.stores:
        found[held_value(store.after)].append(store.place)
    return found


Outer = Mapping[Any, Sequence[Place]]


def _outer(trace: Trace) -> Outer:
    """The places that hold each container."""
    found: dict[Any, list[Place]] = defaultdict(list)
    for holding in trace.holdings:
        if not isinstance(holding.content, Node):
            found[holding.content].append(holding.place)
    return {content: list(dict.fromkeys(places)) for content, places in found.items()}


def _families(outer: Outer, place: Place) -> Iterator[Any]:
    """What places of one kind share: an object, a dictionary, the object whose lists they are in."""
    match place:
        case ("attribute", owner, _):
            yield ("of", owner)
        case ("item", tuple() as held, _):
            yield ("of", held)
            yield from _families(outer, held)
        case ("item", container, _):
            yield ("of", container)
            for holder in outer.get(container, ()):
                yield from _families(outer, holder)
        case ("name", frame, _):
            yield ("frame", frame)


def _label(trace: Trace, outer: Outer, place: Place, beside: str) -> str:
    """What a place is called that nothing was ever stored to; ``beside`` is what its neighbour is called."""
    if trace.labels.get(place):
        return trace.labels[place]
    match place:
        case ("name", _, name):
            return str(name)
        case ("attribute", _, name):
            owner = beside.rpartition(".")[0]
            return f"{owner}.{name}" if owner else str(name)
        case ("item", container, key):
            for holder in outer.get(container, ()):
                around = _label(trace, outer, holder, beside)
                return f"{around}[{key!r}]" if around else ""
    return ""


def places_of(trace: Trace, change: Change, holders: Mapping[Node, Sequence[Place]]) -> Iterator[Place]:
    """The places of what is changed: its own, and those that hold the array which is changed in place."""
    yield change.place
    yield from holders.get(_first(trace, change.place, change.before), ())


def _first(trace: Trace, place: Place, node: Node) -> Node:
    """What an array was when it was made, before it was changed in place; any other value as it is."""
    if place[0] == "object":
        node = next((s.before for s in trace.stores if s.place == place and s.before is not None), node)
    return held_value(node)


def held_value(node: Node) -> Node:
    """What another name stands for; a copy is an array of its own."""
    while node.operation == "identity" and node.operands and not _is_copy(node):
        node = node.operands[0]
    return node


def _is_copy(node: Node) -> bool:
    """Was this made by a call, and not by giving a name?"""
    origin = node.origin
    return (
        origin is not None
        and len(origin.operand_sites) == 1
        and origin.operand_sites[0] not in (None, origin.site)
    )


def _unformed(node: Node) -> Node:
    """What a value is but for its form: its shape, type and name, a margin around it, a window of it."""
    padded = False  # a margin is put around samples, and around no rows of a table
    while node.operands:
        padded = padded or node.operation == "pad"
        if not (
            (padded and node.operation in ("pad", "index")) or node.operation in THROUGH or _is_window(node)
        ):
            break
        node = node.operands[0]
    return node


def part_of(node: Node) -> Node:
    """What a value is, or is a part of, but for its form and name."""
    while node.operands and (node.operation in THROUGH or node.operation == "index"):
        node = node.operands[0]
    return node


def _is_looked_up(node: Node) -> bool:
    """Is this made of rows of a table, drawn by several numbers? Data are seldom multiplied by these."""
    while node.operands and node.operation in THROUGH:
        node = node.operands[0]
    if node.operation != "index":
        return False
    index = node.attributes["index"]
    parts = index if isinstance(index, tuple) else (index,)
    return any(np.ndim(part) > 0 for part in parts if not isinstance(part, slice) and part is not None)


def _is_window(node: Node) -> bool:
    """Is this a part with a beginning and an end, as no row of a table is?"""
    if node.operation != "index":
        return False
    index = node.attributes["index"]
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(p, slice) and (p.start is not None or p.stop is not None) for p in parts)


def idle_values(step: TrainingStep) -> list[Node]:
    """The values of the step that no update is computed from, nor the loss, and that are not shown."""
    used = set(ancestors(step.descents)) | set(ancestors([step.loss]))
    shown = {step.copies[n] for n in step.trace.shown if n in step.copies}
    return [
        node
        for node in step.copies.values()
        if node.operands
        and node not in used
        and node not in shown
        and np.asarray(node.value).dtype.kind == "f"
    ]


def statement_of(trace: Trace, sibling: Parameter) -> Site:
    """The update of a parameter, beside which that of another belongs."""
    site = trace.sites[sibling.changes[-1].stores[-1].site]
    return site if site.statement is None else trace.sites[site.statement]


def _made_of(gradient: Node, backward: Sequence[Node]) -> bool:
    """Does a value come out of the backward pass that the updates use?"""
    return not set(ancestors([gradient])).isdisjoint(backward)


def names_of(step: TrainingStep) -> dict[Node, str]:
    """What the values of a step are called: by a name, or by that of the array they were written into."""
    names = {node: node.name for node in step.copies.values() if node.name}
    for store in step.trace.stores:
        copy, label = step.copies.get(store.after), step.trace.labels.get(store.place)
        if copy is not None and label:
            names.setdefault(copy, label)
    return names


def read_by(results: Sequence[Node], since: int = -1) -> set[Node]:
    """What results are computed from since a time: not what an array held before it was written anew."""
    found, stack = set(results), list(results)
    while stack:
        node = stack.pop()
        if node.origin is not None and time_of(node) < since:
            continue
        operands = node.operands[1:] if is_rewritten(node) else node.operands
        stack += [operand for operand in operands if operand not in found]
        found.update(operands)
    return found


def replaced_gradients(step: TrainingStep) -> tuple[Node, ...]:
    """Values of the trace that were gradients of earlier rounds, until the next round took their place.

    The last of them is applied. So the step is one of the last round only, whatever the others computed.
    """
    stores: dict[tuple[Place, Any, int], list[Store]] = defaultdict(list)
    for store in step.trace.stores:
        if step.window.start <= store.time < step.window.end:
            stores[store.place, store.key, store.site].append(store)
    forward, used = set(ancestors([step.loss])), read_by(step.descents)
    shapes = {p.shape for p in step.parameters}
    found: list[Node] = []
    for group in stores.values():
        copies = [step.copies.get(store.after) for store in group]
        last = copies[-1]
        if len(group) < 2 or last is None or last not in used or last in forward:
            continue
        unused = all(c is not None and c.operands and c not in used for c in copies[:-1])
        if np.shape(last.value) not in shapes or not unused:
            continue
        found += [store.after for store in group[:-1]]
    return tuple(found)
