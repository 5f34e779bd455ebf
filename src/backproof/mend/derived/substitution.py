"""Put true values of the derivation in the place of the program's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from backproof.check.catalogue import Catalogue, Entry
from backproof.check.place import Place, where
from backproof.check.trial import Edge
from backproof.faults.correction import make
from backproof.graph import Node, leaf

MORE, FEW = 5, 10  # evaluations of the forward pass than of the backward pass, and ways to choose of them
READ_ONLY = frozenset({"Name", "Constant"})


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """True values for every evaluation of a place: of ``entries``, times the constant ``scale``.

    ``factor`` says that they are one more factor of what stands there, and do not replace it.
    """

    place: Place
    entries: tuple[Entry, ...]
    scale: float
    changes: tuple[tuple[Edge, Node], ...]
    factor: bool = False


@dataclass(eq=False, repr=False)
class Values:
    """Leaves that stand for true values, known to the bench, so that a trial need not compute them."""

    catalogue: Catalogue
    made: dict[tuple[Node, float], Node]

    def leaf(self, entry: Entry, scale: float) -> Node:
        """The leaf for an entry times a constant."""
        key = (entry.node, scale)
        if key not in self.made:
            node = leaf(scale * np.asarray(entry.node.value))
            for point, table in enumerate(self.catalogue.bench.base):
                table[node] = scale * np.asarray(self.catalogue.value(entry, point))
            self.made[key] = node
        return self.made[key]


class Evaluations:
    """The evaluations of one place, in order, each with the edges that use its value."""

    def __init__(self, place: Place) -> None:
        self.place = place
        groups: dict[Node, list[Edge]] = defaultdict(list)
        for edge in place.edges:
            groups[edge.operand].append(edge)
        self.groups = [groups[node] for node in sorted(groups, key=lambda n: where(groups[n][0])[1])]

    def fit(self, entries: Sequence[Entry]) -> bool:
        """Can true values stand here: made by one expression, each of the shape that it is for?"""
        pairs = zip(entries, self.groups, strict=True)
        return len({entry.key for entry in entries}) == 1 and all(
            np.shape(e.node.value) == np.shape(group[0].operand.value) for e, group in pairs
        )


def substitutions(
    catalogue: Catalogue, place: Place, scales: Sequence[float], values: Values
) -> Iterator[Derived]:
    """What the derivation might want at a place, likeliest first."""
    made = place.site.kind not in READ_ONLY and any(edge.whole for edge in place.edges)
    if not made and place.site.target is None and place.parent is not None:
        return  # a value that is read here belongs to the place where it is made, but for a second name
    evaluations = Evaluations(place)
    for entries in _chosen(catalogue, evaluations):
        if not evaluations.fit(entries):
            shapes = {np.shape(entry.node.value) for entry in entries}
            if len(shapes) > 1 or (shapes != {place.shape} and place.site.target is None):
                continue
        local = entries[0].kind == "local"
        for scale in (1.0,) if local else scales:
            changes = tuple(
                (edge, values.leaf(entry, scale))
                for entry, group in zip(entries, evaluations.groups, strict=True)
                for edge in group
            )
            yield Derived(place, entries, scale, changes)


def slopes(catalogue: Catalogue, place: Place, values: Values) -> Iterator[Derived]:
    """The slopes of the forward pass by which a place might have to be multiplied."""
    if place.site.kind == "Constant":
        return
    evaluations = Evaluations(place)
    for entries in _chosen(catalogue, evaluations):
        if any(entry.kind != "local" for entry in entries) or not evaluations.fit(entries):
            continue
        changes = tuple(
            (edge, product)
            for entry, group in zip(entries, evaluations.groups, strict=True)
            for edge in group
            if (product := make("multiply", edge.operand, values.leaf(entry, 1.0))) is not None
        )
        yield Derived(place, entries, 1.0, changes, factor=True)


def _chosen(catalogue: Catalogue, evaluations: Evaluations) -> Iterator[tuple[Entry, ...]]:
    """One entry for each evaluation of a place.

    By name, then in the order of the forward pass or against it.
    """
    count = len(evaluations.groups)
    seen: set[tuple[Entry, ...]] = set()
    for found in (
        *_by_name(catalogue, evaluations),
        *_by_order(catalogue, count),
        *_by_shape(catalogue, evaluations),
    ):
        if found not in seen:
            seen.add(found)
            yield found


def _by_name(catalogue: Catalogue, evaluations: Evaluations) -> Iterator[tuple[Entry, ...]]:
    place, groups = evaluations.place, evaluations.groups
    for text in place.names:
        nodes = [place.value(text, group[0]) for group in groups]
        adjoint = [catalogue.adjoint_of.get(node) if node is not None else None for node in nodes]
        if all(adjoint):
            yield tuple(entry for entry in adjoint if entry is not None)
        local = [catalogue.locals_at.get(node, [None])[0] if node is not None else None for node in nodes]
        if all(local):
            yield tuple(entry for entry in local if entry is not None)


def _by_order(catalogue: Catalogue, count: int) -> Iterator[tuple[Entry, ...]]:
    groups: dict[tuple[str, int, int], list[Entry]] = defaultdict(list)
    for entry in catalogue.entries:
        groups[entry.key].append(entry)
    for group in groups.values():
        if count == 1:
            yield from ((entry,) for entry in group)
        elif len(group) == count:
            ordered = sorted(group, key=lambda entry: entry.time)
            yield tuple(ordered)
            yield tuple(reversed(ordered))


def _by_shape(catalogue: Catalogue, evaluations: Evaluations) -> Iterator[tuple[Entry, ...]]:
    """Some of what was computed more often, by its shapes, as where another layer follows each second one."""
    shapes = [np.shape(group[0].operand.value) for group in evaluations.groups]
    if len(set(shapes)) < 2:
        return
    groups: dict[tuple[str, int, int], list[Entry]] = defaultdict(list)
    for entry in catalogue.entries:
        if np.shape(entry.node.value) in shapes:
            groups[entry.key].append(entry)
    for group in groups.values():
        if not len(shapes) < len(group) <= len(shapes) + MORE:
            continue
        ordered = sorted(group, key=lambda entry: entry.time)
        for direction in (ordered, ordered[::-1]):
            every = combinations(direction, len(shapes))
            fitting = (f for f in every if [np.shape(entry.node.value) for entry in f] == shapes)
            yield from islice(fitting, FEW)
