"""A factor that is applied to a sum behind the loop that adds it up, and changes in every round of that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from backproof.check.place import Place
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, make, product
from backproof.graph import Node
from backproof.source import Edit


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Multiply each term, and not the sum: ``s += e * x[j]`` for ``s += e``, and ``s *= x[j]`` behind it."""
    statements = [p for p in places if p.site.kind == "AugAssign"]
    values = {p.site.number: p for p in places if p.site.kind != "AugAssign"}
    for behind in (p for p in statements if p.site.detail == "*"):
        target, factor = (behind.trace.sites[number] for number in behind.site.children[:2])
        for sum_ in (p for p in statements if p.site.detail in ("+", "-") and _is_above(p, behind)):
            term = values.get(sum_.site.children[1])
            if term is None or behind.trace.sites[sum_.site.children[0]].text != target.text:
                continue

            def multiplied(edge: Edge, text: str = factor.text, term: Place = term) -> Node | None:
                return make("multiply", edge.operand, term.value(text, edge))

            new = product(term.text, factor.text)
            yield Correction(
                "missing-factor",
                (
                    Part(term, new, multiplied),
                    Part(behind, "", lambda e: e.operand.operands[0] if e.operand.operands else None),
                ),
                1.45,
                f"`{factor.text}` changes from round to round: it belongs to each term, and not to the sum",
                expected=new,
                edits=(Edit(term.site.span, new), *_without(behind)),
            )


def _is_above(place: Place, behind: Place) -> bool:
    """Does a statement stand in a block right above another, deeper?"""
    a, b = place.site, behind.site
    return a.file == b.file and a.span.end_row + 1 == b.span.row and a.span.column > b.span.column


def _without(place: Place) -> Iterator[Edit]:
    """Remove a statement that has its line for itself."""
    span, line = place.site.span, place.trace.files[place.site.file].split("\n")[place.site.span.row - 1]
    if line.strip() == place.site.text.strip():
        yield Edit(replace(span, column=1, end_row=span.row + 1, end_column=1), "")
