"""Small pieces of the sentences that a report is made of."""

from __future__ import annotations

from collections.abc import Sequence

from backproof.source import Edit, Span

MOST_NAMES = 12


def listed(names: Sequence[str]) -> str:
    """Join names as a sentence does; only count them where they are many.

    >>> listed(["W1", "b1", "W2"])
    'W1, b1 and W2'
    """
    if len(names) > MOST_NAMES:
        return f"{len(names)} parameters"
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def sentence(text: str) -> str:
    """Begin with a capital, unless with code, and end with a full stop."""
    return (text[0].upper() + text[1:] if text[0].isalpha() else text) + "."


def instruction(edits: Sequence[Edit], expected: str | None) -> str:
    """What to do to the source: write something, insert it, or move lines.

    ``expected`` is what should stand at the place of the finding, where it
    says more than the edits do.
    """
    inserted = [edit for edit in edits if _is_empty(edit.span)]
    if len(inserted) == 1 and any(not edit.content for edit in edits):
        lines = (line.strip() for line in inserted[0].content.splitlines())
        return f"move `{next(line for line in lines if line and line[0] != '#')}` below the last use"
    if inserted and len(inserted) == len(edits):
        return "insert " + "; ".join(" ".join(edit.content.split()) for edit in inserted)
    return f"write {expected or edits[0].content}"


def _is_empty(span: Span) -> bool:
    return (span.row, span.column) == (span.end_row, span.end_column)
