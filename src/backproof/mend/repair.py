"""The corrections that a search has chosen, and which of two repairs does more with less."""

from __future__ import annotations

from dataclasses import dataclass

from backproof.check.grades import RIGHT
from backproof.faults.correction import Correction
from backproof.mend.tried import Tried
from backproof.source import Span


@dataclass(frozen=True, slots=True, eq=False)
class Repair:
    """The corrections chosen, in the order of choice, and the states of the parameters after each."""

    steps: tuple[Tried, ...]
    complete: bool
    states: tuple[int, ...]

    @property
    def written(self) -> bool:
        """Is known of every correction how it is written?"""
        return all(tried.correction.edits != () for tried in self.steps)


def remainder(repair: Repair) -> tuple[bool, int, int]:
    """How much a repair leaves wrong, and how much it takes."""
    return not repair.complete, -repair.states.count(RIGHT), len(repair.steps)


def size(repair: Repair) -> tuple[int, float]:
    """How many corrections a repair consists of, and what they cost."""
    return len(repair.steps), sum(tried.correction.cost for tried in repair.steps)


def identity(correction: Correction) -> tuple[object, ...]:
    """What makes it the same correction when it is proposed again."""
    site = correction.site
    return correction.rule, site.file, site.span, tuple((p.text, p.place.site.span) for p in correction.parts)


def line_of(correction: Correction) -> tuple[str, int]:
    """The line of a correction's first edit."""
    site = correction.parts[0].place.site
    return site.file, site.span.row


def overlap(a: Correction, b: Correction) -> bool:
    """Do two corrections edit the same text?"""
    first = [(p.place.site.file, p.span or p.place.site.span) for p in a.parts]
    second = [(p.place.site.file, p.span or p.place.site.span) for p in b.parts]
    return any(f == g and _cross(x, y) for f, x in first for g, y in second)


def _cross(a: Span, b: Span) -> bool:
    return (a.row, a.column) < (b.end_row, b.end_column) and (b.row, b.column) < (a.end_row, a.end_column)
