"""What all corrections have in common, whichever fault offers them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from backproof.faults import corrections
from backproof.faults.correction import Correction, Part, same
from backproof.source import Edit, Span


def _of(part: Part, edits: tuple[Edit, ...] | None = None) -> Correction:
    return Correction("wrong-operand", (part,), 1.0, "it says why", edits=edits)


def test_nothing_is_replaced_by_its_own_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value of another time is no edit, unless there are edits of other statements to get it."""
    site = SimpleNamespace(kind="Attribute", number=3)
    bench = SimpleNamespace(shared=frozenset())
    place: Any = SimpleNamespace(site=site, text="self.w", handed=False, scenery=SimpleNamespace(bench=bench))
    span = Span(2, 1, 2, 7)
    other, own, elsewhere = (
        Part(place, "self.v", same),
        Part(place, "self.w", same),
        Part(place, "self.w", same, span),
    )
    offered = [_of(other), _of(own), _of(elsewhere), _of(own, (Edit(span, "self.v"),))]
    fault = SimpleNamespace(corrections=lambda _: iter(offered))
    monkeypatch.setattr(corrections, "PROPOSERS", (fault,))
    assert list(corrections.corrections(place)) == [offered[0], offered[2], offered[3]]
