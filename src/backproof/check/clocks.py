"""An optimizer that counts its steps once for every parameter, where it should count them once a step."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Node
from backproof.step import label
from backproof.step.change import root
from backproof.step.lengths import corrections
from backproof.step.update import time_of, walk

SAME = 1e-9  # relative


def unequal_clocks(judgement: Judgement) -> dict[str, Node]:
    """The parameters of a step whose corrections `1 - beta ** t` were made with another `t` than the first's.

    With one of these corrections each. What was not updated from the first step on may have a count of its
    own; and what is computed from parameters, as a slope `1 - y ** 2`, corrects no memory.
    """
    step, trace = judgement.step, judgement.step.trace
    start, changes = step.window.start, step.window.parameters
    if any(len(window.parameters) != len(changes) for window in judgement.seen):
        return {}
    learned = {root(node, 0) for change in changes for node in (change.before, change.after)}
    by_site: dict[int, dict[str, Node]] = defaultdict(dict)
    for change in changes:
        for node in corrections(trace, (change,), start):
            line = walk([node], lambda n: time_of(n) >= start)
            if learned.isdisjoint(root(n, 0) for n in line):
                by_site[node.origin.site].setdefault(label(trace, change), node)
    found: dict[str, Node] = {}
    for nodes in by_site.values():
        first = float(np.ravel(next(iter(nodes.values())).value)[0])
        for name, node in nodes.items():
            if abs(float(np.ravel(node.value)[0]) - first) > SAME * abs(first):
                found.setdefault(name, node)
    return found
