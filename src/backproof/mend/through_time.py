"""The error that comes back through the state of a recurrent network, where a backward loop leaves it out.

A state reaches the loss by the output of its own round, and by the state of the next. A loop that goes back
through the rounds and has only the first way has the true adjoint in its first round, and a part of it in all
others. What is lacking is known one round before, so it is kept there for the next.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from backproof.check.catalogue import SAME, Catalogue, Entry
from backproof.check.grades import RIGHT
from backproof.check.place import Place, where
from backproof.check.trial import Bench, Edge
from backproof.faults.correction import Correction, Part, make
from backproof.faults.resetting import LOOPS, statements_around
from backproof.graph import Node
from backproof.mend.derived.spelling import spelled
from backproof.mend.tried import Tried, attempt
from backproof.source import Edit, Span
from backproof.trace import Trace

COST = 1.3


def through_time(bench: Bench, every: Sequence[Place]) -> Tried | None:
    """The correction that adds what the round before hands back, where that makes every gradient right."""
    loops = [place for place in every if place.site.kind in ("Call", "BinOp") and len(place.edges) > 1]
    if not loops or len(bench.initial) < 2:
        return None
    catalogue = Catalogue.of(bench)
    for place in loops:
        wanted = _lacking(catalogue, place)
        if wanted is None:
            continue
        correction = _correction(catalogue, place, every, wanted)
        tried = attempt(bench, correction, (), bench.initial) if correction is not None else None
        if tried is not None and all(state == RIGHT for state in tried.states):
            return tried
    return None


def _lacking(catalogue: Catalogue, place: Place) -> dict[Node, tuple[Entry, float]] | None:
    """The entry that each value of a place is: an adjoint in the first round, a path to one in the others."""
    values = list(dict.fromkeys(e.operand for e in sorted(place.edges, key=lambda e: where(e)[1])))
    if len(values) < 2:
        return None
    found: dict[Node, tuple[Entry, float]] = {}
    for number, value in enumerate(values):
        kind = "path" if number else "adjoint"
        match = next((m for m in catalogue.matches(value) if m[0].kind == kind), None)
        if match is None or match[0].of not in catalogue.adjoint_of:
            return None
        found[value] = match
    scales = [scale for _, scale in found.values()]
    steady = all(abs(scale - scales[0]) <= SAME * abs(scales[0]) for scale in scales)
    return found if steady else None


def _correction(
    catalogue: Catalogue, place: Place, every: Sequence[Place], wanted: dict[Node, tuple[Entry, float]]
) -> Correction | None:
    values = list(wanted)
    entry, scale = wanted[values[1]]
    rest = [
        e
        for e in catalogue.entries
        if e.kind == "path" and e.of is entry.of and e.through is not entry.through
    ]
    times = {e.operand: where(e)[1] for e in place.edges}
    body = _loop(place.trace, place)
    if len(rest) != 1 or body is None:
        return None
    totals = _totals(body)
    term = next(
        (
            text
            for end in _ends(place, every, body, times[values[0]], times[values[1]])
            if (text := spelled(catalogue, end, rest[0], scale, totals)) is not None
        ),
        None,
    )
    if term is None:
        return None

    def build(edge: Edge) -> Node | None:
        own, by = wanted[edge.operand]
        return make("multiply", catalogue.adjoint_of[own.of].node, by)

    state = (entry.of.name or "").partition("[")[0].rpartition(".")[2]
    name = f"d{state}_next" if state.isidentifier() else "carried"
    source = place.trace.files[place.site.file]
    if name in source:
        return None
    text = f"{place.text} + {name}"
    if place.parent is not None and place.parent.kind == "BinOp":
        text = f"({text})"
    edits = _edits(place, body, source, name, term, text)
    if not edits:
        return None
    of = f"`{entry.of.name}`" if entry.of.name else "the state"
    why = f"{of} reaches the loss through the next round as well: what comes back from there is left out"
    part = Part(place, text, build)
    return Correction("missing-term", (part,), COST, why, expected=text, edits=edits)


def _loop(trace: Trace, place: Place) -> ast.For | ast.While | None:
    """The innermost loop around a place, written in lines of its own."""
    try:
        around = statements_around(ast.parse(trace.files[place.site.file]), place.site.span.row)
    except SyntaxError:
        return None
    loops = [node for node in around if isinstance(node, LOOPS)]
    return loops[-1] if loops and loops[-1].body[0].lineno > loops[-1].lineno else None


def _totals(loop: ast.For | ast.While) -> frozenset[str]:
    """What is added to in every round: a gradient, which in the first is what that round adds."""
    inner = [node for statement in loop.body for node in ast.walk(statement)]
    return frozenset(ast.unparse(node.target) for node in inner if isinstance(node, ast.AugAssign))


def _ends(
    place: Place, every: Sequence[Place], loop: ast.For | ast.While, begin: int, end: int
) -> Iterator[Place]:
    """What is read in one round of a loop, between two times, after a place; the last first."""
    site, last = place.site, loop.body[-1].end_lineno or loop.lineno
    for other in sorted(every, key=lambda p: (-p.site.span.row, -p.site.span.column)):
        here = other.site
        if (here.file, here.scope) != (site.file, site.scope) or not site.span.row < here.span.row <= last:
            continue
        edges = tuple(e for e in other.edges if e.consumer.origin is not None and begin < where(e)[1] < end)
        if edges:
            yield Place(place.scenery, here, edges)


def _edits(
    place: Place, loop: ast.For | ast.While, source: str, name: str, term: str, text: str
) -> tuple[Edit, ...]:
    """Nothing before the loop, the sum at the place, and what is handed on at the end of each round."""
    lines, file = source.split("\n"), place.site.span.file
    last = loop.body[-1]
    before, row = lines[loop.lineno - 1][: loop.col_offset], (last.end_lineno or last.lineno) + 1
    inside = lines[last.lineno - 1][: last.col_offset]
    if before.strip() or inside.strip() or row > len(lines):
        return ()
    return (
        Edit(Span(loop.lineno, 1, loop.lineno, 1, file), f"{before}{name} = 0.0\n"),
        Edit(place.site.span, text),
        Edit(Span(row, 1, row, 1, file), f"{inside}{name} = {term}\n"),
    )
