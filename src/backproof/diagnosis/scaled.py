"""Gradients that are right, each by itself, and are not scaled as one step."""

from __future__ import annotations

from backproof.check.judgement import Judgement
from backproof.check.uneven import unevenly_scaled
from backproof.diagnosis.wording import listed


def apart_from_the_others(judgement: Judgement) -> str | None:
    """Say which updates a length of all gradients scales otherwise than those of the others."""
    names = unevenly_scaled(judgement)
    if not names:
        return None
    return (
        "Each gradient is right by itself, but the length of them all does not scale them alike: that of "
        f"{listed(names)} is scaled otherwise than those beside it, so the step has not the direction of the "
        "gradient. Where that is meant, all is right."
    )
