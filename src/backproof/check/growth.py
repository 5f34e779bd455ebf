"""Parameters to which their own update adds a share of themselves, beside the gradient."""

from __future__ import annotations

from backproof.graph import Node
from backproof.step import TrainingStep
from backproof.step.update import forgotten

LEAST = 0.05  # of a parameter in one step; less may be a decay with the wrong sign
NO_LESS = 1e-6  # which is rounding


def growing(step: TrainingStep, least: float = LEAST) -> dict[Node, float]:
    """The share of itself that the update of each leaf adds to it, where that is large."""
    pairs = ((b, a) for p in step.parameters for b, a in zip(p.leaves, p.afters, strict=True))
    shares = ((leaf, -forgotten(after, leaf)) for leaf, after in pairs)
    return {leaf: share for leaf, share in shares if share > least}
