"""What the loss hands to the last step of a recurrence alone, and every round of the backward loop adds.

``dh`` is made before the loop from the last output; ``dh + dh_next`` adds it again in every earlier step.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place, where
from backproof.check.trial import Build, Edge
from backproof.faults.correction import Correction, Part, called
from backproof.faults.resetting import LOOPS, statements_around
from backproof.graph import Node, constant
from backproof.source import Edit, Span

COST = 1.25


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Add it in the first round only: behind the statement that reads it, let it be zero."""
    for place in places:
        if place.site.kind != "Name" or len(place.edges) < 2:
            continue
        if any(edge.consumer.operation not in ("add", "subtract") for edge in place.edges):
            continue
        frames = {where(edge)[0] for edge in place.edges}
        times = [where(edge)[1] for edge in place.edges]
        if len(frames) != 1 or len(set(times)) != len(times) or not _is_from_before(place, frames.pop()):
            continue
        text = _zero(place)
        edits = _behind(place, text)
        if edits:
            why = (
                f"every round adds `{place.text}`, which was made once before the loop: it is part of the "
                "first round alone"
            )
            build = _once(min(times))
            yield Correction("not-reset", (Part(place, "0", build),), COST, why, expected=text, edits=edits)


def _is_from_before(place: Place, frame: int) -> bool:
    """Is a name bound once in the step, before all rounds that read it?"""
    window = place.scenery.bench.step.window
    bindings = place.scenery.bound.get(frame, {}).get(place.text, ())
    own = [time for time, _ in bindings if window.start <= time < window.end]
    return len(own) == 1 and own[0] < min(where(edge)[1] for edge in place.edges)


def _once(first: int) -> Build:
    """The value in the first round, and zeros in the others."""

    def build(edge: Edge) -> Node | None:
        value = edge.operand.value
        return edge.operand if where(edge)[1] == first else constant(np.zeros(np.shape(value)))

    return build


def _zero(place: Place) -> str:
    """Zeros of the same shape, as the program writes them."""
    if np.ndim(place.edges[0].operand.value) == 0:
        return f"{place.text} = 0.0"
    return f"{place.text} = {called(place, 'zeros_like')}({place.text})"


def _behind(place: Place, text: str) -> tuple[Edit, ...]:
    """The edit that puts a statement behind the one that reads a name, in the loop around it."""
    span = place.site.span
    source = place.trace.files[place.site.file]
    around = statements_around(ast.parse(source), span.row)
    if len(around) < 2 or not any(isinstance(statement, LOOPS) for statement in around[:-1]):
        return ()
    last = around[-1]
    lines = source.split("\n")
    row = (last.end_lineno or last.lineno) + 1
    if row > len(lines) or last.col_offset == 0 or lines[last.lineno - 1][: last.col_offset].strip():
        return ()
    at = Span(row, 1, row, 1, span.file)
    return (Edit(at, f"{' ' * last.col_offset}{text}\n"),)
