"""Parameters that lose so much of themselves in every step that this is no weight decay any more."""

from __future__ import annotations

from backproof.check.judgement import Judgement

MUCH = 0.2  # of a parameter in one step


def strong_decay(judgement: Judgement) -> str | None:
    """Say that an update takes a large share off its parameter, beside a gradient that is right."""
    verdict = judgement.verdict
    for comparison in verdict.comparisons:
        if comparison.decay is None or not verdict.scales:
            continue
        share = comparison.decay.square * verdict.scales[0]
        if share > MUCH:
            return (
                f"The update of {comparison.name} takes the gradient off it, and {share:.0%} of itself in "
                "every step: that is more than a weight decay takes. Whether it is meant cannot be told."
            )
    return None
