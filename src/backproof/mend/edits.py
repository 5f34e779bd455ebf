"""The text edits of a correction, with the brackets that the expression around needs."""

from __future__ import annotations

import ast

from backproof.faults.correction import Correction, Part
from backproof.source import Edit, Program, apply_edits


def edits_of(program: Program, correction: Correction) -> tuple[Edit, ...]:
    """The edits that make a correction in the source.

    None where nothing is known or another file is concerned.
    """
    if correction.edits is not None:
        return correction.edits
    edits = []
    for part in correction.parts:
        if part.place.site.file != program.filename:
            return ()
        edits.append(_edit(program, part))
    return tuple(edits)


def _edit(program: Program, part: Part) -> Edit:
    if part.span is not None:
        return Edit(part.span, part.text)
    span = part.place.site.span
    plain, safe = Edit(span, part.text), Edit(span, f"({part.text})")
    return plain if _meaning(program, plain) == _meaning(program, safe) else safe


def _meaning(program: Program, edit: Edit) -> str | None:
    try:
        return ast.dump(ast.parse(apply_edits(program, [edit]).text))
    except (SyntaxError, ValueError):
        return None
