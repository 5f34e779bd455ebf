"""A correction that is tried on the graph, and what it makes of the parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backproof.check.grades import RIGHT
from backproof.check.scoring import score
from backproof.check.trial import Bench, Edge
from backproof.faults.correction import Correction
from backproof.graph import Node

NODE = 30  # numbers that take as much room as a node without its value


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A correction that helps: what it changes on the graph, and the states of the parameters with it."""

    correction: Correction
    changes: tuple[tuple[Edge, Node], ...]
    states: tuple[int, ...]


def gained(tried: Tried, before: tuple[int, ...]) -> int:
    """How many parameters became right."""
    return sum(b == RIGHT != a for a, b in zip(before, tried.states, strict=True))


def is_better(a: Tried, b: Tried) -> bool:
    """Does the first help more, or as much at less cost?"""
    return (gain(a.states), -a.correction.cost) > (gain(b.states), -b.correction.cost)


def gain(states: tuple[int, ...]) -> tuple[int, int]:
    """What counts: gradients that are right, then those that are nearly so."""
    return (sum(s == RIGHT for s in states), sum(states)) if states else (0, 0)


def attempt(
    bench: Bench, correction: Correction, before: tuple[tuple[Edge, Node], ...], states: tuple[int, ...]
) -> Tried | None:
    """Add a correction to the changes ``before``; None where it does not help."""
    new = kept(bench, correction)
    if new is None:
        return None
    result = score(bench, (*before, *new), states)
    if (
        result is None
        or any(a < b for a, b in zip(result, states, strict=True))
        or sum(result) <= sum(states)
    ):
        return None
    return Tried(correction, tuple(new), result)


def kept(bench: Bench, correction: Correction) -> list[tuple[Edge, Node]] | None:
    """The same, computed once for all trials on a bench, as far as there is room."""
    if correction in bench.built:
        return bench.built[correction]
    new = built(correction)
    size = sum(NODE + int(np.size(node.value)) for _, node in new or ())
    if size <= bench.room:
        bench.room -= size
        bench.built[correction] = new
    return new


def built(correction: Correction) -> list[tuple[Edge, Node]] | None:
    """What a correction changes on the graph; None where it cannot be."""
    new: list[tuple[Edge, Node]] = []
    for part in correction.parts:
        for edge in part.place.edges:
            node = part.build(edge)
            if node is None:
                return None
            new.append((edge, node))
    return new
