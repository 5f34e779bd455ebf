"""The text edits of a correction, with the brackets that the expression around needs."""

from __future__ import annotations

import ast

from backproof.faults.correction import Correction, Part
from backproof.source import Edit, Program, apply_edits, part


def edits_of(program: Program, correction: Correction) -> tuple[Edit, ...]:
    """The edits that make a correction in the source, none where nothing is known."""
    if correction.edits is not None:
        return correction.edits
    return tuple(_edit(program, piece) for piece in correction.parts)


def _edit(program: Program, piece: Part) -> Edit:
    span = piece.span or piece.place.site.span
    plain, safe = Edit(span, piece.text), Edit(span, f"({piece.text})")
    bracketed = _meaning(program, safe)
    return plain if bracketed is None or _meaning(program, plain) == bracketed else safe


def _meaning(program: Program, edit: Edit) -> str | None:
    try:
        return ast.dump(ast.parse(part(apply_edits(program, [edit]), edit.span.file).text))
    except (SyntaxError, ValueError):
        return None
