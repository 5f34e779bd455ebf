"""An optimizer that counts its steps once for every parameter, where it should count them once a step."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from backproof.check.judgement import Judgement
from backproof.step import label
from backproof.step.lengths import corrections

SAME = 1e-9  # relative


def unequal_clocks(judgement: Judgement) -> tuple[str, ...]:
    """The parameters of a step whose corrections `1 - beta ** t` were made with another `t` than the first's.

    What was not updated from the first step on may have a count of its own.
    """
    step, trace = judgement.step, judgement.step.trace
    seen = sorted(judgement.seen, key=lambda window: window.start)
    if any(len(window.parameters) != len(step.window.parameters) for window in seen):
        return ()
    by_site: dict[int, dict[str, float]] = defaultdict(dict)
    for change in step.window.parameters:
        for node in corrections(trace, (change,), step.window.start):
            by_site[node.origin.site].setdefault(label(trace, change), float(np.ravel(node.value)[0]))
    found = list[str]()
    for numbers in by_site.values():
        first = next(iter(numbers.values()))
        found += [name for name, number in numbers.items() if abs(number - first) > SAME * abs(first)]
    return tuple(dict.fromkeys(found))
