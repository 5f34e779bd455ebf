"""What a backward pass through time hands on under a name that nothing reads.

``dh_next`` is read in every round and stays the zero from before the loop, since each round puts what belongs
there under ``dh_prev``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from backproof.check.place import Place, Scenery, where
from backproof.check.trial import Build, Edge
from backproof.faults.correction import Correction, Part, similarity
from backproof.graph import Node
from backproof.source import Edit
from backproof.trace import Site

COPY = re.compile(r"(?:\w+\.)?(?:copy|array|asarray|deepcopy)\((\w+)\)|(\w+)\.copy\(\)")
ALIKE = 0.4  # of two names: less, and one is not meant for the other


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Let every round read what the round before computed and nothing reads, all such names at once."""
    if not places:
        return
    scenery = places[0].scenery
    reads: dict[tuple[int, str], list[Place]] = {}
    for place in places:
        frames, name = {where(edge)[0] for edge in place.edges}, _name(place)
        if name is not None and len(frames) == 1:
            reads.setdefault((frames.pop(), name), []).append(place)
    found = list[Correction]()
    for (frame, name), uses in reads.items():
        lost = _lost(scenery, uses[0], frame, name)
        if lost is None:
            continue
        made = [site for site in _own(uses[0]) if site.target == lost]
        starts = [uses[0].trace.sites[site.statement].span for site in made if site.statement is not None]
        if not starts:
            continue
        parts = tuple(Part(use, use.text, _before(use, frame, name, lost)) for use in uses)
        ends = [replace(span, end_row=span.row, end_column=span.column + len(lost)) for span in starts]
        edits = tuple(Edit(span, name) for span in ends)
        why = f"what a round hands on to the next is lost: nothing reads `{lost}`, which has to be `{name}`"
        found.append(Correction("missing-term", parts, 1.2, why, at=made[0], edits=edits))
    if found:
        parts = tuple(part for each in found for part in each.parts)
        yield replace(found[0], parts=parts, beside=tuple(found[1:]))


def _name(place: Place) -> str | None:
    """The name that a place reads, or makes a copy of; None of any other place."""
    if place.site.kind == "Name":
        return place.text
    copied = COPY.fullmatch(place.text) if place.site.kind == "Call" else None
    return None if copied is None else copied[1] or copied[2]


def _lost(scenery: Scenery, place: Place, frame: int, name: str) -> str | None:
    """The name under which every round stores what belongs under another; None where there is none.

    The other is a zero from before the rounds, and stays it.
    """
    window = scenery.bench.step.window
    bound: dict[str, list[Node]] = {}
    for each, bindings in scenery.bound.get(frame, {}).items():
        bound[each] = [node for time, node in bindings if window.start <= time < window.end]
    own = bound.get(name, [])
    if len(own) != 1 or np.any(own[0].value):
        return None
    read = {site.text for site in _own(place) if site.kind == "Name"}
    shape = np.shape(own[0].value)
    likely = {
        other: similarity(other, name)
        for other, nodes in bound.items()
        if len(nodes) > 1 and other not in read and np.shape(nodes[0].value) == shape
    }
    best = max(likely, key=lambda other: likely[other], default=None)
    return best if best is not None and likely[best] >= ALIKE else None


def _own(place: Place) -> list[Site]:
    """The expressions of the function around."""
    return [s for s in place.trace.sites if s.scope == place.site.scope and s.file == place.site.file]


def _before(use: Place, frame: int, name: str, lost: str) -> Build:
    """What the round before computed; in the first round the zero."""
    bound = use.scenery.bound[frame]

    def build(edge: Edge) -> Node | None:
        now = where(edge)[1]
        begun = max((time for time, _ in bound[name] if time < now), default=now)
        made = [node for time, node in bound[lost] if begun < time < now]
        return use.scenery.local(made[-1]) if made else edge.operand

    return build
