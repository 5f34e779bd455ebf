"""Rounds between the steps in which gradients are computed that no update is made of."""

from __future__ import annotations

import numpy as np

from backproof.check.dropped import read_by
from backproof.check.judgement import Judgement
from backproof.graph import ancestors
from backproof.step.change import made_between


def lost_samples(judgement: Judgement) -> tuple[int, int] | None:
    """How many rounds compute gradients, as the steps do, that are lost; and how many there are.

    So it is where only every eighth sample updates, and the buffers of the seven before are made anew. None
    where no more rounds are lost than update, or something of what they compute is used.
    """
    step, windows = judgement.step, judgement.windows
    kind, trace = step.window.kind, judgement.step.trace
    if len(windows) < 2 or kind[1] < 0:
        return None
    first, last = windows[0].start, windows[-1].end
    beside = [
        activity
        for activity in trace.activities
        if (activity.kind, activity.site) == kind
        and activity.complete
        and first <= activity.start < last
        and not any(w.start < activity.end and activity.start < w.end for w in windows)
    ]
    if len(beside) < len(windows) - 1:
        return None
    forward, shapes = set(ancestors([step.loss])), {p.shape for p in step.parameters}
    made = [n for n in ancestors(step.descents) if n.operands and n not in forward and n.origin is not None]
    sites = {n.origin.site for n in made if n.origin is not None and np.shape(n.value) in shapes}
    afters = [change.after for window in windows for change in window.parameters]
    used = read_by(afters, first)
    lost = 0
    for activity in beside:
        inside = made_between(trace, activity.start, activity.end)
        own = [n for n in inside if n.origin is not None and n.origin.site in sites and n.operands]
        lost += bool(own) and used.isdisjoint(own)
    return (lost, len(beside) + len(windows)) if lost and lost >= len(windows) - 1 else None
