"""A batch that is smaller than the others, whose gradients have another scale than theirs.

As the last of an epoch, where the mean of the loss is over the samples that are there, and the gradient is
divided by the number that there usually are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from backproof.check.counterexample import under_the_same
from backproof.check.judgement import Judgement
from backproof.graph import Node
from backproof.step import Window
from backproof.step.update import time_of

SAME = 1e-6  # relative
SEEN = 3  # steps: two of one size, and a smaller one


def scale_of_shorter(judgement: Judgement) -> float | None:
    """How many times as long as in other steps the gradients of the smallest batch are, under the same loss.

    None where they are of one length, where no smaller batch was seen, or where those of two larger ones
    differ as well, as they do by a learning rate that changes.
    """
    step = judgement.step
    if not step.hypothesis.declared or len(judgement.windows) < SEEN:
        return None
    times = [time_of(node) for node in step.trace.nodes]
    made = {w: _made(step.trace.nodes, times, w) for w in judgement.windows}
    own = next((nodes for w, nodes in made.items() if w.start == step.window.start), [])
    sizes = {w: _size(nodes) for w, nodes in made.items() if len(nodes) == len(own)}
    if len(sizes) < SEEN or min(sizes.values()) == max(sizes.values()):
        return None
    small = min(sizes, key=lambda window: sizes[window])
    large = [window for window, size in sizes.items() if size == max(sizes.values())]
    found = [_factor(judgement, window) for window in (small, large[0], large[-1])]
    if len(large) < 2 or None in found:
        return None
    short, first, last = (float(factor or 0) for factor in found)
    return short / first if abs(first - last) <= SAME * first and abs(short - first) > SAME * first else None


def _factor(judgement: Judgement, window: Window) -> float | None:
    """How many times the gradient of the loss a step applies, beside its rate; None where that changes."""
    step = judgement.step
    for each in under_the_same(step.trace, window, step.hypothesis):
        scales, rate = each.verdict.scales, each.verdict.rate
        if each.verdict.correct and scales and max(scales) <= min(scales) * (1 + SAME):
            return scales[0] / (rate or 1.0)
    return None


def _made(nodes: Sequence[Node], times: Sequence[int], window: Window) -> Sequence[Node]:
    """The values that a step has made."""
    return nodes[bisect_left(times, window.start) : bisect_left(times, window.end)]


def _size(made: Sequence[Node]) -> int:
    """How many numbers the values of a step have."""
    return sum(np.size(node.value) for node in made)
