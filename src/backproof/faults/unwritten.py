"""A statement that is missing behind one: what that adds to an entry belongs to another entry as well."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from backproof.check.place import Place, where
from backproof.check.reading import parsed
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, make
from backproof.graph import Node
from backproof.source import Edit
from backproof.source.text import Span

COST = 1.6  # a line more is rarer than another word in one
MOST = 8  # other entries
OPERATIONS = {"+": "add", "-": "subtract"}


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Add to another entry, or take off it, as ``d[y] -= x`` behind ``d[j] += x``."""
    for place in places:
        filled = place.site.kind == "AugAssign" and place.site.detail in OPERATIONS
        if filled and all(e.operand.operation == "index_update" for e in place.edges):
            yield from _behind(place)


def _behind(place: Place) -> Iterator[Correction]:
    target, value = (place.trace.sites[number] for number in place.site.children[:2])
    lines, span = place.trace.files[place.site.file].split("\n"), place.site.span
    indent = lines[span.row - 1][: span.column - 1]
    if indent.strip() or span.end_row >= len(lines) or lines[span.end_row - 1][span.end_column - 1 :].strip():
        return
    items_first = sorted(place.counters, key=lambda text: "[" not in text)
    for other in itertools.islice(_entries(target.text, items_first), MOST):
        for sign, operation in OPERATIONS.items():

            def build(edge: Edge, other: str = other, operation: str = operation) -> Node | None:
                return _written(place, edge, other, operation)

            text = f"{other} {sign}= {value.text}"
            at = Span(span.end_row + 1, 1, span.end_row + 1, 1, span.file)
            edit = Edit(at, f"{indent}{text}\n")
            why = f"what is written to `{target.text}` belongs to `{other}` as well: `{text}` is left out"
            yield Correction(
                "missing-term", (Part(place, place.text, build),), COST, why, place.site, text, (edit,)
            )


def _entries(text: str, counters: list[str]) -> Iterator[str]:
    """The text of an entry with one of its numbers another that can be read there."""
    node = parsed(text)
    if not isinstance(node, ast.Subscript):
        return
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for part in parts:
        if isinstance(part, ast.Name | ast.Subscript):
            start, end = part.col_offset, part.end_col_offset
            yield from (
                f"{text[:start]}{other}{text[end:]}" for other in counters if other != text[start:end]
            )


def _written(place: Place, edge: Edge, text: str, operation: str) -> Node | None:
    """The array with the same change made at another entry as well."""
    frame, time = where(edge)
    key = place.scenery.memory.key(text, place.scenery.enclosing(frame), time)
    changed = edge.operand.operands[1]
    if key is None or changed.operation not in OPERATIONS.values():
        return None
    new = make(operation, make("index", edge.operand, index=key), changed.operands[1])
    return make("index_update", edge.operand, new, index=key)
