"""Search for the smallest set of corrections that makes every gradient true on the graph."""

from __future__ import annotations

import time
from dataclasses import dataclass

from backproof.check.place import Place, places
from backproof.check.trial import RIGHT, Bench, Edge
from backproof.faults.correction import Correction
from backproof.faults.corrections import corrections, proposals
from backproof.graph import Node
from backproof.source import Span

MOST = 8  # corrections in one program


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A correction that helps: what it changes on the graph, and the states of the parameters with it."""

    correction: Correction
    changes: tuple[tuple[Edge, Node], ...]
    states: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Repair:
    """The corrections chosen, in the order of choice, and the states of the parameters after each."""

    steps: tuple[Tried, ...]
    complete: bool
    states: tuple[int, ...]


def search(bench: Bench, seconds: float = 6.0) -> Repair:
    """Choose corrections one after the other, each the one that helps most, until every gradient is right.

    A correction helps when it brings a parameter nearer to the truth (from wrong, to parallel, to right)
    and none further away; of those that help alike the cheapest is taken.
    """
    deadline = time.process_time() + seconds
    every = list(places(bench))
    candidates = [*proposals(every), *(c for place in every for c in corrections(place))]
    chosen: list[Tried] = []
    changes: tuple[tuple[Edge, Node], ...] = ()
    states = bench.initial
    reach = _Reach(bench)
    while len(chosen) < MOST and any(s != RIGHT for s in states):
        ranked = sorted(
            ((-bound, c.cost, k) for k, c in enumerate(candidates) if (bound := reach.of(c, states))),
            key=lambda e: e,
        )
        best: Tried | None = None
        for negative, _, k in ranked:
            if best is not None and -negative < _gained(best, states):
                break  # nothing that follows reaches as many parameters
            if best is not None and -negative == _gained(best, states):
                break  # it would cost more
            correction = candidates[k]
            if time.process_time() > deadline:
                break
            if any(overlap(correction, old.correction) for old in chosen):
                continue
            tried = _try(bench, correction, changes, states)
            if tried is not None and (best is None or _better(tried, best)):
                best = tried
        if best is None:
            break
        chosen.append(best)
        changes = (*changes, *best.changes)
        states = best.states
    return Repair(tuple(chosen), all(s == RIGHT for s in states), states)


def _gained(tried: Tried, before: tuple[int, ...]) -> int:
    """How many parameters became right."""
    return sum(b == RIGHT != a for a, b in zip(before, tried.states, strict=True))


def _better(a: Tried, b: Tried) -> bool:
    return (_gain(a.states), -a.correction.cost) > (_gain(b.states), -b.correction.cost)


class _Reach:
    """How many parameters that are not right a correction can change."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.lines: dict[tuple[int, ...], frozenset[int]] = {}

    def of(self, correction: Correction, states: tuple[int, ...]) -> int:
        """The number, for the present states."""
        key = tuple(sorted({part.place.site.number for part in correction.parts}))
        if key not in self.lines:
            starts = [edge.consumer for part in correction.parts for edge in part.place.edges]
            line = set(self.bench.affected(starts))
            self.lines[key] = frozenset(k for k, d in enumerate(self.bench.step.descents) if d in line)
        return sum(states[k] != RIGHT for k in self.lines[key])


def _gain(states: tuple[int, ...]) -> tuple[int, int]:
    """What counts: gradients that are right, then those that are nearly so."""
    return (sum(s == RIGHT for s in states), sum(states)) if states else (0, 0)


def _try(
    bench: Bench, correction: Correction, before: tuple[tuple[Edge, Node], ...], states: tuple[int, ...]
) -> Tried | None:
    new: list[tuple[Edge, Node]] = []
    for part in correction.parts:
        for edge in part.place.edges:
            node = part.build(edge)
            if node is None:
                return None
            new.append((edge, node))
    result = bench.score((*before, *new))
    if (
        result is None
        or any(a < b for a, b in zip(result, states, strict=True))
        or sum(result) <= sum(states)
    ):
        return None
    return Tried(correction, tuple(new), result)


def overlap(a: Correction, b: Correction) -> bool:
    """Do two corrections edit the same text?"""
    first = [(p.place.site.file, p.span or p.place.site.span) for p in a.parts]
    second = [(p.place.site.file, p.span or p.place.site.span) for p in b.parts]
    return any(f == g and _cross(x, y) for f, x in first for g, y in second)


def _cross(a: Span, b: Span) -> bool:
    return (a.row, a.column) < (b.end_row, b.end_column) and (b.row, b.column) < (a.end_row, a.end_column)


__all__ = ["Place", "Repair", "Tried", "overlap", "search"]
