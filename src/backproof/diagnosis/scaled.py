"""Gradients that are right in their direction, and are not what one step takes of one loss."""

from __future__ import annotations

from backproof.check.judgement import Judgement
from backproof.check.uneven import unevenly_scaled
from backproof.check.unreset import never_reset
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


def with_those_before(judgement: Judgement) -> str | None:
    """Say which sums of gradients go on from step to step."""
    names = never_reset(judgement)
    if not names:
        return None
    return (
        f"The update takes its gradient from {listed(names)}, to which every step adds and which none "
        "resets: where the gradients of the steps before have another direction, the step is wrong. Set it "
        "to zero in every step, or let it forget a share of itself, as a velocity does."
    )
